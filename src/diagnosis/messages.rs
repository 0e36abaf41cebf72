//! Builds the message for a cause from `messages.toml`, with the facts of the failure filled in. Pure.

use std::collections::HashMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;

use super::{Cause, Doing, End, Failure};
use crate::error::{Code, Error, Field, Remedy, Who};
use crate::rclone::OLDEST;
use crate::secret::clean;
use crate::storage::options::{self, SPECS, Spec};
use crate::storage::sign_in::Kind;
use crate::ui::report::{duration, size};

/// Where an admin authorizes apps. Box has renamed the page.
pub(crate) const ADMIN_APPS: &str =
    "Admin Console > Platform > Platform Apps (formerly Integrations > Platform Apps Manager)";
/// Box refuses an assertion when the clocks differ by more than this.
const LEAST_SKEW: i64 = 5;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    texts: HashMap<String, Vec<Text>>,
    hints: HashMap<String, Vec<Hint>>,
    #[serde(rename = "case")]
    cases: Vec<Case>,
    #[serde(rename = "code")]
    guides: Vec<Guide>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    cause: Cause,
    #[serde(default)]
    when: Vec<String>,
    code: Code,
    #[serde(default)]
    who: Option<Who>,
    message: String,
    hints: Vec<HintOrName>,
    #[serde(default)]
    about: Vec<String>,
    #[serde(default)]
    example: Option<Kind>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Always(String),
    Sometimes { when: Vec<String>, text: String },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum HintOrName {
    Name(String),
    Hint(Hint),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hint {
    #[serde(default)]
    when: Vec<String>,
    #[serde(default)]
    text: String,
    #[serde(default)]
    command: String,
}

/// What a code of an error means, and what to do where that does not depend on what Box or rclone said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guide {
    pub(crate) code: Code,
    pub(crate) meaning: String,
    #[serde(default)]
    hints: Vec<Hint>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| toml::from_str(include_str!("messages.toml")).expect("messages.toml, which the tests read too"));

/// Every code with its meaning, in the order of the exit codes.
pub(crate) fn guides() -> &'static [Guide] {
    &TABLE.guides
}

impl Guide {
    /// The code as an error that has these hints.
    pub(crate) fn error(&self, message: String) -> Error {
        let who = (!self.hints.is_empty()).then_some(Who::You);
        let put = |error: Error, hint: &Hint| put(error, &hint.text, &hint.command);
        self.hints.iter().fold(Error { who, ..Error::new(self.code, message) }, put)
    }
}

pub(super) fn explain(cause: Cause, failure: &Failure<'_>) -> Error {
    let of_cause = TABLE.cases.iter().filter(|case| case.cause == cause);
    let unknown = TABLE.cases.iter().filter(|case| case.cause == Cause::Unknown);
    let error = of_cause.chain(unknown).find_map(|case| failure.error(case));
    let error = error.unwrap_or_else(|| Error::new(Code::Unknown, "rclone failed"));
    let wait = retry_after(failure.said).filter(|_| matches!(cause, Cause::RateLimited | Cause::BoxDown));
    Error { retry_after: wait.map(|seconds| Duration::from_secs(seconds.into())), ..error }
}

/// The message of each case for a storage called NAME, for help pages.
pub(crate) fn examples() -> impl Iterator<Item = Error> {
    TABLE.cases.iter().filter_map(|case| {
        let has = |condition: &str| case.when.iter().any(|when| when == condition);
        let sign_in = if has("access_token") { Kind::AccessToken } else { case.example.unwrap_or(Kind::Quick) };
        let failure = Failure {
            is_saved: !has("unsaved"),
            client_id: (!matches!(sign_in, Kind::Quick | Kind::AccessToken)).then_some("CLIENT_ID"),
            root_folder: Some("123"),
            impersonate: Some("456"),
            config_file: Some("config.json"),
            said: if case.cause == Cause::OptionRefused { "upload_cutoff" } else { "" },
            end: if has("killed_by_system") { End::Killed(9) } else { End::Exited },
            is_idle: has("idle"),
            ..Failure::new(Doing::Listing, "NAME", sign_in)
        };
        failure.error(case)
    })
}

/// A placeholder, and its value in a failure that has one.
type Fact = (&'static str, fn(&Failure<'_>) -> Option<String>);

