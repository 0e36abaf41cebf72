//! The error type: what went wrong, who must act, what to type next, and the exit code for scripts. Makes incoming text
//! printable; prints nothing itself.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::secret::printable;

/// The code a script reads. Spelled in snake case in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    Unknown,
    StorageFull,
    FileTooLarge,
    InvalidValue,
    InputRequired,
    RcloneMissing,
    RcloneTooOld,
    StorageNotFound,
    NotBox,
    StorageExists,
    TokenExpired,
    TokenInvalid,
    RefreshTokenInvalid,
    ClientInvalid,
    AppNotAuthorized,
    RedirectUriMismatch,
    JwtInvalid,
    AccessDenied,
    ClockSkew,
    PortInUse,
    AuthorizeTimeout,
    InsufficientScope,
    FolderNotFound,
    PermissionDenied,
    Network,
    Tls,
    Timeout,
    RateLimited,
    BoxUnavailable,
    ConfigUnreadable,
    ConfigEncrypted,
    ConfigConflict,
    ConfigUnwritable,
    Interrupted,
}

impl Code {
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Unknown | Self::StorageFull | Self::FileTooLarge => 1,
            Self::InvalidValue | Self::InputRequired => 2,
            Self::RcloneMissing | Self::RcloneTooOld => 3,
            Self::StorageNotFound | Self::NotBox => 4,
            Self::StorageExists => 5,
            Self::TokenExpired
            | Self::TokenInvalid
            | Self::RefreshTokenInvalid
            | Self::ClientInvalid
            | Self::AppNotAuthorized
            | Self::RedirectUriMismatch
            | Self::JwtInvalid
            | Self::AccessDenied
            | Self::ClockSkew
            | Self::PortInUse
            | Self::AuthorizeTimeout => 6,
            Self::InsufficientScope | Self::FolderNotFound | Self::PermissionDenied => 7,
            Self::Network | Self::Tls | Self::Timeout | Self::RateLimited | Self::BoxUnavailable => 8,
            Self::ConfigUnreadable | Self::ConfigEncrypted | Self::ConfigConflict | Self::ConfigUnwritable => 9,
            Self::Interrupted => 130,
        }
    }

    /// Who usually has to act.
    fn responsible(self) -> Option<Who> {
        match self {
            Self::Interrupted => None,
            Self::Network | Self::Tls | Self::Timeout => Some(Who::Network),
            Self::RateLimited | Self::BoxUnavailable => Some(Who::Box),
            _ => Some(Who::You),
        }
    }
}

/// As in JSON.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Who can fix it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub(crate) enum Who {
    #[serde(rename = "you")]
    You,
    #[serde(rename = "your Box admin")]
    Admin,
    Box,
    #[serde(rename = "the network")]
    Network,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// An answer of a person, who may have got it wrong and can be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Name,
    SignIn,
    ClientId,
    ClientSecret,
    Token,
    AccessToken,
    BoxConfigFile,
    BoxSubject,
    /// An option, by its key in rclone.conf.
    Option(&'static str),
}

impl Field {
    const ALL: [Self; 8] = [
        Self::Name,
        Self::SignIn,
        Self::ClientId,
        Self::ClientSecret,
        Self::Token,
        Self::AccessToken,
        Self::BoxConfigFile,
        Self::BoxSubject,
    ];

    pub(crate) fn names(self) -> Names {
        let (key, title, usage, variable) = match self {
            Self::Name => ("name", "storage name", "NAME", None),
            Self::SignIn => ("sign_in", "sign-in method", "--token-file PATH", None),
            Self::ClientId => ("client_id", "client ID", "--client-id ID", Some("PLUTON_BOX_CLIENT_ID")),
            Self::ClientSecret => {
                ("client_secret", "client secret", "--client-secret-file PATH", Some("PLUTON_BOX_CLIENT_SECRET"))
            }
            Self::Token => ("token", "token", "--token-file PATH", Some("PLUTON_BOX_TOKEN")),
            Self::AccessToken => {
                ("access_token", "access token", "--access-token-file PATH", Some("PLUTON_BOX_ACCESS_TOKEN"))
            }
            Self::BoxConfigFile => ("box_config_file", "path of config.json", "--box-config-file PATH", None),
            Self::BoxSubject => ("box_subject_id", "subject", "--box-subject enterprise:ID or user:ID", None),
            Self::Option(key) => (key, key, "", None),
        };
        Names { key, title, usage, variable }
    }

    /// The answer with this key, if it is not an option.
    pub(crate) fn by_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.names().key == key)
    }
}

/// What an answer is called, and where it may come from.
pub(crate) struct Names {
    /// In rclone.conf, in the file of `apply` and in `messages.toml`.
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    /// How to give it without a prompt.
    pub(crate) usage: &'static str,
    pub(crate) variable: Option<&'static str>,
}

