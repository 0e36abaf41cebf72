//! Access and refresh tokens. A refresh token works exactly once or, under the grace rule, until the access token that
//! replaced it is used.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::state::ACCOUNT_ID;
use crate::{Sandbox, Settings};

const REFRESH_LIFETIME: Duration = Duration::from_secs(60 * 24 * 3600);

/// A finished sign-in, as rclone keeps it.
#[derive(Clone, Debug)]
pub struct Token {
    pub access: String,
    /// Empty where Box gives none: JWT and client credentials.
    pub refresh: String,
    pub expires_at: SystemTime,
    /// Seconds, as Box said when it gave the token.
    pub expires_in: u64,
}

impl Token {
    /// The one line of JSON that `rclone authorize` prints.
    pub fn blob(&self) -> String {
        let refresh = match self.refresh.as_str() {
            "" => String::new(),
            token => format!(r#""refresh_token":"{token}","#),
        };
        format!(
            r#"{{"access_token":"{}","token_type":"bearer",{refresh}"expiry":"{}","expires_in":{}}}"#,
            self.access,
            rfc3339(self.expires_at),
            self.expires_in
        )
    }

    /// The same line inside the three-line block that people paste.
    pub fn block(&self) -> String {
        format!("Paste the following into your remote machine --->\n{}\n<---End paste\n", self.blob())
    }
}

/// Whose token, through which app.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    /// A server app: no refresh token, and `as-user` is allowed.
    pub(crate) server: bool,
}

/// An access or refresh token as Box keeps it.
#[derive(Debug)]
struct Issued {
    grant: Grant,
    sign_in: u64,
    expires: Instant,
    dead: bool,
    /// The refresh token that this one was given for.
    replaces: Option<String>,
    /// What this refresh token was exchanged for.
    successor: Option<Token>,
}

/// Every token ever given out.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    access: HashMap<String, Issued>,
    refresh: HashMap<String, Issued>,
    sign_ins: u64,
}

impl Tokens {
    pub(crate) fn sign_in(&mut self, settings: &Settings, grant: &Grant) -> Token {
        self.sign_ins += 1;
        self.issue(settings, grant, self.sign_ins, None)
    }

    /// Exchanges a refresh token that is good and `client_id`'s own for the next pair, or for the same pair as before if
    /// none of that was used yet.
    ///
    /// # Errors
    /// What Box says otherwise.
    pub(crate) fn refresh(&mut self, settings: &Settings, old: &str, client_id: &str) -> Result<Token, &'static str> {
        let issued = self.refresh.get(old).filter(|issued| !issued.dead && issued.grant.client_id == client_id);
        let issued = issued.ok_or("Invalid refresh token")?;
        if issued.expires <= Instant::now() {
            return Err("Refresh token has expired");
        }
        if let Some(token) = &issued.successor {
            return Ok(token.clone());
        }
        let (grant, sign_in, replaces) = (issued.grant.clone(), issued.sign_in, issued.replaces.clone());
        self.use_up(replaces);
        Ok(self.issue(settings, &grant, sign_in, Some(old)))
    }

    /// A new pair of the sign-in `sign_in`, in exchange for `replaces`.
    fn issue(&mut self, settings: &Settings, grant: &Grant, sign_in: u64, replaces: Option<&str>) -> Token {
        let issued = |lifetime| Issued {
            grant: grant.clone(),
            sign_in,
            expires: Instant::now() + lifetime,
            dead: false,
            replaces: replaces.map(str::to_owned),
            successor: None,
        };
        let lifetime = settings.access_token_lifetime;
        let (access, mut refresh) = (random_id(32), String::new());
        self.access.insert(access.clone(), issued(lifetime));
        if !grant.server {
            refresh = random_id(64);
            self.refresh.insert(refresh.clone(), issued(REFRESH_LIFETIME));
        }
        let token = Token { access, refresh, expires_at: SystemTime::now() + lifetime, expires_in: lifetime.as_secs() };
        if let Some(issued) = replaces.and_then(|replaces| self.refresh.get_mut(replaces)) {
            issued.dead = !settings.grace;
            issued.successor = Some(token.clone());
        }
        token
    }

    /// Notes that an access token was used: the refresh token it was given for has done its work.
    pub(crate) fn used(&mut self, access: &str) {
        let replaces = self.access.get(access).and_then(|issued| issued.replaces.clone());
        self.use_up(replaces);
    }

    fn use_up(&mut self, refresh: Option<String>) {
        if let Some(issued) = refresh.and_then(|refresh| self.refresh.get_mut(&refresh)) {
            issued.dead = true;
        }
    }

    /// Who a bearer is, while the token lives.
    pub(crate) fn bearer(&self, access: &str) -> Option<&Grant> {
        let issued = self.access.get(access)?;
        issued.alive().then_some(&issued.grant)
    }

    /// Ends the whole sign-in that `token`, of either kind, belongs to.
    pub(crate) fn revoke(&mut self, token: &str, client_id: &str) {
        let found = self.access.get(token).or_else(|| self.refresh.get(token));
        let Some(issued) = found.filter(|issued| issued.grant.client_id == client_id) else {
            return;
        };
        let sign_in = issued.sign_in;
        self.end(|issued| issued.sign_in == sign_in);
    }

    fn end(&mut self, which: impl Fn(&Issued) -> bool) {
        let all = self.access.values_mut().chain(self.refresh.values_mut());
        for issued in all.filter(|issued| which(issued)) {
            issued.dead = true;
        }
    }
}

impl Issued {
    fn alive(&self) -> bool {
        !self.dead && self.expires > Instant::now()
    }
}

/// What tests ask of tokens, and do to them.
impl Sandbox {
    /// A token as if the person had just signed in through this OAuth app.
    pub fn mint(&self, client_id: &str) -> Token {
        self.state().sign_in(client_id, ACCOUNT_ID)
    }

    pub fn is_live_access(&self, access: &str) -> bool {
        self.state().tokens.bearer(access).is_some()
    }

    pub fn is_live_refresh(&self, refresh: &str) -> bool {
        self.state().tokens.refresh.get(refresh).is_some_and(Issued::alive)
    }

    /// Whether Box has given another pair for this refresh token, which is dead then or, under the grace rule, soon.
    pub fn is_renewed(&self, refresh: &str) -> bool {
        self.state().tokens.refresh.get(refresh).is_some_and(|issued| issued.successor.is_some())
    }

    /// Whether the grace rule of refresh tokens is in force.
    pub fn has_grace(&self) -> bool {
        self.state().settings.grace
    }

    /// Expires all access tokens, as after an hour.
    pub fn expire_access_tokens(&self) {
        for issued in self.state().tokens.access.values_mut() {
            issued.expires = Instant::now();
        }
    }

    /// Expires this refresh token, as after sixty days.
    pub fn expire_refresh(&self, refresh: &str) {
        let mut state = self.state();
        let issued = state.tokens.refresh.get_mut(refresh);
        issued.expect("a refresh token of this sandbox").expires = Instant::now();
    }

    /// The person removes every app's access.
    pub fn revoke_all(&self) {
        self.state().tokens.end(|_| true);
    }
}

/// `length` random hexadecimal digits.
pub(crate) fn random_id(length: usize) -> String {
    let mut bytes = vec![0; length.div_ceil(2)];
    SystemRandom::new().fill(&mut bytes).expect("randomness");
    let mut text = hex(&bytes);
    text.truncate(length);
    text
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    at.format(&Rfc3339).expect("a year of four digits")
}
