//! Turns what rclone or Box said into an error that says what happened, who must act and what to type next.
//!
//! `patterns.toml` tells the cause from the text, and `messages.toml` says what to report about each cause, using facts
//! that the caller looked up. Pure: a [`Failure`] in, an [`Error`] out; it looks up nothing itself.

mod messages;

use std::sync::LazyLock;

pub(crate) use messages::{ADMIN_APPS, Guide, examples, guides};
use serde::Deserialize;

use crate::box_api::Account;
use crate::error::Error;
use crate::rclone::{OLDEST, Version};
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;

/// Every cause that is distinguished: each has its cases in `messages.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    // The token.
    NoToken,
    TokenUnreadable,
    NoRefreshToken,
    AccessTokenRefused,
    RefreshRefused,
    // The account.
    AccountDeactivated,
    PasswordReset,
    TermsOfService,
    EmailUnconfirmed,
    TrialEnded,
    DeviceRefused,
    ServiceBlocked,
    GracePeriodEnded,
    AddressBlocked,
    SignInForbidden,
    // The app.
    ClientRefused,
    AppNotAuthorized,
    AppRefused,
    GrantTypeRefused,
    SubjectRefused,
    UserTokensOff,
    // A service account's config.json.
    JwtFileMissing,
    JwtFileBad,
    JwtKeyLocked,
    JwtKeyUnknown,
    JwtSubjectRefused,
    JwtRefused,
    ClockSkew,
    // The browser.
    UserDenied,
    PageError,
    NoCode,
    StateMismatch,
    RedirectMismatch,
    CodeExpired,
    NobodySignedIn,
    PortInUse,
    // What Box allows.
    ScopeMissing,
    PermissionDenied,
    RootRefused,
    ItemLocked,
    ItemBusy,
    ItemChanged,
    LocationBlocked,
    PolicyBlocked,
    ImpersonationDenied,
    UserUnknown,
    NotFound,
    InTrash,
    StorageFull,
    FileTooLarge,
    NameInUse,
    // The way to Box.
    NoSuchHost,
    Unreachable,
    ConnectionLost,
    ProxyUnreachable,
    ProxyAuth,
    ProxyRefused,
    ProxyScheme,
    Firewall,
    MethodRefused,
    PlainHttp,
    NotBox,
    CertificateUnknown,
    CertificateDate,
    CaUnreadable,
    TimedOut,
    RateLimited,
    BoxDown,
    // rclone itself, and this machine.
    NameRefused,
    OptionRefused,
    EnvironmentRefused,
    TooManyFiles,
    TooOld,
    JwtBroken,
    Crashed,
    Killed,
    DiskFull,
    Unknown,
}

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Doing {
    /// `rclone authorize`, or what follows in the browser.
    Authorizing,
    /// Asking Box for a first token without a person (JWT, client credentials).
    Minting,
    /// `rclone lsd`.
    #[default]
    Listing,
    /// Writing a small file, to check that it is possible.
    Writing,
}

/// How it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// rclone exited by itself.
    Exited,
    /// A signal ended rclone.
    Killed(i32),
    /// rclone was ended at its deadline.
    TimedOut,
    /// No rclone: Box or the network answered Pluton itself.
    #[default]
    Answered,
}

/// What failed, for which storage, what was said of it, and what was looked up since.
#[derive(Debug, Default)]
pub(crate) struct Failure<'a> {
    pub(crate) doing: Doing,
    pub(crate) storage: &'a str,
    pub(crate) sign_in: Kind,
    /// Whether it is in rclone.conf, so that commands can be named that change it there.
    pub(crate) is_saved: bool,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) root_folder: Option<&'a str>,
    pub(crate) impersonate: Option<&'a str>,
    /// The path of the Box app's config.json.
    pub(crate) config_file: Option<&'a str>,
    /// All that rclone, Box or the network said, unchanged.
    pub(crate) said: &'a str,
    /// The same, scrubbed: it may be shown.
    pub(crate) shown: &'a str,
    pub(crate) end: End,
    pub(crate) version: Option<Version>,
    /// Seconds that Box's clock is ahead of this machine's.
    pub(crate) clock_behind: Option<i64>,
    /// Whose account it is, and what it can hold.
    pub(crate) account: Option<Account>,
    /// What is wrong with the Box app's config.json.
    pub(crate) complaint: Option<String>,
    /// The variable that names the proxy, where it is not `HTTPS_PROXY`.
    pub(crate) proxy: Option<&'static str>,
    /// Nobody used the sign-in for 60 days.
    pub(crate) is_idle: bool,
}