/// What to do about a failure: in words, by a command, or both. Words may be wrapped, a command never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remedy {
    /// Empty where the command says it all.
    pub(crate) text: String,
    pub(crate) command: Option<String>,
}

impl Remedy {
    pub(crate) fn with_command(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self { text: printable(&text.into()), command: Some(printable(&command.into())) }
    }

    pub(crate) fn run(command: impl Into<String>) -> Self {
        Self::with_command("", command)
    }
}

impl<T: Into<String>> From<T> for Remedy {
    fn from(text: T) -> Self {
        Self { text: printable(&text.into()), command: None }
    }
}

/// `text: command`, which is what JSON says too.
impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.command {
            None => f.write_str(&self.text),
            Some(command) if self.text.is_empty() => f.write_str(command),
            Some(command) => write!(f, "{}: {command}", self.text),
        }
    }
}

impl Serialize for Remedy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[derive(Debug, JsonSchema, Serialize)]
pub(crate) struct Error {
    pub(crate) code: Code,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) who: Option<Who>,
    #[schemars(with = "Vec<String>")]
    pub(crate) remedy: Vec<Remedy>,
    /// What rclone or the system printed, cleaned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
    /// Who printed that.
    #[serde(skip)]
    pub(crate) speaker: &'static str,
    /// What state the user's files are in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    #[serde(skip)]
    pub(crate) fields: Vec<Field>,
    /// How long Box asks to wait.
    #[serde(skip)]
    pub(crate) retry_after: Option<Duration>,
    /// The staged file that was left in place, because it holds the only live token.
    #[serde(skip)]
    pub(crate) recoverable: Option<PathBuf>,
    /// The user has read it already.
    #[serde(skip)]
    pub(crate) shown: bool,
}

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: printable(&message.into()),
            who: code.responsible(),
            remedy: Vec::new(),
            detail: None,
            speaker: "",
            notes: Vec::new(),
            fields: Vec::new(),
            retry_after: None,
            recoverable: None,
            shown: false,
        }
    }

    /// An answer that only the user can correct.
    pub(crate) fn invalid(field: Field, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidValue, message).about(field)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(Code::Interrupted, "interrupted")
    }

    /// A failure to read or write a file.
    pub(crate) fn disk(code: Code, did: &str, path: &Path, cause: &impl fmt::Display) -> Self {
        Self::new(code, format!("cannot {did} {}: {cause}", path.display()))
    }

    /// Whether Box or the network is at fault, and not the storage.
    pub(crate) fn is_outage(&self) -> bool {
        self.code.exit() == Code::Network.exit()
    }

    /// Whether trying again may help. A certificate that is not trusted now will not be in a minute.
    pub(crate) fn may_pass(&self) -> bool {
        self.is_outage() && self.code != Code::Tls
    }

    #[must_use]
    pub(crate) fn responsible(mut self, who: Who) -> Self {
        self.who = Some(who);
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy.push(remedy.into());
        self
    }

    /// What to do, and the command that does it.
    #[must_use]
    pub(crate) fn hint_command(self, text: impl Into<String>, command: impl Into<String>) -> Self {
        self.hint(Remedy::with_command(text, command))
    }

    /// A command that explains itself.
    #[must_use]
    pub(crate) fn hint_run(self, command: impl Into<String>) -> Self {
        self.hint(Remedy::run(command))
    }

    /// The likeliest remedy.
    #[must_use]
    pub(crate) fn first(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy.insert(0, remedy.into());
        self
    }

    /// The last lines of whatever failed.
    #[must_use]
    pub(crate) fn quoting(mut self, speaker: &'static str, words: impl Into<String>) -> Self {
        self.speaker = speaker;
        self.detail = Some(printable(&words.into())).filter(|text| !text.is_empty());
        self
    }

    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(printable(&note.into()));
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// An unexpected internal failure: what was being done, and below it why it failed.
impl From<anyhow::Error> for Error {
    fn from(failure: anyhow::Error) -> Self {
        failure.downcast::<Self>().unwrap_or_else(|failure| {
            let causes: Vec<_> = failure.chain().skip(1).map(ToString::to_string).collect();
            Self::new(Code::Unknown, failure.to_string()).quoting("cause", causes.join(": "))
        })
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::{Code, Error};

    #[test]
    fn an_unexpected_failure_says_what_was_done_and_why_it_failed() {
        let failed =
            || -> Result<(), Error> { Ok(std::fs::read("/nowhere/at/all").map(drop).context("cannot read it")?) };
        let error = failed().expect_err("there is no such file");
        assert_eq!((error.code, error.message.as_str()), (Code::Unknown, "cannot read it"));
        assert!(error.detail.expect("a cause").contains("os error"));
        let typed = Error::from(anyhow::Error::from(Error::interrupted()).context("cannot go on"));
        assert_eq!(typed.code, Code::Interrupted);
    }
}
