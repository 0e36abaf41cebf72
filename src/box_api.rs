//! The few requests to Box that rclone cannot make, through the same proxies and certificates as rclone's own, and the
//! account that Box describes. The only module that makes network connections; it writes no file.
#![expect(clippy::disallowed_types, reason = "this module talks to Box")]

use std::env;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring::default_provider;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use ureq::http::{Response, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

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
const REVOKE_LIMIT: Duration = Duration::from_secs(20);
const MOST_ITEMS: (&str, &str) = ("limit", "1000");

/// The answer of Box or of the network when a request failed.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) String);

impl From<ureq::Error> for Refused {
    fn from(cause: ureq::Error) -> Self {
        let is_proxied = Proxy::try_from_env().is_some_and(|proxy| !proxy.is_no_proxy(&Uri::from_static(API)));
        let said = cause.to_string();
        let is_alone = ["Connection refused", "failed to lookup address"].iter().any(|text| said.contains(text));
        // Behind a proxy, only the proxy itself is looked up and connected to; said as rclone does.
        Self(if is_proxied && is_alone { format!("proxyconnect tcp: dial: {said}") } else { said })
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Json,
}

/// What Box answered, or why there is no answer as wanted. The outer error is Ctrl-C.
pub(crate) type Answer<T> = Result<Result<T, Refused>>;

/// Gets a token for an app that signs in as itself. Box requires a subject (whom to act as), which rclone never sends.
pub(crate) fn client_credentials(app: &App, subject: &Subject, url: Option<&str>, limit: Duration) -> Answer<Token> {
    let form = [
        ("grant_type", "client_credentials".to_owned()),
        ("client_id", app.client_id.clone()),
        ("client_secret", app.client_secret.expose().to_owned()),
        ("box_subject_type", subject.kind.to_owned()),
        ("box_subject_id", subject.id.clone()),
    ];
    let request = agent(limit).post(url.unwrap_or(TOKEN_URL));
    let answer = call(limit, move || request.send_form(form))?;
    Ok(answer.and_then(|body| {
        let granted: Granted =
            serde_json::from_str(body.expose()).map_err(|cause| Refused(format!("200 OK, but no token: {cause}")))?;
        let lifetime = number(&granted.expires_in).map_or(LIFETIME, Duration::from_secs);
        Ok(Token::minted(&Secret::new(granted.access_token), lifetime.min(LIFETIME)))
    }))
}

/// Revokes a sign-in at Box: the access token, and the refresh token that belongs to it.
pub(crate) fn revoke(app: &App, token: &Secret) -> Answer<()> {
    let form = [
        ("client_id", app.client_id.clone()),
        ("client_secret", app.client_secret.expose().to_owned()),
        ("token", token.expose().to_owned()),
    ];
    let request = agent(REVOKE_LIMIT).post(REVOKE_URL);
    Ok(call(REVOKE_LIMIT, move || request.send_form(form))?.map(drop))
}

/// Whether one of Box's hosts answers, and for the API whether it is really Box; and how many seconds its clock is ahead of
/// this machine's, if it says.
pub(crate) fn reach(host: &str, limit: Duration) -> Answer<Option<i64>> {
    let is_api = host == "api.box.com";
    let request = agent(limit).get(format!("https://{host}/{}", if is_api { "2.0/users/me" } else { "" }));
    watched(limit, move || {
        let response = request.call()?;
        // Without a token the API answers 401 and how to authenticate. A login page of the network does not.
        let is_box = response.status() == 401 && response.headers().contains_key("www-authenticate");
        let is_down = response.status().is_server_error() || response.status() == 429;
        if is_api && is_down || response.status() == 511 {
            return Err(Refused(response.status().to_string()));
        }
        if is_api && !is_box {
            return Err(Refused(format!("{}, but no token was asked for", response.status())));
        }
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        let then = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        Ok(then.map(|then| then.timestamp().as_second() - jiff::Timestamp::now().as_second()))
    })
}

/// Asks Box with a storage's own token.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) access_token: Secret,
    /// The user that the storage acts as.
    pub(crate) as_user: Option<String>,
    /// For each request.
    pub(crate) limit: Duration,
}

impl Caller {
    /// Whose token it is.
    pub(crate) fn me(&self) -> Answer<Account> {
        const FIELDS: &str = "id,name,login,space_amount,space_used,max_upload_size,enterprise,role";
        let answer = self.get("users/me", &[("fields", FIELDS)])?;
        Ok(answer.and_then(|answer| Account::read(&answer).ok_or_else(|| Refused(format!("200 OK: {answer}")))))
    }

    /// The folders in an account's root that belong to others, and whether the root is empty.
    pub(crate) fn root(&self, account: &Account) -> Answer<Root> {
        let answer = self.get("folders/0/items", &[("fields", "id,name,owned_by"), MOST_ITEMS])?;
        Ok(answer.map(|answer| Root::read(&answer, account)))
    }

    /// The folders in a folder: the first 1000 items that Box lists.
    pub(crate) fn folders(&self, id: &str) -> Answer<Vec<Folder>> {
        let answer = self.get(&format!("folders/{id}/items"), &[("fields", "id,name,type"), MOST_ITEMS])?;
        Ok(answer.map(|answer| folders(&answer).filter_map(Folder::read).collect()))
    }

    /// A folder's name.
    pub(crate) fn folder_name(&self, id: &str) -> Answer<String> {
        let answer = self.get(&format!("folders/{id}"), &[("fields", "id,name")])?;
        Ok(answer.map(|answer| answer["name"].as_str().unwrap_or_default().to_owned()))
    }

    /// How many bytes are in the trash: at least those of the first 1000 items.
    pub(crate) fn trash(&self) -> Answer<u64> {
        let answer = self.get("folders/trash/items", &[("fields", "size"), MOST_ITEMS])?;
        let size = |item: &Json| number(&item["size"]);
        Ok(answer.map(|answer| entries(&answer).iter().filter_map(size).fold(0, u64::saturating_add)))
    }

    /// The ID of the user with this login. Box also finds names, and longer logins that start with it.
    pub(crate) fn user_id(&self, login: &str) -> Answer<Option<String>> {
        let answer = self.get("users", &[("filter_term", login), ("fields", "login"), MOST_ITEMS])?;
        Ok(answer.map(|answer| {
            let is_wanted =
                |user: &&Json| user["login"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(login));
            let id = entries(&answer).iter().find(is_wanted).and_then(|user| user["id"].as_str());
            id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).map(str::to_owned)
        }))
    }

    fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer<Json> {
        let authorization = Secret::new(format!("Bearer {}", self.access_token.expose()));
        let request = agent(self.limit).get(format!("{API}{path}")).query_pairs(query.iter().copied());
        let mut request = request.header("Authorization", authorization.expose());
        if let Some(user) = &self.as_user {
            request = request.header("as-user", user);
        }
        let json = |body: Secret| {
            serde_json::from_str(body.expose()).map_err(|_| Refused(format!("200 OK: {}", body.expose())))
        };
        Ok(call(self.limit, || request.call())?.and_then(json))
    }
}

