//! Exchanges a code from the browser for a first token: once, within 30 seconds, only for the app it was issued to.

use std::time::Instant;

use super::{Refusal, app_of_kind};
use crate::AppKind;
use crate::exchange::Fields;
use crate::state::{Settings, State};
use crate::tokens::Token;

pub(super) fn exchange(state: &mut State, settings: &Settings, form: &Fields) -> Result<Token, Refusal> {
    let (client_id, _) = app_of_kind(state, form, AppKind::OAuth)?;
    let unknown = || Refusal::invalid_grant("Auth code doesn't exist or is invalid for the client");
    let name = form.get("code").ok_or_else(unknown)?;
    let code = state.codes.get(name).filter(|c| c.client_id == client_id);
    let code = code.cloned().ok_or_else(unknown)?;
    state.codes.remove(name);
    if code.ends <= Instant::now() {
        let expired = "The authorization code has expired";
        return Err(Refusal::invalid_grant(expired));
    }
    if form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(Refusal::new("redirect_uri_mismatch", "The redirect URI of the code and of this request differ"));
    }
    let grant = state.personal_grant(&client_id);
    Ok(state.tokens.sign_in(&grant, settings.access_token_lifetime))
}
