//! Box refuses the app itself.

use super::super::Operation;
use super::{ADMIN_APPS, CONSOLE, RCLONE_CLIENT_ID, admin, app_of, you};
use crate::error::{Code, Error, Field};
use crate::storage::sign_in::Kind;

pub(super) fn unknown_client(asked: &Operation<'_>) -> Error {
    let message = match asked.client_id {
        Some(id) => format!("Box does not know client ID {id} with this client secret"),
        None => "Box does not know rclone's own app".to_owned(),
    };
    let error = you(Code::ClientInvalid, message);
    let error = match asked.sign_in {
        Kind::Jwt => error.hint(format!(
            "download config.json again: {CONSOLE}, your app, Configuration, Add and Manage Public Keys"
        )),
        _ if asked.client_id.is_none() => error
            .hint("install a newer rclone: https://rclone.org/install/")
            .hint_command("use an app of your own", "pluton help own-app"),
        _ => error.hint(format!("copy both again: {CONSOLE}, your app, Configuration, OAuth 2.0 Credentials (Box shows a secret only with 2-factor authentication on)")),
    };
    let error = if asked.is_saved && matches!(asked.sign_in, Kind::OwnApp | Kind::ClientCredentials) {
        error.hint_command("then give them anew", format!("pluton storage authorize {:?}", asked.storage))
    } else {
        error
    };
    error.about(Field::ClientSecret).about(Field::ClientId).about(Field::BoxConfigFile)
}

/// Said without a reason: most often the admin, now and then the app's type.
pub(super) fn refused(asked: &Operation<'_>) -> Error {
    admin(
        Code::AppNotAuthorized,
        format!("Box does not let {} sign in; most often the enterprise has not authorized it", app_of(asked)),
    )
    .hint(letter(asked))
    .hint(format!("if it is authorized, look at the app's type in {CONSOLE}: it must be {}", app_type(asked)))
    .about(Field::ClientId)
}

/// The text to send to the admin. Box says *enable* of apps that people sign in with, *authorize* of those that sign in themselves.
pub(super) fn letter(asked: &Operation<'_>) -> String {
    let (ask, tab) = if asked.is_unattended() {
        ("authorize", "Server Authentication Apps")
    } else {
        ("enable", "User Authentication Apps")
    };
    format!(
        "send this to your Box admin: \"Please {ask} the app with client ID {} for our backups with rclone: {ADMIN_APPS} > {tab} > \
         Add +\"",
        asked.client_id.unwrap_or(RCLONE_CLIENT_ID)
    )
}

pub(super) fn wrong_type(asked: &Operation<'_>) -> Error {
    you(Code::ClientInvalid, format!("{} is not made for this way to sign in", app_of(asked)))
        .hint(format!("make an app of the type {}: {CONSOLE}", app_type(asked)))
        .hint("sign in the way this app is made for")
        .about(Field::SignIn)
        .about(Field::ClientId)
}

fn app_type(asked: &Operation<'_>) -> &'static str {
    match asked.sign_in {
        Kind::ClientCredentials => "Server Authentication (Client Credentials Grant)",
        Kind::Jwt => "Server Authentication (with JWT)",
        _ => "User Authentication (OAuth 2.0)",
    }
}

pub(super) fn wrong_subject(asked: &Operation<'_>) -> Error {
    let app = app_of(asked);
    let error = you(Code::ClientInvalid, format!("Box does not let {app} act for this enterprise or user"))
        .hint(format!("check the ID after enterprise: or user: (the enterprise's is in {CONSOLE}, your app, General Settings)"))
        .hint(format!(
            "check that your Box admin has authorized the app: {ADMIN_APPS} > Server Authentication Apps"
        ))
        .hint("check that the client ID and the client secret are of the same app")
        .hint(format!(
            "to act for a user, the app needs App + Enterprise Access and \"Generate user access tokens\": {CONSOLE}, your app, Configuration"
        ));
    let error = if asked.is_saved {
        error.hint_command(
            "then sign in again",
            format!("pluton storage authorize {:?} --client-credentials --box-subject enterprise:ID", asked.storage),
        )
    } else {
        error
    };
    error.about(Field::BoxSubject).about(Field::ClientSecret).about(Field::ClientId)
}