/// The body of a successful answer, or Box's refusal.
fn call(
    limit: Duration,
    request: impl FnOnce() -> Result<Response<Body>, ureq::Error> + Send + 'static,
) -> Answer<Secret> {
    watched(limit, || {
        let mut response = request()?;
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
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Answer<T> {
    let answer = signals::interruptible(limit, work)?;
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

/// `RCLONE_CA_CERT` replaces the system's certificates, as in rclone; `SSL_CERT_FILE` and `SSL_CERT_DIR` are honored as by Go.
fn trusted() -> Vec<Certificate<'static>> {
    match env::var_os("RCLONE_CA_CERT").filter(|path| !path.is_empty()) {
        Some(path) => {
            let pem = fs::read(path).unwrap_or_default();
            let certificate = |item| if let Ok(PemItem::Certificate(found)) = item { Some(found) } else { None };
            parse_pem(&pem).filter_map(certificate).collect()
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
        let is_shared = |item: &&Json| text(&item["owned_by"]["id"]).is_some_and(|owner| owner != account.id);
        let shared = folders(answer).filter(is_shared).filter_map(Folder::read).collect();
        Self { is_empty: items.is_empty(), shared }
    }
}

impl Account {
    /// Reads each field separately, so that a missing or odd one does not hide the others. `None` if this is not an
    /// account.
    fn read(answer: &Json) -> Option<Self> {
        const NAMES: [&str; 3] = ["id", "name", "login"];
        const SIZES: [&str; 3] = ["space_amount", "space_used", "max_upload_size"];
        let [id, name, login] = NAMES.map(|key| text(&answer[key]).unwrap_or_default());
        let [space_amount, space_used, max_upload_size] = SIZES.map(|key| number(&answer[key]));
        let enterprise = answer["enterprise"].as_object().map(|_| Enterprise {
            id: text(&answer["enterprise"]["id"]).unwrap_or_default(),
            name: text(&answer["enterprise"]["name"]).unwrap_or_default(),
        });
        // Box writes "no limit" as a negative number.
        let is_unlimited = |key: &str| key != "space_used" && answer[key].as_f64().is_some_and(|size| size < 0.0);
        let names = NAMES.into_iter().filter(|key| text(&answer[key]).is_none());
        let sizes = SIZES.into_iter().filter(|key| number(&answer[key]).is_none() && !is_unlimited(key));
        let unclear = names.chain(sizes).filter(|key| !answer[key].is_null()).collect();
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

fn folders(answer: &Json) -> impl Iterator<Item = &Json> {
    entries(answer).iter().filter(|item| item["type"] == "folder")
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