const FACTS: [Fact; 21] = [
    ("storage", |failure| Some(format!("{:?}", failure.storage))),
    ("rclone_path", |failure| Some(format!("'{}:'", failure.storage.replace('\'', "'\\''")))),
    ("client_id", |failure| failure.client_id.map(str::to_owned)),
    ("folder_id", |failure| failure.root_folder.map(str::to_owned)),
    ("user_id", |failure| failure.impersonate.map(str::to_owned)),
    ("config_file", |failure| failure.config_file.map(str::to_owned)),
    ("complaint", |failure| failure.complaint.clone()),
    ("login", |failure| Some(clean(&failure.account.as_ref()?.login))),
    ("space_used", |failure| failure.account.as_ref()?.space_used.map(size)),
    ("space_amount", |failure| failure.account.as_ref()?.space_amount.map(size)),
    ("max_upload_size", |failure| failure.account.as_ref()?.max_upload_size.map(size)),
    ("skew", |failure| skew(failure.clock_behind?)),
    ("proxy_variable", |failure| failure.proxy.map(str::to_owned)),
    ("setting", |failure| setting_in(failure.said)),
    ("seconds", |failure| Some(retry_after(failure.said)?.to_string())),
    ("signal_number", |failure| if let End::Killed(signal) = failure.end { Some(signal.to_string()) } else { None }),
    ("option", |failure| Some(option_in(failure.said)?.key.to_owned())),
    ("option_flag", |failure| option_in(failure.said).map(Spec::flag)),
    ("version", |failure| Some(failure.version?.to_string())),
    ("admin_apps", |_| Some(ADMIN_APPS.to_owned())),
    ("oldest", |_| Some(OLDEST.to_string())),
];

/// What `when` may ask, and whether it holds for a failure.
type Condition = (&'static str, fn(&Failure<'_>) -> bool);

const CONDITIONS: [Condition; 20] = [
    ("saved", |failure| failure.is_saved),
    ("unsaved", |failure| !failure.is_saved),
    ("quick", |failure| failure.sign_in == Kind::Quick),
    ("oauth", |failure| matches!(failure.sign_in, Kind::Quick | Kind::OwnApp)),
    ("jwt", |failure| failure.sign_in == Kind::Jwt),
    ("client_credentials", |failure| failure.sign_in == Kind::ClientCredentials),
    ("access_token", |failure| failure.sign_in == Kind::AccessToken),
    ("attended", |failure| !failure.sign_in.is_unattended()),
    ("unattended", |failure| failure.sign_in.is_unattended()),
    ("own_client", |failure| failure.client_id.is_some()),
    ("rclones_client", |failure| failure.client_id.is_none()),
    ("authorizing", |failure| failure.doing == Doing::Authorizing),
    ("minting", |failure| failure.doing == Doing::Minting),
    ("writing", |failure| failure.doing == Doing::Writing),
    ("idle", |failure| failure.is_idle),
    ("no_account", |failure| failure.account.is_none()),
    ("relative_path", |failure| failure.config_file.is_some_and(|path| !Path::new(path).is_absolute())),
    ("killed_by_system", |failure| failure.end == End::Killed(9)),
    ("macos", |_| cfg!(target_os = "macos")),
    ("windows", |_| cfg!(windows)),
];

impl Failure<'_> {
    /// The message of the case, if it applies.
    fn error(&self, case: &Case) -> Option<Error> {
        if !self.all(&case.when) {
            return None;
        }
        let mut error = Error::new(case.code, self.filled(&case.message)?);
        error.who = case.who.or(error.who);
        for hint in case.hints.iter().flat_map(HintOrName::hints).filter(|hint| self.all(&hint.when)) {
            if let Some((text, command)) = self.filled(&hint.text).zip(self.filled(&hint.command)) {
                error = put(error, &text, &command);
            }
        }
        Some(case.about.iter().filter_map(|name| self.field(name)).fold(error, Error::about))
    }

    fn all(&self, conditions: &[String]) -> bool {
        conditions.iter().all(|name| CONDITIONS.iter().any(|(known, holds)| known == name && holds(self)))
    }

    /// The template with its placeholders filled in, once: a placeholder inside a value is not filled in.
    fn filled(&self, template: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, tail)) = rest.split_once('{') {
            let (name, after) = tail.split_once('}')?;
            filled += before;
            filled += &self.value(name)?;
            rest = after;
        }
        Some(filled + rest)
    }

    fn value(&self, name: &str) -> Option<String> {
        if let Some((_, value)) = FACTS.iter().find(|(known, _)| *known == name) {
            return value(self);
        }
        TABLE.texts.get(name)?.iter().find_map(|text| match text {
            Text::Always(text) => self.filled(text),
            Text::Sometimes { when, text } => self.filled(text).filter(|_| self.all(when)),
        })
    }

    fn field(&self, name: &str) -> Option<Field> {
        match name {
            "option" => Some(Field::Option(option_in(self.said)?.key)),
            key => Field::by_key(key).or_else(|| Some(Field::Option(options::spec(key)?.key))),
        }
    }
}

