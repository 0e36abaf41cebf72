//! Checks every claim of the signed assertions of service accounts.

use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use serde_json::Value;

use super::server_app::{server_grant, subject};
use super::{Refusal, app_of_kind};
use crate::AppKind;
use crate::exchange::Fields;
use crate::service_accounts::PUBLIC_KEY;
use crate::state::{Settings, State};
use crate::tokens::Token;

const AUDIENCE: &str = "https://api.box.com/oauth2/token";
/// The longest time in seconds that an assertion may be valid.
const LONGEST: i64 = 60;

pub(super) fn exchange(state: &mut State, settings: &Settings, form: &Fields) -> Result<Token, Refusal> {
    let (client_id, app) = app_of_kind(state, form, AppKind::Jwt)?;
    let assertion = form.get("assertion").map_or("", String::as_str);
    let (header, claims) = verified(assertion)?;
    let text = |name: &str| claims[name].as_str();

    if header["kid"].is_string() && header["kid"].as_str() != app.key_id.as_deref() {
        return Err(check("kid"));
    }
    if text("iss") != Some(&client_id) {
        return Err(check("iss"));
    }
    if text("aud") != Some(AUDIENCE) {
        return Err(check("aud"));
    }
    let left = claims["exp"].as_i64().unwrap_or(0) - seconds(state);
    if !(1..=LONGEST).contains(&left) {
        return Err(check("exp"));
    }
    let user_id = subject(&app, text("box_sub_type"), text("sub")).ok_or_else(|| check("sub"))?;
    let unique = text("jti").filter(|jti| (16..=128).contains(&jti.len()));
    let unique = unique.ok_or_else(|| check("jti"))?;
    if !state.used_jwts.insert(unique.to_owned()) {
        return Err(check("jti"));
    }
    let grant = server_grant(client_id, user_id, &app);
    Ok(state.tokens.sign_in(&grant, settings.access_token_lifetime))
}

fn check(claim: &str) -> Refusal {
    Refusal::invalid_grant(&format!("Please check the '{claim}' claim."))
}

/// Header and claims of a JWT whose signature is good.
fn verified(assertion: &str) -> Result<(Value, Value), Refusal> {
    let bad = || Refusal::invalid_grant("OAuth JWT signature is invalid.");
    let (signed, signature) = assertion.rsplit_once('.').ok_or_else(bad)?;
    let (header, claims) = signed.split_once('.').ok_or_else(bad)?;
    let header = json(header).ok_or_else(bad)?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
    let algorithm = match header["alg"].as_str() {
        Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
        Some("RS384") => &RSA_PKCS1_2048_8192_SHA384,
        Some("RS512") => &RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(bad()),
    };
    UnparsedPublicKey::new(algorithm, PUBLIC_KEY)
        .verify(signed.as_bytes(), &signature.map_err(|_| bad())?)
        .map_err(|_| bad())?;
    Ok((header, json(claims).ok_or_else(bad)?))
}

fn json(part: &str) -> Option<Value> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&bytes).ok()
}

fn seconds(state: &State) -> i64 {
    let since = state.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