impl<'a> Failure<'a> {
    /// Of a request of Pluton's own, until [`Self::end`] says something else.
    pub(crate) fn new(doing: Doing, storage: &'a str, sign_in: Kind) -> Self {
        Self { doing, storage, sign_in, ..Self::default() }
    }

    pub(crate) fn of(section: &'a Section, doing: Doing) -> Self {
        Self {
            is_saved: section.is_saved(),
            client_id: section.client_id(),
            root_folder: section.get("root_folder_id"),
            impersonate: section.get("impersonate"),
            config_file: section.get("box_config_file"),
            ..Self::new(doing, section.name(), section.kind())
        }
    }
}

/// The failure as an error, with the line of rclone's or Box's own that says why.
pub(crate) fn explain(cause: Cause, failure: &Failure<'_>) -> Error {
    let speaker = if failure.end == End::Answered { "the answer was" } else { "rclone said" };
    messages::explain(cause, failure).quoting(speaker, excerpt(failure.shown))
}

/// Does both at once if there is nothing to look up.
pub(crate) fn diagnose(failure: &Failure<'_>) -> Error {
    explain(recognize(failure), failure)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    patterns: Vec<Pattern>,
}

/// Any one of the texts identifies the cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pattern {
    cause: Cause,
    texts: Vec<String>,
}

/// Joins the parts of a text that must all be present.
const AND: &str = " … ";

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let table: Table = toml::from_str(include_str!("diagnosis/patterns.toml")).expect("the tests read it too");
    table.patterns
});

/// The kind of failure.
pub(crate) fn recognize(failure: &Failure<'_>) -> Cause {
    match failure.end {
        End::TimedOut if failure.doing == Doing::Authorizing => return Cause::NobodySignedIn,
        End::TimedOut => return Cause::TimedOut,
        End::Killed(_) => return Cause::Killed,
        End::Exited | End::Answered => {}
    }
    let said = failure.said.to_lowercase().replace("\\\"", "\"");
    let is_said = |text: &String| text.split(AND).all(|part| said.contains(part));
    let found = PATTERNS.iter().find(|pattern| pattern.texts.iter().any(is_said));
    narrowed(found.map_or(Cause::Unknown, |pattern| pattern.cause), failure)
}

/// The same text means different things to different storages and rclones.
fn narrowed(found: Cause, failure: &Failure<'_>) -> Cause {
    let is_older = failure.version.is_some_and(|version| version < OLDEST);
    match found {
        Cause::JwtRefused if failure.version == Some(Version(1, 63, 0)) => Cause::JwtBroken,
        Cause::RefreshRefused if failure.doing == Doing::Authorizing => Cause::CodeExpired,
        Cause::RefreshRefused if failure.sign_in == Kind::Jwt => Cause::JwtRefused,
        Cause::RefreshRefused if failure.sign_in == Kind::ClientCredentials => Cause::SubjectRefused,
        Cause::PermissionDenied if failure.impersonate.is_some() => Cause::ImpersonationDenied,
        // Everyone may use the root folder of their own.
        Cause::PermissionDenied if failure.root_folder.is_none_or(|id| id == "0") => Cause::RootRefused,
        // A flag that a new rclone does not know is no sign of its age.
        Cause::TooOld if failure.version.is_some() && !is_older => Cause::Unknown,
        Cause::Unknown if is_older => Cause::TooOld,
        found => found,
    }
}

