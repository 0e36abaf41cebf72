//! What goes wrong between `rclone authorize` and the browser.

use super::super::Operation;
use super::app::letter;
use super::{CONSOLE, REDIRECT_URI, app_of, you};
use crate::error::{Code, Error, Field, Remedy};

fn elsewhere() -> Remedy {
    Remedy::with_command("sign in on another machine and bring the token", "pluton help headless")
}

/// Older rclones say no more than this, whatever Box's page said.
pub(super) fn no_code(asked: &Operation<'_>) -> Error {
    let error = you(Code::AccessDenied, "Box's page came back without granting access")
        .hint("sign in again, and choose \"Grant access to Box\"");
    match asked.client_id {
        Some(_) => {
            error.hint(format!("if the page said redirect_uri_mismatch: {}", add_redirect())).hint(listed(asked))
        }
        None => {
            error.hint(listed(asked)).hint("if another program opened the link before the browser did, just try again")
        }
    }
}

pub(super) fn redirect(asked: &Operation<'_>) -> Error {
    you(Code::RedirectUriMismatch, format!("{} does not allow rclone's redirect address", app_of(asked)))
        .hint(add_redirect())
        .about(Field::ClientId)
}

/// Box's page says so and never comes back.
fn listed(asked: &Operation<'_>) -> String {
    format!("if the page said the app is disabled by the administrator, {}", letter(asked))
}

fn add_redirect() -> String {
    format!("in {CONSOLE}, your app, Configuration, OAuth 2.0 Redirect URIs, add {REDIRECT_URI} and click Save Changes")
}

pub(super) fn nobody(asked: &Operation<'_>) -> Error {
    let error = you(Code::AuthorizeTimeout, "nobody signed in within 5 minutes").hint("try again");
    match asked.client_id {
        Some(_) => {
            error.hint(format!("if Box's page said redirect_uri_mismatch: {}", add_redirect())).hint(listed(asked))
        }
        None => error.hint(elsewhere()).hint(listed(asked)),
    }
}

pub(super) fn port() -> Error {
    you(Code::PortInUse, "port 53682, used for the sign-in redirect, is in use by another program")
        .hint("end the other `rclone authorize` or `rclone config` that still waits on this machine, and try again")
        .hint_command("see which program it is", "ss -ltnp 'sport = :53682'")
        .hint(elsewhere())
}
