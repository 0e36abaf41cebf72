//! Whether a storage is still signed in tomorrow night, and what to say where it is not.

use jiff::Timestamp;

use crate::storage::section::Section;
use crate::storage::sign_in::{Kind, Lasting};
use crate::ui::report::{Warning, duration};

/// What will end before a backup of tomorrow night, and what keeps it going.
pub(super) fn warning(section: &Section) -> Option<Warning> {
    let name = section.name();
    let (code, message) = match section.lasting() {
        Lasting::ByRclone => return None,
        Lasting::ByPluton => (
            "needs_renewal",
            format!(
                "rclone alone cannot renew this sign-in, which lasts 60 minutes: start every backup with \
                 `pluton run {name:?} -- …`, or have a timer call `pluton storage refresh {name:?}`"
            ),
        ),
        Lasting::Ends => ending(section),
    };
    Some(Warning { code, message })
}

fn ending(section: &Section) -> (&'static str, String) {
    let name = section.name();
    if section.kind() == Kind::AccessToken {
        let message = format!(
            "an access token expires 60 minutes after it was created and cannot be renewed: backups fail from then on. \
             For backups, sign in another way: pluton storage authorize {name:?}"
        );
        return ("access_token_expires", message);
    }
    let left =
        section.token().and_then(|token| token.expiry()).map(|end| end.as_second() - Timestamp::now().as_second());
    let when = match left {
        Some(left) if left <= 0 => format!("expired {} ago", duration(-left)),
        Some(left) => format!("expires in {}", duration(left)),
        None => "expires within 60 minutes".to_owned(),
    };
    let message = format!(
        "this token has no refresh token: it {when} and cannot be renewed; backups fail from then on. \
         Sign in again, with everything that `rclone authorize \"box\"` prints: pluton storage authorize {name:?}"
    );
    ("no_refresh_token", message)
}