/// The longest line that is quoted.
const LONGEST: usize = 300;

/// What rclone wraps around a reason, outermost first: how a layer begins, and how it ends.
const LAYERS: [(&str, &str); 16] = [
    ("Fatal error:", " "),
    ("Error:", " "),
    ("Failed to ", "last error was: "),
    ("Failed to create file system for ", "\": "),
    ("Failed to config", ": "),
    ("error listing:", " "),
    ("error in ListJSON:", " "),
    ("couldn't list files:", " "),
    ("failed to configure Box:", " "),
    ("failed to configure token with jwt authentication:", " "),
    ("config failed to refresh token:", " "),
    ("couldn't fetch token", "oauth2: "),
    ("failed to get token: oauth2:", " "),
    ("Failed to copyto:", " "),
    ("pre-upload check:", " "),
    ("Description:", " "),
];

/// What rclone adds after a reason: its own advice, and Box's message once more as an object or a list of bytes.
const TAILS: [&str; 5] = [" - try refreshing with", " - manually refresh with", " - please run", " ({", " (["];

/// Last lines that say nothing, or no more than the page of a proxy.
const EMPTY: [&str; 3] = ["Help:", "Code:", "Response:"];

/// The one line of a long output that says why it failed, without what rclone puts around it.
fn excerpt(shown: &str) -> String {
    if let Some(reason) = reason_of_box(shown) {
        return shortened(reason);
    }
    let says_nothing = |line: &&str| line.is_empty() || EMPTY.iter().any(|start| line.starts_with(start));
    let lines: Vec<&str> = shown.lines().map(without_prefix).filter(|line| !says_nothing(line)).collect();
    let crash = lines.iter().find(|line| line.starts_with("panic: ") || line.starts_with("fatal error: "));
    let told = lines.iter().rfind(|line| line.starts_with("Description: "));
    let line = crash.or(told).or(lines.last()).copied().unwrap_or_default();
    shortened(unwrapped(line).to_owned())
}

/// `{"error":"invalid_grant","error_description":"…"}`, which rclone shows somewhere, quoted or not.
fn reason_of_box(shown: &str) -> Option<String> {
    let plain = shown.replace("\\\"", "\"");
    let field = |text: &str, name: &str| {
        let at = text.rfind(name)? + name.len();
        text[at..].split('"').next().filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let description = field(&plain, "\"error_description\":\"")?;
    Some(match field(&plain, "\"error\":\"") {
        Some(error) => format!("{error}: {description}"),
        None => description,
    })
}

fn unwrapped(line: &str) -> &str {
    let mut rest = line.trim();
    for (begins, ends) in LAYERS {
        if let Some(tail) = rest.strip_prefix(begins).and_then(|tail| tail.split_once(ends)) {
            rest = tail.1.trim_start();
        }
    }
    // The requested address says less than the result.
    while let Some(at) = ["Get \"http", "Post \"http"].iter().find_map(|verb| rest.find(verb)) {
        match rest[at..].find("\": ") {
            Some(end) => rest = &rest[at + end + 3..],
            None => break,
        }
    }
    let end = TAILS.iter().filter_map(|tail| rest.find(tail)).min().unwrap_or(rest.len());
    rest[..end].trim_end_matches([' ', ':'])
}

/// Without date and level.
fn without_prefix(line: &str) -> &str {
    let mut rest = line.trim();
    let is_date = |text: &str| jiff::fmt::strtime::parse("%Y/%m/%d %H:%M:%S ", text).is_ok();
    if let Some((_, tail)) = rest.split_at_checked("2026/11/23 12:28:07 ".len()).filter(|(date, _)| is_date(date)) {
        rest = tail;
    }
    for level in ["CRITICAL", "ERROR", "NOTICE", "INFO", "DEBUG"] {
        if let Some(tail) = rest.strip_prefix(level).map(str::trim_start).and_then(|tail| tail.strip_prefix(':')) {
            return tail.trim_start_matches([' ', ':']);
        }
    }
    rest
}

fn shortened(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
