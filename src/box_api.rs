//! The few requests to Box that rclone cannot make, through the same proxies and certificates as rclone's own, and the
//! account that Box describes. The only module that makes network connections; it writes no file.
//!
//! Every request returns an error only on Ctrl-C; [`Refused`] says why Box or the network did not answer as wanted.
#![expect(clippy::disallowed_types, reason = "this module talks to Box")]

use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ureq::http::Response;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::error::Result;
use crate::secret::Secret;
use crate::signals;
use crate::storage::sign_in::{App, Subject};
use crate::storage::token::Token;

const TOKEN_URL: &str = "https://api.box.com/oauth2/token";
const REVOKE_URL: &str = "https://api.box.com/oauth2/revoke";
const API: &str = "https://api.box.com/2.0/";
/// How long an access token lives if Box does not say, or says more.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The answer of Box or of the network when a request failed.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl From<ureq::Error> for Refused {
    fn from(cause: ureq::Error) -> Self {
        Self(cause.to_string())
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Json,
}

/// Gets a token for an app that signs in as itself. Box requires a subject (whom to act as), which rclone never sends.
///
/// # Errors
/// If Box refuses, or cannot be reached.
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
        ("box_subject_type", subject.kind.to_owned()),
        ("box_subject_id", subject.id.clone()),
    ];
    let answer = call(limit, move |agent| agent.post(&url).send_form(form))?;
    Ok(answer.and_then(|body| {
        let granted: Granted =
            serde_json::from_str(body.expose()).map_err(|cause| Refused(format!("200 OK, but no token: {cause}")))?;
        let lifetime = number(&granted.expires_in).map_or(LIFETIME, Duration::from_secs);
        Ok(Token::minted(&Secret::new(granted.access_token), lifetime.min(LIFETIME)))
    }))
}

/// The credentials of a request.
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

/// The folders in an account's root that belong to others, and whether the root is empty.
pub(crate) fn root(caller: &Caller, account: &Account, limit: Duration) -> Result<Result<Root, Refused>> {
    const QUERY: &[(&str, &str)] = &[("fields", "id,name,owned_by"), ("limit", "1000")];
    Ok(get(caller, "folders/0/items", QUERY, limit)?.map(|answer| Root::read(&answer, account)))
}

/// The folders in a folder: the first 1000 items that Box lists.
pub(crate) fn folders(caller: &Caller, id: &str, limit: Duration) -> Result<Result<Vec<Folder>, Refused>> {
    const QUERY: &[(&str, &str)] = &[("fields", "id,name,type"), ("limit", "1000")];
    Ok(get(caller, &format!("folders/{id}/items"), QUERY, limit)?.map(|answer| Folder::all_in(&answer)))
}

/// A folder's name.
pub(crate) fn folder_name(caller: &Caller, id: &str, limit: Duration) -> Result<Result<String, Refused>> {
    let answer = get(caller, &format!("folders/{id}"), &[("fields", "id,name")], limit)?;
    Ok(answer.map(|answer| answer["name"].as_str().unwrap_or_default().to_owned()))
}

/// How many bytes are in the trash: at least those of the first 1000 items.
pub(crate) fn trash(caller: &Caller, limit: Duration) -> Result<Result<u64, Refused>> {
    let answer = get(caller, "folders/trash/items", &[("fields", "size"), ("limit", "1000")], limit)?;
    Ok(answer
        .map(|answer| entries(&answer).iter().filter_map(|item| number(&item["size"])).fold(0, u64::saturating_add)))
}

/// The ID of the user with this login. Box also finds names, and longer logins that start with it.
pub(crate) fn user_id(caller: &Caller, login: &str, limit: Duration) -> Result<Result<Option<String>, Refused>> {
    let query = [("filter_term", login), ("fields", "login"), ("limit", "1000")];
    Ok(get(caller, "users", &query, limit)?.map(|answer| {
        let is_wanted = |user: &&Json| user["login"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(login));
        let id = entries(&answer).iter().find(is_wanted).and_then(|user| user["id"].as_str());
        id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
    }))
}

