//! Box's token endpoints and their errors.

mod authorize;
mod jwt;

use std::time::Instant;

use serde_json::json;

use crate::apps::ENTERPRISE_ID;
use crate::request::{Answer, Request};
use crate::state::{ACCOUNT_ID, State};
use crate::{App, AppKind, Token};

pub(crate) use authorize::authorize;

/// A new token; the error half is one of Box's refusals.
type Granted = Result<Token, Answer>;

/// `POST /oauth2/token`.
pub(crate) fn token(state: &mut State, request: &Request) -> Answer {
    let granted = match request.field("grant_type") {
        "authorization_code" => authorization_code(state, request),
        "refresh_token" => refresh_token(state, request),
        "client_credentials" => client_credentials(state, request),
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => jwt::grant(state, request),
        _ => Err(refused("unsupported_grant_type", "Invalid grant_type parameter or parameter missing")),
    };
    granted.map_or_else(|refusal| refusal, |token| given(&token))
}

/// `POST /oauth2/revoke`.
pub(crate) fn revoke(state: &mut State, request: &Request) -> Answer {
    match app(state, request) {
        Ok(app) => {
            state.tokens.revoke(request.field("token"), &app.client_id);
            Answer::empty(200)
        }
        Err(refusal) => refusal,
    }
}

/// A code from the browser works once, within 30 seconds, only for the app it was issued to.
fn authorization_code(state: &mut State, request: &Request) -> Granted {
    let app = app_of_kind(state, request, AppKind::OAuth)?;
    let name = request.field("code");
    if state.codes.get(name).is_none_or(|code| code.client_id != app.client_id) {
        return Err(invalid_grant("Auth code doesn't exist or is invalid for the client"));
    }
    let code = state.codes.remove(name).expect("it was there");
    if code.expires <= Instant::now() {
        return Err(invalid_grant("The authorization code has expired"));
    }
    if request.field("redirect_uri") != code.redirect_uri {
        return Err(refused("redirect_uri_mismatch", "The redirect URI of the code and of this request differ"));
    }
    Ok(state.sign_in(&app.client_id, ACCOUNT_ID))
}

/// A refresh token works only for the app it was issued to.
fn refresh_token(state: &mut State, request: &Request) -> Granted {
    let app = app(state, request)?;
    let granted = state.tokens.refresh(&state.settings, request.field("refresh_token"), &app.client_id);
    granted.map_err(invalid_grant)
}

/// Box requires a subject, which rclone never sends.
fn client_credentials(state: &mut State, request: &Request) -> Granted {
    let app = app_of_kind(state, request, AppKind::ClientCredentials)?;
    let user_id = subject(&app, request.field("box_subject_type"), request.field("box_subject_id"));
    let user_id = user_id.ok_or_else(|| invalid_grant("Grant credentials are invalid"))?;
    Ok(state.sign_in(&app.client_id, user_id))
}

/// The user a server app asks to act as, if it may.
fn subject<'a>(app: &'a App, kind: &str, id: &'a str) -> Option<&'a str> {
    match (kind, id) {
        ("enterprise", ENTERPRISE_ID) => Some(&app.service_user_id),
        ("user", id) if id == ACCOUNT_ID || id == app.service_user_id => Some(id),
        _ => None,
    }
}

/// The app of a request, its secret checked. Like Box, this reads the form and no Basic header:
/// rclone tries the header first and learns.
fn app(state: &State, request: &Request) -> Result<App, Answer> {
    let app = state.apps.get(request.field("client_id"));
    let app = app.filter(|app| app.client_secret.is_empty() || app.client_secret == request.field("client_secret"));
    let app = app.ok_or_else(|| refused("invalid_client", "The client credentials are invalid"))?;
    if !app.spec.authorized {
        return Err(refused("unauthorized_client", "This app is not authorized by the enterprise"));
    }
    Ok(app.clone())
}

/// The same, for a grant that only apps of one kind may use.
fn app_of_kind(state: &State, request: &Request, kind: AppKind) -> Result<App, Answer> {
    let app = app(state, request)?;
    if app.spec.kind != kind {
        return Err(refused("unauthorized_client", "The grant type is unauthorized for this client_id"));
    }
    Ok(app)
}

fn given(token: &Token) -> Answer {
    let mut body = json!({
        "access_token": token.access,
        "expires_in": token.expires_in,
        "restricted_to": [],
        "token_type": "bearer",
    });
    if !token.refresh.is_empty() {
        body["refresh_token"] = json!(token.refresh);
    }
    Answer::json(200, &body).header("Cache-Control", "no-store")
}

fn refused(error: &str, description: &str) -> Answer {
    let body = json!({ "error": error, "error_description": description });
    Answer::json(400, &body).header("Cache-Control", "no-store")
}

fn invalid_grant(description: &str) -> Answer {
    refused("invalid_grant", description)
}
