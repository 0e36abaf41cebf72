//! What is said of each cause, for those who look it up before or after they meet it.

use super::{Cause, Doing, End, Evidence, Facts, Operation, explain};
use crate::error::Error;
use crate::storage::sign_in::Kind;

/// The sign-in that a cause is met with most.
fn typical(cause: Cause) -> Kind {
    use Cause as C;
    match cause {
        C::JwtFileMissing
        | C::JwtPathNotAbsolute
        | C::JwtFileBad
        | C::JwtKeyLocked
        | C::JwtKeyUnknown
        | C::JwtSubject
        | C::JwtRefused
        | C::JwtBroken
        | C::ClockOff
        | C::AppNotAuthorized
        | C::MayNotImpersonate
        | C::UserUnknown => Kind::Jwt,
        C::SubjectRefused => Kind::ClientCredentials,
        C::ClientRefused | C::AppRefused | C::GrantTypeRefused | C::RedirectMismatch | C::ScopeMissing => Kind::OwnApp,
        C::AccessTokenRefused => Kind::AccessToken,
        _ => Kind::Quick,
    }
}

/// One error for each cause, of a storage called NAME.
pub(crate) fn samples() -> impl Iterator<Item = Error> {
    Cause::ALL.iter().map(|&cause| {
        let sign_in = typical(cause);
        let asked = Operation {
            is_saved: true,
            client_id: (!matches!(sign_in, Kind::Quick | Kind::AccessToken)).then_some("CLIENT_ID"),
            root_folder: Some("123"),
            impersonate: Some("456"),
            config_file: Some("config.json"),
            ..Operation::new(Doing::Listing, "NAME", sign_in)
        };
        let said = if cause == Cause::OptionRefused { "upload_cutoff" } else { "" };
        let end = if cause == Cause::Killed { End::Killed(9) } else { End::Exited };
        explain(cause, &asked, &Evidence { said, shown: "", end, version: None }, &Facts::default())
    })
}
