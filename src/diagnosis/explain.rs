//! The words for each cause: what happened, who must act, what to do next, likeliest remedy first.

mod access;
mod app;
mod browser;
mod cases;
mod network;
mod program;
mod service;
mod token;

use super::{Cause, Doing, Evidence, Facts, Operation};
use crate::error::{Code, Error, Remedy, Who};

const CONSOLE: &str = "https://app.box.com/developers/console";
/// The address that rclone's own small server waits at.
const REDIRECT_URI: &str = "http://127.0.0.1:53682/";
/// Of the app that rclone brings along.
const RCLONE_CLIENT_ID: &str = "d0374ba6pgmaguie02ge15sv1mllndho";
const AGAIN: &str = "then run this again";
/// Where an admin lets apps in. Box has renamed it.
pub(crate) const ADMIN_APPS: &str =
    "Admin Console > Platform > Platform Apps (formerly Integrations > Platform Apps Manager)";

pub(super) fn explain(cause: Cause, asked: &Operation<'_>, heard: &Evidence<'_>, facts: &Facts) -> Error {
    use Cause as C;
    match cause {
        C::NoToken | C::TokenUnreadable | C::NoRefreshToken => token::unusable(cause, asked),
        C::AccessTokenRefused => token::refused(asked),
        C::RefreshRefused if facts.is_idle => token::idle(asked),
        C::RefreshRefused => token::not_renewed(asked),

        C::ClientRefused => app::unknown_client(asked),
        C::AppRefused => app::refused(asked),
        C::GrantTypeRefused => app::wrong_type(asked),
        C::SubjectRefused => app::wrong_subject(asked),

        C::JwtFileMissing => service::no_file(asked),
        C::JwtPathNotAbsolute => service::path_not_absolute(asked),
        C::JwtFileBad => service::bad_file(asked, facts),
        C::JwtKeyLocked => service::locked_key(asked),
        C::JwtKeyUnknown => service::unknown_key(),
        C::JwtSubject => service::wrong_subject(asked),
        C::JwtRefused | C::Crashed if facts.config_file.is_some() => service::bad_file(asked, facts),
        C::JwtRefused => service::refused(asked),
        C::ClockOff => service::clock(facts),

        C::NoCode => browser::no_code(asked),
        C::RedirectMismatch => browser::redirect(asked),
        C::NobodyCame => browser::nobody(asked),
        C::PortTaken => browser::port(),

        C::ScopeMissing => access::scope(asked),
        C::NotAllowed => access::not_allowed(asked, facts),
        C::MayNotImpersonate => access::may_not_impersonate(asked),
        C::UserUnknown => access::unknown_user(asked),
        C::NotFound => access::not_found(asked, facts),
        C::InTrash => access::in_trash(asked),
        C::StorageFull => access::full(asked, facts),
        C::FileTooLarge => access::too_large(facts),

        C::RateLimited => network::rate(heard),
        C::BoxDown => network::down(heard),

        C::OptionRefused => program::option(asked, heard),
        C::TooOld | C::JwtBroken => program::too_old(cause, heard),
        C::EnvironmentRefused => program::environment(heard),
        C::Crashed | C::Killed => program::broke(heard),
        C::Unknown => program::unknown(asked),
        _ => cases::explain(cause, asked, facts),
    }
}

fn you(code: Code, message: impl Into<String>) -> Error {
    Error::new(code, message).responsible(Who::You)
}

fn admin(code: Code, message: impl Into<String>) -> Error {
    Error::new(code, message).responsible(Who::Admin)
}

/// The app by the name that Box knows it by.
fn app_of(asked: &Operation<'_>) -> String {
    asked.client_id.map_or("rclone's own Box app".to_owned(), |id| format!("the app with client ID {id}"))
}

/// How another value is given to an option: by a command where the storage is saved, else by the flag.
fn other_option(asked: &Operation<'_>, flag: &str, value: &str) -> String {
    if asked.is_saved {
        format!("pluton storage edit {:?} {flag} {value}", asked.storage)
    } else {
        format!("{flag} {value}")
    }
}

fn without_option(asked: &Operation<'_>, key: &str) -> Remedy {
    if asked.is_saved {
        Remedy::run(format!("pluton storage edit {:?} --unset {key}", asked.storage))
    } else {
        format!("leave out --{}", key.replace('_', "-")).into()
    }
}

/// What was being done, for the causes that can come of anything.
fn attempt(asked: &Operation<'_>) -> String {
    match asked.doing {
        Doing::Authorizing => "the sign-in did not succeed".to_owned(),
        Doing::Minting => format!("Box gave {:?} no token", asked.storage),
        Doing::Writing => format!("rclone could not write to {:?}", asked.storage),
        Doing::Listing => format!("rclone could not list {:?}", asked.storage),
    }
}
