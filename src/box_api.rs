//! The few calls to Box that rclone cannot make, through the same proxies and certificates as rclone's own.
#![expect(clippy::disallowed_types, reason = "this module talks to Box")]

mod account;

use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

pub(crate) use account::{Account, Folder, Root};
use rustls::crypto::ring::default_provider;
use serde::Deserialize;
use serde_json::Value as Json;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::Result;
use crate::secret::Secret;
use crate::signals;
use crate::storage::sign_in::{App, Subject};
use crate::storage::token::Token;

const TOKEN_URL: &str = "https://api.box.com/oauth2/token";
const REVOKE_URL: &str = "https://api.box.com/oauth2/revoke";
const API: &str = "https://api.box.com/2.0/";
/// Of an access token, where Box tells none or an odd one.
const LIFETIME: Duration = Duration::from_secs(3600);

/// What Box or the network answered instead of a token, in the words of either.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Json,
}

/// A token for an app that signs in as itself. Box answers only when it is told for whom (the subject), which rclone does not say.
pub(crate) fn client_credentials(
    app: &App,
    subject: &Subject,
    token_url: Option<&str>,
    limit: Duration,
) -> Result<Result<Token, Refused>> {
    let url = token_url.unwrap_or(TOKEN_URL).to_owned();
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", app.client_id.clone()),
        ("client_secret", app.client_secret.expose().to_owned()),
        ("box_subject_type", subject.kind.name().to_owned()),
        ("box_subject_id", subject.id.clone()),
    ];
    let answer = watched(limit, move || {
        let mut response = agent(limit).post(&url).send_form(form).map_err(|cause| Refused(cause.to_string()))?;
        let status = response.status();
        let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
        let wait = wait.map_or(String::new(), |wait| format!(", Retry-After: {wait}"));
        let body = Secret::new(response.body_mut().read_to_string().map_err(|cause| Refused(cause.to_string()))?);
        if !status.is_success() {
            return Err(Refused(format!("{status}{wait}: {}", body.expose())));
        }
        serde_json::from_str::<Granted>(body.expose())
            .map_err(|cause| Refused(format!("{status}, but no token: {cause}")))
    })?;
    Ok(answer.map(|granted| {
        let seconds = account::number(&granted.expires_in).map_or(LIFETIME, Duration::from_secs);
        Token::minted(&Secret::new(granted.access_token), seconds.min(LIFETIME))
    }))
}

/// Whom a call is made for.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) access_token: Secret,
    /// The user that the storage acts as.
    pub(crate) as_user: Option<String>,
}

/// `GET /users/me`.
pub(crate) fn me(caller: &Caller, limit: Duration) -> Result<Result<Account, Refused>> {
    let answer = get(caller, "users/me", &[("fields", Account::FIELDS)], limit)?;
    Ok(answer.and_then(|answer| Account::read(&answer).ok_or_else(|| Refused(format!("200 OK: {answer}")))))
}

/// The folders in an account's root that are somebody else's, and whether there is anything in it at all.
pub(crate) fn root(caller: &Caller, account: &Account, limit: Duration) -> Result<Result<Root, Refused>> {
    const QUERY: &[(&str, &str)] = &[("fields", "id,name,owned_by"), ("limit", "1000")];
    Ok(get(caller, "folders/0/items", QUERY, limit)?.map(|answer| Root::read(&answer, account)))
}

/// The folders in a folder, as far as Box lists them at once.
pub(crate) fn folders(caller: &Caller, id: &str, limit: Duration) -> Result<Result<Vec<Folder>, Refused>> {
    const QUERY: &[(&str, &str)] = &[("fields", "id,name,type"), ("limit", "1000")];
    Ok(get(caller, &format!("folders/{id}/items"), QUERY, limit)?.map(|answer| Folder::all_in(&answer)))
}

/// A folder's name.
pub(crate) fn folder_name(caller: &Caller, id: &str, limit: Duration) -> Result<Result<String, Refused>> {
    let answer = get(caller, &format!("folders/{id}"), &[("fields", "id,name")], limit)?;
    Ok(answer.map(|answer| answer["name"].as_str().unwrap_or_default().to_owned()))
}

