//! Exchanges a refresh token for the next pair, only for the app it was issued to.

use super::{Refusal, app};
use crate::exchange::Fields;
use crate::state::{Settings, State};
use crate::tokens::{Redeemed, Token};

pub(super) fn exchange(state: &mut State, settings: &Settings, form: &Fields) -> Result<Token, Refusal> {
    let (client_id, _) = app(state, form)?;
    let refresh = form.get("refresh_token").map_or("", String::as_str);
    match state.tokens.redeem(refresh, &client_id) {
        Redeemed::Good(grant, sign_in) => {
            let lifetime = settings.access_token_lifetime;
            Ok(state.tokens.issue(&grant, sign_in, lifetime, Some(refresh)))
        }
        Redeemed::Again(token) => Ok(token),
        Redeemed::Expired => Err(Refusal::invalid_grant("Refresh token has expired")),
        Redeemed::Unknown => Err(Refusal::invalid_grant("Invalid refresh token")),
    }
}
