//! Box's token endpoints and their errors.

mod authorize;
mod code;
mod jwt;
mod refresh;
mod server_app;

use serde_json::json;

use crate::apps::Registered;
use crate::exchange::{Answer, Call, Fields};
use crate::state::{Settings, State};
use crate::tokens::Token;

pub(crate) use authorize::authorize;

/// An error of the token endpoint.
#[derive(Debug)]
pub(crate) struct Refusal {
    error: &'static str,
    description: String,
}

impl Refusal {
    fn new(error: &'static str, description: &str) -> Self {
        Self { error, description: description.to_owned() }
    }

    fn invalid_grant(description: &str) -> Self {
        Self::new("invalid_grant", description)
    }

    fn invalid_client() -> Self {
        Self::new("invalid_client", "The client credentials are invalid")
    }
}

/// `POST /oauth2/token`.
pub(crate) fn token(state: &mut State, settings: &Settings, call: &Call) -> Answer {
    let form = call.form();
    let granted = match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => code::exchange(state, settings, &form),
        Some("refresh_token") => refresh::exchange(state, settings, &form),
        Some("client_credentials") => server_app::exchange(state, settings, &form),
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => jwt::exchange(state, settings, &form),
        _ => Err(Refusal::new("unsupported_grant_type", "Invalid grant_type parameter or parameter missing")),
    };
    granted.map_or_else(|refusal| refused(&refusal), |token| given(&token))
}

/// `POST /oauth2/revoke`.
pub(crate) fn revoke(state: &mut State, call: &Call) -> Answer {
    let form = call.form();
    match app(state, &form) {
        Ok((client_id, _)) => {
            let token = form.get("token").map_or("", String::as_str);
            state.tokens.revoke(token, &client_id);
            Answer::empty(200)
        }
        Err(refusal) => refused(&refusal),
    }
}

/// The app of a request, its secret checked. Like Box, this reads the form and no Basic header:
/// rclone tries the header first and learns.
fn app(state: &State, form: &Fields) -> Result<(String, Registered), Refusal> {
    let client_id = form.get("client_id").ok_or_else(Refusal::invalid_client)?;
    let app = state.apps.get(client_id);
    let app = app.ok_or_else(Refusal::invalid_client)?;
    if app.secret.is_some() && app.secret.as_ref() != form.get("client_secret") {
        return Err(Refusal::invalid_client());
    }
    if !app.spec.authorized {
        return Err(Refusal::new("unauthorized_client", "This app is not authorized by the enterprise"));
    }
    Ok((client_id.clone(), app.clone()))
}

/// The same, for a grant that only apps of one kind may use.
fn app_of_kind(state: &State, form: &Fields, kind: crate::AppKind) -> Result<(String, Registered), Refusal> {
    let (client_id, app) = app(state, form)?;
    if app.spec.kind != kind {
        return Err(Refusal::new("unauthorized_client", "The grant type is unauthorized for this client_id"));
    }
    Ok((client_id, app))
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

fn refused(refusal: &Refusal) -> Answer {
    let body = json!({
        "error": refusal.error,
        "error_description": refusal.description,
    });
    Answer::json(400, &body).header("Cache-Control", "no-store")
}
