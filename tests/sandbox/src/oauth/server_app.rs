//! Client credentials: Box requires a subject, which rclone never sends.

use super::{Refusal, app_of_kind};
use crate::apps::{AppSpec, ENTERPRISE_ID, Registered};
use crate::exchange::Fields;
use crate::state::{Settings, State};
use crate::tokens::{Grant, Token};
use crate::{AppKind, account::ACCOUNT_ID};

pub(super) fn exchange(state: &mut State, settings: &Settings, form: &Fields) -> Result<Token, Refusal> {
    let (client_id, app) = app_of_kind(state, form, AppKind::ClientCredentials)?;
    let kind = form.get("box_subject_type").map(String::as_str);
    let id = form.get("box_subject_id").map(String::as_str);
    let user_id = subject(&app, kind, id).ok_or_else(|| Refusal::invalid_grant("Grant credentials are invalid"))?;
    let grant = server_grant(client_id, user_id, &app);
    Ok(state.tokens.sign_in(&grant, settings.access_token_lifetime))
}

/// The user a server app asks to act as, if it may.
pub(super) fn subject(app: &Registered, kind: Option<&str>, id: Option<&str>) -> Option<String> {
    match (kind?, id?) {
        ("enterprise", ENTERPRISE_ID) => Some(app.service_user_id.clone()),
        ("user", id) if id == ACCOUNT_ID || id == app.service_user_id => Some(id.to_owned()),
        _ => None,
    }
}

pub(super) fn server_grant(client_id: String, user_id: String, app: &Registered) -> Grant {
    let AppSpec { read_only, manage_users, .. } = app.spec;
    Grant { client_id, user_id, server: true, read_only, manage_users }
}