impl HintOrName {
    fn hints(&self) -> &[Hint] {
        match self {
            Self::Name(name) => TABLE.hints.get(name).map_or(&[], Vec::as_slice),
            Self::Hint(hint) => std::slice::from_ref(hint),
        }
    }
}

/// Adds a hint unless it is there already.
fn put(error: Error, text: &str, command: &str) -> Error {
    let remedy = if command.is_empty() { Remedy::from(text) } else { Remedy::with_command(text, command) };
    if error.remedy.contains(&remedy) { error } else { error.hint(remedy) }
}

fn skew(clock_behind: i64) -> Option<String> {
    let way = if clock_behind > 0 { "behind" } else { "ahead of" };
    match clock_behind.abs() {
        ..=LEAST_SKEW => None,
        few @ ..120 => Some(format!("{few} seconds {way}")),
        many => Some(format!("{} {way}", duration(many))),
    }
}

fn retry_after(said: &str) -> Option<u32> {
    let said = said.to_lowercase();
    let rest = said.split_once("retry-after: ")?.1;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

fn option_in(said: &str) -> Option<&'static Spec> {
    let said = said.to_lowercase();
    SPECS.iter().find(|spec| said.contains(spec.key) || said.contains(&spec.key.replace('_', " ")))
}

/// An environment setting, which an old rclone reports by its variable and a new one by its option.
fn setting_in(said: &str) -> Option<String> {
    let named = |after: &str| {
        let rest = said.split_once(after)?.1;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_uppercase())
    };
    named("environment variable RCLONE_").or_else(|| named("config item \""))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What serde cannot see: names that lead nowhere, and names that nothing leads to.
    #[test]
    fn every_name_in_the_table_is_known_and_used() {
        let cases = || TABLE.cases.iter();
        let lists = cases().flat_map(|case| &case.hints).filter_map(|hint| match hint {
            HintOrName::Name(name) => Some(name),
            HintOrName::Hint(_) => None,
        });
        assert_eq!(lists.collect::<BTreeSet<_>>(), TABLE.hints.keys().collect(), "[hints]");

        let failure = Failure { said: "upload_cutoff", ..Failure::new(Doing::Listing, "work", Kind::Quick) };
        for name in cases().flat_map(|case| &case.about) {
            assert!(failure.field(name).is_some(), "no answer is called {name}");
        }

        let own = || cases().flat_map(|case| case.hints.iter().flat_map(HintOrName::hints));
        let hints = || own().chain(TABLE.guides.iter().flat_map(|guide| &guide.hints));
        let texts = || {
            TABLE.texts.values().flatten().map(|text| match text {
                Text::Always(text) => (&[][..], text),
                Text::Sometimes { when, text } => (&when[..], text),
            })
        };
        let of_cases = cases().flat_map(|case| &case.when).chain(hints().flat_map(|hint| &hint.when));
        let conditions = of_cases.chain(texts().flat_map(|(when, _)| when)).map(String::as_str);
        let known = CONDITIONS.iter().map(|(name, _)| *name);
        assert_eq!(conditions.collect::<BTreeSet<_>>(), known.collect(), "conditions");

        let parts = hints().flat_map(|hint| [&hint.text, &hint.command]).chain(texts().map(|(_, text)| text));
        let all = cases().map(|case| &case.message).chain(parts);
        let placeholders =
            all.flat_map(|text| text.split('{').skip(1).map(|tail| tail.split('}').next().unwrap_or(tail)));
        let known = FACTS.iter().map(|(name, _)| *name).chain(TABLE.texts.keys().map(String::as_str));
        assert_eq!(placeholders.collect::<BTreeSet<_>>(), known.collect(), "placeholders");
    }
}