fn get(caller: &Caller, path: &str, query: &[(&'static str, &str)], limit: Duration) -> Result<Result<Json, Refused>> {
    let (caller, url) = (caller.clone(), format!("{API}{path}"));
    let query: Vec<_> = query.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let answer = call(limit, move |agent| {
        let authorization = Secret::new(format!("Bearer {}", caller.access_token.expose()));
        let mut request = agent.get(&url).query_pairs(query).header("Authorization", authorization.expose());
        if let Some(user) = &caller.as_user {
            request = request.header("as-user", user);
        }
        request.call()
    })?;
    let json =
        |body: Secret| serde_json::from_str(body.expose()).map_err(|_| Refused(format!("200 OK: {}", body.expose())));
    Ok(answer.and_then(json))
}

/// Revokes a sign-in at Box: the access token, and the refresh token that belongs to it.
pub(crate) fn revoke(app: &App, token: &Secret, limit: Duration) -> Result<Result<(), Refused>> {
    let form = [
        ("client_id", app.client_id.clone()),
        ("client_secret", app.client_secret.expose().to_owned()),
        ("token", token.expose().to_owned()),
    ];
    Ok(call(limit, move |agent| agent.post(REVOKE_URL).send_form(form))?.map(drop))
}

/// Whether one of Box's hosts answers, and for the API whether it is really Box; and how many seconds its clock is ahead of
/// this machine's, if it says.
pub(crate) fn reach(host: &str, limit: Duration) -> Result<Result<Option<i64>, Refused>> {
    let is_api = host == "api.box.com";
    let url = format!("https://{host}/{}", if is_api { "2.0/users/me" } else { "" });
    watched(limit, move |agent| {
        let response = agent.get(&url).call()?;
        // Without a token the API answers 401 and how to authenticate. A login page of the network does not.
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

/// The body of a successful answer, or Box's refusal.
fn call(
    limit: Duration,
    request: impl FnOnce(&Agent) -> Result<Response<Body>, ureq::Error> + Send + 'static,
) -> Result<Result<Secret, Refused>> {
    watched(limit, move |agent| {
        let mut response = request(agent)?;
        let status = response.status();
        let wait = response.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
        let wait = wait.map_or(String::new(), |wait| format!(", Retry-After: {wait}"));
        let body = Secret::new(response.body_mut().read_to_string()?);
        if status.is_success() { Ok(body) } else { Err(Refused(format!("{status}{wait}: {}", body.expose()))) }
    })
}

/// Runs `work` on its own thread, so that Ctrl-C is noticed at once.
fn watched<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce(&Agent) -> Result<T, Refused> + Send + 'static,
) -> Result<Result<T, Refused>> {
    let answer = signals::interruptible(limit, move || work(&agent(limit)))?;
    Ok(answer.unwrap_or_else(|| Err(Refused("timeout: no answer in time".into()))))
}

/// Proxies come from the environment, as for rclone.
fn agent(limit: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .root_certs(RootCerts::new_with_certs(&trusted()))
        .build();
    // A redirect must not receive a token or a secret, nor expose it to a listener.
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

/// The account that a token belongs to, and what it can hold. Sizes in bytes; text that Box does not send is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) login: String,
    /// Absent if Box sets no limit, or does not say.
    pub(crate) space_amount: Option<u64>,
    pub(crate) space_used: Option<u64>,
    pub(crate) max_upload_size: Option<u64>,
    pub(crate) enterprise: Option<Enterprise>,
    /// Folders that others share with a service account whose storage has no root folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) shared_folders: Vec<Folder>,
    /// Fields that Box sent in an unexpected format.
    #[serde(skip)]
    pub(crate) unclear: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Enterprise {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Folder {
    fn all_in(answer: &Json) -> Vec<Self> {
        entries(answer).iter().filter(|item| item["type"] == "folder").filter_map(Self::read).collect()
    }

    fn read(item: &Json) -> Option<Self> {
        Some(Self { id: text(&item["id"])?, name: text(&item["name"])? })
    }
}

/// The contents of an account's root folder.
#[derive(Debug, Default)]
pub(crate) struct Root {
    pub(crate) is_empty: bool,
    pub(crate) shared: Vec<Folder>,
}

impl Root {
    fn read(answer: &Json, account: &Account) -> Self {
        let Some(items) = answer["entries"].as_array() else { return Self::default() };
        let is_shared = |item: &&Json| {
            item["type"] == "folder" && text(&item["owned_by"]["id"]).is_some_and(|owner| owner != account.id)
        };
        Self { is_empty: items.is_empty(), shared: items.iter().filter(is_shared).filter_map(Folder::read).collect() }
    }
}

impl Account {
    pub(crate) const FIELDS: &str = "id,name,login,space_amount,space_used,max_upload_size,enterprise,role";

    /// Reads each field separately, so that a missing or odd one does not hide the others. `None` if this is not an
    /// account.
    fn read(answer: &Json) -> Option<Self> {
        let mut unclear = Vec::new();
        let mut named = |key| {
            let found = text(&answer[key]);
            unclear.extend((found.is_none() && !answer[key].is_null()).then_some(key));
            found.unwrap_or_default()
        };
        let (id, name, login) = (named("id"), named("name"), named("login"));
        let mut size = |key| {
            let found = number(&answer[key]);
            // Box writes "no limit" as a negative number.
            let is_unlimited = key != "space_used" && answer[key].as_f64().is_some_and(|size| size < 0.0);
            unclear.extend((found.is_none() && !answer[key].is_null() && !is_unlimited).then_some(key));
            found
        };
        let (space_amount, space_used) = (size("space_amount"), size("space_used"));
        let max_upload_size = size("max_upload_size");
        let enterprise = answer["enterprise"].as_object().map(|_| Enterprise {
            id: text(&answer["enterprise"]["id"]).unwrap_or_default(),
            name: text(&answer["enterprise"]["name"]).unwrap_or_default(),
        });
        let is_account = !id.is_empty() || !login.is_empty();
        let account =
            Self { id, name, login, space_amount, space_used, max_upload_size, enterprise, ..Self::default() };
        is_account.then_some(Self { unclear, ..account })
    }

    /// How much of the space is used, in percent, rounded down.
    pub(crate) fn percent_used(&self) -> Option<u64> {
        let (used, space) = (u128::from(self.space_used?), u128::from(self.space_amount?));
        u64::try_from(used * 100 / space.max(1)).ok()
    }

    /// Box invents these logins for apps.
    pub(crate) fn is_service_account(&self) -> bool {
        self.login.ends_with("@boxdevedition.com")
    }
}

/// The items of a listing.
fn entries(answer: &Json) -> &[Json] {
    answer["entries"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A size or a time in any of Box's formats: `1073741824`, `1.0e+18`, or either as text.
fn number(value: &Json) -> Option<u64> {
    let float = match value {
        Json::Number(number) if number.is_u64() => return number.as_u64(),
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large is cut to the largest"
    )]
    (float >= 0.0).then_some(float as u64)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_read_as_box_writes_them() {
        for (sent, read) in [
            ("0", Some(0)),
            ("1073741824", Some(1 << 30)),
            ("1.0e+18", Some(1_000_000_000_000_000_000)),
            ("1.0034576983313e+14", Some(100_345_769_833_130)),
            ("12.0", Some(12)),
            ("1e300", Some(u64::MAX)),
            ("\"1.0e+18\"", Some(1_000_000_000_000_000_000)),
            ("-1", None),
            ("null", None),
            ("\"much\"", None),
            ("[1]", None),
        ] {
            assert_eq!(number(&serde_json::from_str(sent).expect("JSON")), read, "{sent}");
        }
    }
}
