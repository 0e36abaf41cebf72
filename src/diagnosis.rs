//! Turns what rclone or Box said into an error that says what happened, who must act and what to type next.
//!
//! `patterns.toml` tells the cause from the text, and `messages.toml` says what to report about each cause, using facts
//! that the caller looked up. Pure: text in, text out; it looks up nothing itself.

mod excerpt;
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// `rclone authorize`, or what follows in the browser.
    Authorizing,
    /// Asking Box for a first token without a person (JWT, client credentials).
    Minting,
    /// `rclone lsd`.
    Listing,
    /// Writing a small file, to check that it is possible.
    Writing,
}

/// What was being done, and for which storage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation<'a> {
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
}

impl<'a> Operation<'a> {
    pub(crate) fn new(doing: Doing, storage: &'a str, sign_in: Kind) -> Self {
        Self {
            doing,
            storage,
            sign_in,
            is_saved: false,
            client_id: None,
            root_folder: None,
            impersonate: None,
            config_file: None,
        }
    }

    pub(crate) fn of(section: &'a Section, doing: Doing) -> Self {
        Self {
            doing,
            storage: section.name(),
            sign_in: section.kind(),
            is_saved: section.is_saved(),
            client_id: section.client_id(),
            root_folder: section.get("root_folder_id"),
            impersonate: section.get("impersonate"),
            config_file: section.get("box_config_file"),
        }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// rclone exited by itself.
    Exited,
    /// A signal ended rclone.
    Killed(i32),
    /// rclone was ended at its deadline.
    TimedOut,
    /// No rclone: Box or the network answered Pluton itself.
    Answered,
}

/// What a failed rclone, or Box itself, printed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The complete text, unchanged.
    pub(crate) said: &'a str,
    /// The part that may be shown: scrubbed.
    pub(crate) shown: &'a str,
    pub(crate) end: End,
    pub(crate) version: Option<Version>,
}

impl<'a> Evidence<'a> {
    /// What Box or the network answered to a request of Pluton's own.
    pub(crate) fn answer(said: &'a str, shown: &'a str) -> Self {
        Self { said, shown, end: End::Answered, version: None }
    }
}

/// Facts that were looked up after a failure.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Seconds that Box's clock is ahead of this machine's.
    pub(crate) clock_behind: Option<i64>,
    /// Whose account it is, and what it can hold.
    pub(crate) account: Option<Account>,
    /// What is wrong with the Box app's config.json.
    pub(crate) config_file: Option<String>,
    /// The variable that names the proxy, where it is not `HTTPS_PROXY`.
    pub(crate) proxy: Option<&'static str>,
    /// Nobody used the sign-in for 60 days.
    pub(crate) is_idle: bool,
}

/// The failure as an error, with the line of rclone's or Box's own that says why.
pub(crate) fn explain(cause: Cause, operation: &Operation<'_>, evidence: &Evidence<'_>, facts: &Facts) -> Error {
    let speaker = if evidence.end == End::Answered { "the answer was" } else { "rclone said" };
    messages::explain(cause, operation, evidence, facts).quoting(speaker, excerpt::last(evidence.shown))
}

/// Does both at once if there is nothing to look up.
pub(crate) fn diagnose(operation: &Operation<'_>, evidence: &Evidence<'_>) -> Error {
    explain(recognise(operation, evidence), operation, evidence, &Facts::default())
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

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("diagnosis/patterns.toml")).expect("patterns.toml, which the tests read too")
});

fn all_patterns() -> &'static [Pattern] {
    &TABLE.patterns
}

/// The kind of failure.
pub(crate) fn recognise(operation: &Operation<'_>, evidence: &Evidence<'_>) -> Cause {
    match evidence.end {
        End::TimedOut if operation.doing == Doing::Authorizing => return Cause::NobodySignedIn,
        End::TimedOut => return Cause::TimedOut,
        End::Killed(_) => return Cause::Killed,
        End::Exited | End::Answered => {}
    }
    let said = evidence.said.to_lowercase().replace("\\\"", "\"");
    let is_said = |text: &String| text.split(AND).all(|part| said.contains(part));
    let found = all_patterns().iter().find(|pattern| pattern.texts.iter().any(is_said));
    narrowed(found.map_or(Cause::Unknown, |pattern| pattern.cause), operation, evidence)
}

/// The same text means different things to different storages and rclones.
fn narrowed(found: Cause, operation: &Operation<'_>, evidence: &Evidence<'_>) -> Cause {
    let is_older = evidence.version.is_some_and(|version| version < OLDEST);
    match found {
        Cause::JwtRefused if evidence.version == Some(Version(1, 63, 0)) => Cause::JwtBroken,
        Cause::RefreshRefused if operation.doing == Doing::Authorizing => Cause::CodeExpired,
        Cause::RefreshRefused if operation.sign_in == Kind::Jwt => Cause::JwtRefused,
        Cause::RefreshRefused if operation.sign_in == Kind::ClientCredentials => Cause::SubjectRefused,
        Cause::PermissionDenied if operation.impersonate.is_some() => Cause::ImpersonationDenied,
        // Everyone may use the root folder of their own.
        Cause::PermissionDenied if operation.root_folder.is_none_or(|id| id == "0") => Cause::RootRefused,
        // A flag that a new rclone does not know is no sign of its age.
        Cause::TooOld if evidence.version.is_some() && !is_older => Cause::Unknown,
        Cause::Unknown if is_older => Cause::TooOld,
        found => found,
    }
}

#[cfg(test)]
mod tests;