/// How many bytes are in the trash, or at least: Box lists 1000 items at a time.
pub(crate) fn trash(caller: &Caller, limit: Duration) -> Result<Result<u64, Refused>> {
    let answer = get(caller, "folders/trash/items", &[("fields", "size"), ("limit", "1000")], limit)?;
    Ok(answer.map(|answer| {
        let items = answer["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter_map(|item| account::number(&item["size"])).fold(0, u64::saturating_add)
    }))
}

/// The ID of the user with this login. Box also finds names and longer logins that begin like it.
pub(crate) fn user_id(caller: &Caller, login: &str, limit: Duration) -> Result<Result<Option<String>, Refused>> {
    let query = [("filter_term", login), ("fields", "login"), ("limit", "1000")];
    Ok(get(caller, "users", &query, limit)?.map(|answer| {
        let users = answer["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_wanted = |user: &&Json| user["login"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(login));
        let id = users.iter().find(is_wanted).and_then(|user| user["id"].as_str());
        id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
    }))
}

fn get(caller: &Caller, path: &str, query: &[(&'static str, &str)], limit: Duration) -> Result<Result<Json, Refused>> {
    let (caller, url) = (caller.clone(), format!("{API}{path}"));
    let query: Vec<_> = query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    watched(limit, move || {
        let authorization = Secret::new(format!("Bearer {}", caller.access_token.expose()));
        let mut request = agent(limit).get(&url).header("Authorization", authorization.expose());
        for (key, value) in query {
            request = request.query(key, value);
        }
        if let Some(user) = &caller.as_user {
            request = request.header("as-user", user);
        }
        let mut response = request.call().map_err(|cause| Refused(cause.to_string()))?;
        let status = response.status();
        let body = response.body_mut().read_to_string().map_err(|cause| Refused(cause.to_string()))?;
        let answer = serde_json::from_str(&body).ok().filter(|_| status.is_success());
        answer.ok_or_else(|| Refused(format!("{status}: {body}")))
    })
}

/// Ends a sign-in at Box: the access token, and the refresh token that belongs to it.
pub(crate) fn revoke(app: &App, token: &Secret, limit: Duration) -> Result<Result<(), Refused>> {
    let form = [
        ("client_id", app.client_id.clone()),
        ("client_secret", app.client_secret.expose().to_owned()),
        ("token", token.expose().to_owned()),
    ];
    watched(limit, move || {
        let mut response = agent(limit).post(REVOKE_URL).send_form(form).map_err(|cause| Refused(cause.to_string()))?;
        let status = response.status();
        let body = response.body_mut().read_to_string().unwrap_or_default();
        if status.is_success() { Ok(()) } else { Err(Refused(format!("{status}: {body}"))) }
    })
}

/// Whether a host of Box's answers, and for the API whether it is Box that does; and how many seconds its clock is ahead of this
/// machine's, if it says.
pub(crate) fn reach(host: &str, limit: Duration) -> Result<Result<Option<i64>, Refused>> {
    let is_api = host == "api.box.com";
    let url = format!("https://{host}/{}", if is_api { "2.0/users/me" } else { "" });
    watched(limit, move || {
        let response = agent(limit).get(&url).call().map_err(|cause| Refused(cause.to_string()))?;
        // Without a token the API says 401, and how to ask. A login page of the network says something else.
        let is_box = response.status() == 401 && response.headers().contains_key("www-authenticate");
        let is_down = response.status().is_server_error() || response.status() == 429;
        if is_api && is_down || response.status() == 511 {
            return Err(Refused(response.status().to_string()));
        }
        if is_api && !is_box {
            return Err(Refused(format!("{}, but no token was asked for", response.status())));
        }
        let date = response.headers().get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
        let then = date.and_then(|date| jiff::fmt::rfc2822::parse(&date).ok());
        Ok(then.map(|then| then.timestamp().as_second() - jiff::Timestamp::now().as_second()))
    })
}

/// Runs a blocking call so that Ctrl-C is seen at once.
fn watched<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<Result<T, Refused>> {
    let answer = signals::watched(limit, call)?;
    Ok(answer.unwrap_or_else(|| Err(Refused("timeout: no answer in time".into()))))
}

/// Proxies come from the environment, as for rclone.
fn agent(limit: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .root_certs(RootCerts::new_with_certs(&trusted()))
        .build();
    // Whoever is redirected to must not get a token or a secret, nor anyone who listens on the way.
    let config = Agent::config_builder().tls_config(tls).timeout_global(Some(limit)).http_status_as_error(false);
    config.max_redirects(0).https_only(true).build().into()
}

/// `RCLONE_CA_CERT` replaces the system's certificates, as in rclone; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured as by Go.
fn trusted() -> Vec<Certificate<'static>> {
    match env::var_os("RCLONE_CA_CERT").filter(|path| !path.is_empty()) {
        Some(path) => {
            let pem = fs::read(path).unwrap_or_default();
            parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                })
                .collect()
        }
        None => rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|der| Certificate::from_der(der.as_ref()).to_owned())
            .collect(),
    }
}
