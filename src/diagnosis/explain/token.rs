//! The token is missing, over, used up, or of another app.

use super::super::{Cause, Operation};
use super::{CONSOLE, you};
use crate::error::{Code, Error, Field, Remedy};
use crate::storage::sign_in::Kind;

pub(super) fn unusable(cause: Cause, asked: &Operation<'_>) -> Error {
    let name = asked.storage;
    let (code, message) = match cause {
        Cause::NoToken => (Code::TokenInvalid, format!("{name:?} has no token")),
        Cause::TokenUnreadable => (Code::TokenInvalid, format!("rclone cannot read the token of {name:?}")),
        _ => {
            (Code::TokenExpired, format!("the token of {name:?} is over, and it has no refresh token to renew it with"))
        }
    };
    anew(you(code, message), asked).about(Field::Token)
}

/// Box says 401 although the token's own date says that it is good.
pub(super) fn refused(asked: &Operation<'_>) -> Error {
    let name = asked.storage;
    let message = match asked.sign_in {
        Kind::AccessToken => {
            format!("Box refused the access token of {name:?}: it is wrong, or its 60 minutes are over")
        }
        _ => format!("Box refused the access token of {name:?}: it is wrong, over, or was ended"),
    };
    let error = you(Code::TokenExpired, message);
    let error = match asked.sign_in {
        Kind::AccessToken => error,
        _ if asked.is_saved => error.hint_run(format!("pluton storage refresh {name:?}")),
        _ => error,
    };
    anew(error, asked).about(Field::AccessToken).about(Field::Token)
}

pub(super) fn idle(asked: &Operation<'_>) -> Error {
    let message = format!("the sign-in of {:?} is over: nobody used it for 60 days", asked.storage);
    anew(you(Code::RefreshTokenInvalid, message), asked).about(Field::Token)
}

/// rclone does not pass on which of the two it is.
pub(super) fn not_renewed(asked: &Operation<'_>) -> Error {
    let name = asked.storage;
    let message = match (asked.is_saved, asked.client_id) {
        (true, _) => format!(
            "Box refused to renew the sign-in of {name:?}: its token was used by another program or machine, was revoked, or has expired"
        ),
        (false, Some(id)) => format!(
            "Box refused to renew the sign-in: this token was not made with client ID {id}, or it was used before"
        ),
        (false, None) => {
            "Box refused to renew the sign-in: this token was used before, or was made with another app".to_owned()
        }
    };
    let error = anew(you(Code::RefreshTokenInvalid, message), asked);
    let error = if !asked.is_saved && asked.client_id.is_none() {
        error.hint("if it was made with your own Box app, give --client-id and --client-secret-file too")
    } else {
        error
    };
    error.about(Field::Token).about(Field::ClientId)
}

/// How this sign-in gets a token that works.
fn anew(error: Error, asked: &Operation<'_>) -> Error {
    let name = asked.storage;
    match (asked.sign_in, asked.client_id) {
        (Kind::Jwt | Kind::ClientCredentials, _) if asked.is_saved => {
            let command = Remedy::run(format!("pluton storage refresh {name:?}"));
            if error.remedy.contains(&command) { error } else { error.hint(command) }
        }
        (Kind::Jwt | Kind::ClientCredentials, _) => error.hint("run this again: Pluton asks Box for a new token"),
        (Kind::AccessToken, _) => {
            let error =
                error.hint(format!("make a new one: {CONSOLE}, your app, Configuration, Generate Developer Token"));
            if asked.is_saved {
                error.hint_command(
                    "for more than 60 minutes, sign in another way",
                    format!("pluton storage authorize {name:?}"),
                )
            } else {
                error
            }
        }
        _ if asked.is_saved => error.hint_command("sign in again", format!("pluton storage authorize {name:?}")),
        (_, Some(id)) => {
            let command = format!("rclone authorize \"box\" \"{id}\" \"<client secret>\"");
            error.hint_command("get a new token", command)
        }
        _ => error.hint_command("get a new token", "rclone authorize \"box\""),
    }
}
