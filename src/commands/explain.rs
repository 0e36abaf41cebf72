//! After a failure: finds the cause, looks up facts that make the explanation better, and explains. May ask Box;
//! changes nothing.

use std::time::Duration;

use jiff::Timestamp;

use super::account;
use crate::box_api::{self, Refused};
use crate::diagnosis::{self, Cause, Doing, End, Failure};
use crate::error::{Code, Error};
use crate::process::{Ending, Outcome};
use crate::rclone::Rclone;
use crate::secret::{Secret, scrub};
use crate::storage::section::Section;
use crate::storage::sign_in::App;

/// How long to look up facts: an error should not take long.
const LIMIT: Duration = Duration::from_secs(5);

/// What it means that rclone failed. Of what it said, the `secrets` are not shown.
pub(super) fn failed(
    rclone: &Rclone,
    failure: Failure<'_>,
    outcome: &Outcome,
    secrets: &[Secret],
    section: Option<&Section>,
) -> Error {
    let end = match outcome.ending {
        Ending::TimedOut => End::TimedOut,
        #[cfg(unix)]
        Ending::Finished(status) => {
            std::os::unix::process::ExitStatusExt::signal(&status).map_or(End::Exited, End::Killed)
        }
        _ => End::Exited,
    };
    let shown = scrub(&outcome.stderr, secrets);
    // Only a failure justifies starting rclone again to ask for its version.
    let version = rclone.version();
    let known = version.as_ref().ok().copied();
    let error = explain(Failure { said: &outcome.stderr, shown: &shown, end, version: known, ..failure }, section);
    match version {
        Err(no_rclone) if error.code == Code::Unknown => no_rclone,
        _ => error,
    }
}

/// The same for an answer of Box or the network to Pluton's own request.
pub(super) fn refused(doing: Doing, refused: &Refused, section: &Section) -> Error {
    let shown = scrub(&refused.0, &section.secrets());
    explain(Failure { said: &refused.0, shown: &shown, ..Failure::of(section, doing) }, Some(section))
}

fn explain(mut failure: Failure<'_>, section: Option<&Section>) -> Error {
    let mut cause = diagnosis::recognize(&failure);
    failure.is_idle = section.is_some_and(is_idle);
    match cause {
        Cause::ClockSkew => {
            failure.clock_behind = box_api::reach("api.box.com", LIMIT).ok().and_then(Result::ok).flatten();
        }
        Cause::StorageFull | Cause::FileTooLarge | Cause::NotFound | Cause::PermissionDenied => {
            failure.account = section.and_then(|section| account::who(section).ok()?.account);
        }
        Cause::ProxyUnreachable | Cause::ProxyAuth | Cause::ProxyRefused | Cause::ProxyScheme => {
            let of_rclone = std::env::var_os("RCLONE_HTTP_PROXY").filter(|url| !url.is_empty());
            failure.proxy = of_rclone.and(Some("RCLONE_HTTP_PROXY"));
        }
        Cause::JwtFileBad | Cause::JwtRefused | Cause::Crashed => {
            failure.complaint = failure.config_file.and_then(complaint);
            if failure.complaint.is_some() {
                cause = Cause::JwtFileBad;
            }
        }
        _ => {}
    }
    diagnosis::explain(cause, &failure)
}

/// Whether Box has dropped the section's refresh token because nobody used it.
fn is_idle(section: &Section) -> bool {
    section.token().and_then(|token| token.sign_in_expiry()).is_some_and(|end| end <= Timestamp::now())
}

/// What Pluton itself finds wrong with a Box app's config.json.
fn complaint(path: &str) -> Option<String> {
    let text = Secret::new(std::fs::read_to_string(path).ok()?);
    App::in_jwt_file(&text).err()
}
