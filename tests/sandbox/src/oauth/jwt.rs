//! Checks every claim of the signed assertions of service accounts.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use serde_json::Value;
use time::OffsetDateTime;

use super::{Granted, app_of_kind, invalid_grant, subject};
use crate::AppKind;
use crate::request::{Answer, Request};
use crate::state::State;

/// The public half of the test key, a PKCS#1 `RSAPublicKey`.
const PUBLIC_KEY: &[u8] = include_bytes!("../../data/worthless-public-key.der");
const AUDIENCE: &str = "https://api.box.com/oauth2/token";
/// The longest time in seconds that an assertion may be valid.
const LONGEST: i64 = 60;

pub(super) fn grant(state: &mut State, request: &Request) -> Granted {
    let app = app_of_kind(state, request, AppKind::Jwt)?;
    let (header, claims) = verified(request.field("assertion"))?;
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let left = claims["exp"].as_i64().unwrap_or(0) - OffsetDateTime::from(state.now()).unix_timestamp();
    let user_id = subject(&app, text("box_sub_type"), text("sub"));
    let key_id = &app.config["boxAppSettings"]["appAuth"]["publicKeyID"];
    let checks = [
        ("kid", !header["kid"].is_string() || header["kid"] == *key_id),
        ("iss", text("iss") == app.client_id),
        ("aud", text("aud") == AUDIENCE),
        ("exp", (1..=LONGEST).contains(&left)),
        ("sub", user_id.is_some()),
        ("jti", (16..=128).contains(&text("jti").len()) && !state.used_jwts.contains(text("jti"))),
    ];
    if let Some((claim, _)) = checks.iter().find(|(_, right)| !right) {
        return Err(invalid_grant(&format!("Please check the '{claim}' claim.")));
    }
    state.used_jwts.insert(text("jti").to_owned());
    Ok(state.sign_in(&app.client_id, user_id.unwrap_or_default()))
}

/// Header and claims of a JWT whose signature is good.
fn verified(assertion: &str) -> Result<(Value, Value), Answer> {
    let bad = || invalid_grant("OAuth JWT signature is invalid.");
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
