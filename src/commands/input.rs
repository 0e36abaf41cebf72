//! The user's answers so far, by flag, environment, file or prompt: raw and perhaps incomplete. Reads files, the
//! environment and standard input; writes nothing.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Component, Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::wizard::progress;
use crate::cli::{OptionFlags, SignInFlags};
use crate::config::document::Value;
use crate::error::{Code, Error, Field, Names, Result};
use crate::secret::{Secret, looks_like_token};
use crate::signals;
use crate::storage::name::RemoteName;
use crate::storage::options::{BOX_SUB_TYPE, Options, SPECS};
use crate::storage::section::{Section, value};
use crate::storage::sign_in::{App, Kind, Subject};
use crate::storage::token::{Token, app_in};
use crate::ui::prompt::{self, Progress};
use crate::ui::report::Warning;

/// Where the browser is that signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Browser {
    /// Here, and Pluton opens it.
    Here,
    /// Here, or at the other end of a forwarded port: the link is shown.
    Link,
    /// On another machine, whose rclone prints the token.
    Elsewhere,
}

/// What to do about a storage that has the chosen name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Taken {
    #[default]
    Ask,
    Replace,
    /// It stays, and gets a new sign-in.
    SignInAgain,
}

#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The answers, unchanged. All of them are kept as secrets, since some are.
    given: BTreeMap<Field, Secret>,
    pub(super) sign_in: Option<Kind>,
    pub(super) browser: Option<Browser>,
    pub(super) options: Options,
    pub(super) taken: Taken,
    /// Whether to offer the options to a person who was asked how to sign in.
    pub(super) offers_options: bool,
    /// Whether the root folder is to be chosen from a list once the sign-in works.
    pub(super) browses: bool,
}

/// The error for a required answer that cannot be asked for.
fn missing(field: Field) -> Error {
    let Names { title, usage, variable, .. } = field.names();
    let message = match variable {
        // CI systems set a missing secret to the empty string.
        Some(name) if is_empty(name) => format!("{name} is set, but empty"),
        _ if field == Field::BoxSubject => "--box-subject is required".to_owned(),
        _ => format!("no {title} given"),
    };
    let error = Error::new(Code::InputRequired, message).about(field);
    match variable {
        _ if field == Field::Name => error.hint_run("pluton storage add box NAME …"),
        Some(variable) => error.hint(format!("give {usage}, or set {variable}")),
        None => error.hint(format!("give {usage}")),
    }
}

fn is_empty(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| value.is_empty())
}

fn from_environment(field: Field) -> Option<String> {
    env::var(field.names().variable?).ok().filter(|value| !value.is_empty())
}

/// Whether an answer can be used as it is.
pub(super) fn check(field: Field, text: &str) -> Result<()> {
    match field {
        Field::Name => RemoteName::new(text).map(drop),
        Field::Token => token(text).map(drop),
        Field::AccessToken => access_token(text).map(drop),
        Field::BoxConfigFile => jwt_file(text).map(drop),
        Field::BoxSubject => Subject::parse(text).map(drop),
        field => value(field, field.names().title, text).map(drop),
    }
}

fn token(text: &str) -> Result<Token> {
    Token::find(text).map_err(|why| Error::new(Code::TokenInvalid, why.to_string()).about(Field::Token))
}

fn access_token(text: &str) -> Result<Secret> {
    if text.contains(char::is_whitespace) || text.contains('{') {
        let why = "an access token is one word; what `rclone authorize` prints goes to --token-file";
        return Err(Error::invalid(Field::AccessToken, why));
    }
    Ok(Secret::new(text))
}

/// Why a file cannot be read. What is no path may be the secret itself, which must not be shown.
fn unreadable(path: &Path, cause: &io::Error) -> String {
    let text = path.to_string_lossy();
    let is_key = text.len() >= 32 && text.chars().all(|c| c.is_ascii_alphanumeric());
    if is_key || text.contains(['{', '\n']) || looks_like_token(&text) {
        return "this is not a path, but perhaps what is in the file".to_owned();
    }
    format!("cannot read {}: {cause}", path.display())
}

fn jwt_file(text: &str) -> Result<(PathBuf, App)> {
    let path = absolute(Path::new(text));
    let bad = |message: String| Error::new(Code::JwtInvalid, message).about(Field::BoxConfigFile);
    let text = signals::read_file(&path)?.map_err(|cause| {
        bad(unreadable(&path, &cause))
            .hint("give the path of the config.json from the Box Developer Console: --box-config-file PATH")
    })?;
    let app = App::in_jwt_file(&text).map_err(|why| {
        bad(format!("{} is not a Box app's config.json: {why}", path.display()))
            .hint("download it again: https://app.box.com/developers/console > your app > Configuration > Add and Manage Public Keys")
    })?;
    Ok((path, app))
}

impl Answers {
    /// `asks` says whether a person can be asked. Flags first; the environment fills in only what the chosen way to sign in needs.
    pub(super) fn gather(asks: bool, name: Option<&str>, flags: &SignInFlags, options: &OptionFlags) -> Result<Self> {
        let mut stdin_is_read = false;
        let mut secret = |value: &Option<String>, file: &Option<PathBuf>, field| {
            let (text, place) = match (value, file) {
                (None, None) => return Ok(None),
                (Some(value), _) => (Secret::new(value), flag_of(field).to_owned()),
                (None, Some(path)) if path != Path::new("-") => {
                    let text = signals::read_file(path)?.map_err(|cause| {
                        Error::invalid(field, unreadable(path, &cause))
                            .hint(format!("give the path of a file that you can read: {}-file PATH", flag_of(field)))
                    })?;
                    (text, path.display().to_string())
                }
                (None, Some(_)) if std::mem::replace(&mut stdin_is_read, true) => {
                    let message = "standard input (-) can be read for one secret only; use a file for the other";
                    return Err(Error::invalid(field, message));
                }
                (None, Some(_)) => (read_stdin(field, asks)?, "standard input (-)".to_owned()),
            };
            if text.expose().trim().is_empty() {
                return Err(Error::invalid(field, format!("{place} is empty")));
            }
            Ok(Some(text))
        };
        let mut answers = Self {
            browser: flags.authorize.then_some(if flags.no_browser { Browser::Link } else { Browser::Here }),
            options: options.0.clone(),
            ..Self::default()
        };
        for (field, value, file) in [
            (Field::ClientSecret, &flags.client_secret, &flags.client_secret_file),
            (Field::Token, &flags.token, &flags.token_file),
            (Field::AccessToken, &flags.access_token, &flags.access_token_file),
        ] {
            answers.given.extend(secret(value, file, field)?.map(|secret| (field, secret)));
        }
        answers.fill(Field::Name, name);
        answers.fill(Field::ClientId, flags.client_id.as_deref());
        answers.fill(Field::BoxSubject, flags.box_subject.as_deref());
        answers.fill(Field::BoxConfigFile, flags.box_config_file.as_deref().and_then(Path::to_str));
        if let Some((id, secret)) = answers.get(Field::Token).and_then(app_in) {
            if answers.get(Field::ClientId).is_none_or(|given| given == id) {
                answers.fill(Field::ClientId, Some(&id));
                answers.fill(Field::ClientSecret, Some(secret.expose()));
            }
        }
        answers.sign_in = answers.chosen(flags)?;
        answers.fill_from_environment()?;
        Ok(answers)
    }

    pub(super) fn get(&self, field: Field) -> Option<&str> {
        self.given.get(&field).map(Secret::expose)
    }

    pub(super) fn set(&mut self, field: Field, text: &str) {
        self.given.insert(field, Secret::new(text));
    }

    /// Sets an answer that was not given yet.
    pub(super) fn fill(&mut self, field: Field, text: Option<&str>) {
        if let (Some(text), None) = (text, self.get(field)) {
            self.set(field, text);
        }
    }

    /// The way to sign in that the flags imply; `None` if they leave it open.
    fn chosen(&self, flags: &SignInFlags) -> Result<Option<Kind>> {
        let has = |field| self.get(field).is_some();
        let ways = [
            (has(Field::BoxConfigFile), Kind::Jwt, "--box-config-file"),
            (flags.client_credentials || has(Field::BoxSubject), Kind::ClientCredentials, "--client-credentials"),
            (has(Field::AccessToken), Kind::AccessToken, "--access-token"),
            (has(Field::Token), Kind::Quick, "--token"),
            (self.browser.is_some(), Kind::Quick, "--authorize"),
        ];
        let given: Vec<_> = ways.iter().filter(|(given, ..)| *given).collect();
        let has_app = has(Field::ClientId) || has(Field::ClientSecret);
        match given[..] {
            [(_, _, one), (_, _, other), ..] => Err(Error::invalid(
                Field::SignIn,
                format!("{one} and {other} are two ways to sign in; give one of them"),
            )),
            [(_, Kind::Jwt | Kind::AccessToken, flag)] if has_app => Err(Error::invalid(
                Field::SignIn,
                format!("--client-id and --client-secret cannot be used with {flag}"),
            )),
            [(_, Kind::Quick, _)] | [] if has_app => Ok(Some(Kind::OwnApp)),
            [(_, kind, _)] => Ok(Some(*kind)),
            [] => Ok(None),
        }
    }

    fn fill_from_environment(&mut self) -> Result<()> {
        let has = |field| from_environment(field).is_some();
        if self.sign_in.is_none() {
            self.sign_in = match (has(Field::Token), has(Field::AccessToken)) {
                (true, true) => {
                    let message =
                        "PLUTON_BOX_TOKEN and PLUTON_BOX_ACCESS_TOKEN are two ways to sign in; set one of them";
                    return Err(Error::invalid(Field::SignIn, message));
                }
                (false, true) => Some(Kind::AccessToken),
                (has_token, false) => (has_token || has(Field::ClientId)).then_some(Kind::Quick),
            };
        }
        // A token made with rclone's own app would be taken for the app's that the environment names.
        if self.sign_in == Some(Kind::Quick) && has(Field::ClientId) {
            self.sign_in = Some(Kind::OwnApp);
        }
        for field in [Field::ClientId, Field::ClientSecret, Field::Token, Field::AccessToken] {
            if self.needs(field) && !(field == Field::Token && self.browser.is_some()) {
                self.fill(field, from_environment(field).as_deref());
            }
        }
        Ok(())
    }

    /// Whether the chosen way to sign in takes this answer.
    pub(super) fn needs(&self, field: Field) -> bool {
        let kinds: &[Kind] = match field {
            Field::Name | Field::SignIn | Field::Option(_) => return true,
            Field::ClientId | Field::ClientSecret => &[Kind::OwnApp, Kind::ClientCredentials],
            Field::Token => &[Kind::Quick, Kind::OwnApp],
            Field::AccessToken => &[Kind::AccessToken],
            Field::BoxConfigFile => &[Kind::Jwt],
            Field::BoxSubject => &[Kind::ClientCredentials],
        };
        self.sign_in.is_some_and(|kind| kinds.contains(&kind))
    }

    /// Takes every answer from a section, except those already given.
    pub(super) fn take_section(&mut self, section: &Section) {
        self.sign_in = Some(section.kind());
        self.fill(Field::Name, Some(section.name()));
        self.fill(Field::Token, section.secret("token").as_ref().map(Secret::expose));
        self.take_app(section);
        self.take_options(section);
    }

    fn take_app(&mut self, section: &Section) {
        self.fill(Field::ClientId, section.get("client_id"));
        self.fill(Field::ClientSecret, section.secret("client_secret").as_ref().map(Secret::expose));
    }

    pub(super) fn take_options(&mut self, section: &Section) {
        for spec in &SPECS {
            // What a JWT app signs in as says nothing to any other sign-in.
            let concerns = spec.key != BOX_SUB_TYPE || self.sign_in.is_none_or(|kind| kind == Kind::Jwt);
            if let Some(value) = section.get(spec.key).filter(|_| concerns) {
                self.options.entry(spec.key).or_insert_with(|| value.to_owned());
            }
        }
    }

    /// The app of the previous sign-in, unless another is named. An empty `--client-id` means rclone's own.
    pub(super) fn keep_app(&mut self, old: &Section, flags: &SignInFlags) {
        let by_itself = self.needs(Field::BoxSubject);
        if !by_itself && !self.needs(Field::Token) {
            return;
        }
        if flags.client_id.as_deref() == Some("") {
            self.given.retain(|field, _| ![Field::ClientId, Field::ClientSecret].contains(field));
            self.sign_in = Some(if by_itself { Kind::ClientCredentials } else { Kind::Quick });
            return;
        }
        // The app of client credentials cannot sign a person in, nor the other way round.
        let had_app = old.kind() == if by_itself { Kind::ClientCredentials } else { Kind::OwnApp };
        if !had_app || self.get(Field::ClientId).is_some_and(|id| Some(id) != old.get("client_id")) {
            return;
        }
        if self.sign_in == Some(Kind::Quick) {
            self.sign_in = Some(Kind::OwnApp);
        }
        self.take_app(old);
        let subject = old.get("box_subject_type").zip(old.get("box_subject_id"));
        self.fill(Field::BoxSubject, subject.map(|(kind, id)| format!("{kind}:{id}")).as_deref());
    }

    /// Forgets an answer, so that it is asked again.
    pub(super) fn forget(&mut self, field: Field) {
        match field {
            Field::Name => self.taken = Taken::Ask,
            Field::SignIn => (self.sign_in, self.offers_options) = (None, false),
            Field::Option(key) => drop(self.options.remove(key)),
            _ => {}
        }
        self.given.remove(&field);
    }

    pub(super) fn name(&self) -> Result<RemoteName> {
        self.get(Field::Name).ok_or_else(|| missing(Field::Name)).and_then(RemoteName::new)
    }

    pub(super) fn kind(&self) -> Result<Kind> {
        self.sign_in.ok_or_else(|| {
            let is_empty = |field: &Field| field.names().variable.is_some_and(is_empty);
            let field = [Field::Token, Field::AccessToken].into_iter().find(is_empty).unwrap_or(Field::SignIn);
            let error = missing(field);
            Error { fields: vec![Field::SignIn], ..error }
                .hint("give one of --authorize, --box-config-file, --client-credentials, --access-token-file")
        })
    }

    /// An answer without the spaces around it, which must not be empty.
    fn need(&self, field: Field) -> Result<&str> {
        self.get(field).map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| missing(field))
    }

    /// Whether a browser on this machine has to get the token.
    pub(super) fn needs_browser(&self) -> bool {
        let is_here = matches!(self.browser, Some(Browser::Here | Browser::Link));
        self.needs(Field::Token) && self.get(Field::Token).is_none() && is_here
    }

    pub(super) fn opens_browser(&self) -> bool {
        self.browser == Some(Browser::Here)
    }

    fn app(&self) -> Result<Option<App>> {
        self.kind()?;
        if !self.needs(Field::ClientId) {
            return Ok(None);
        }
        let client_id = self.need(Field::ClientId)?.to_owned();
        Ok(Some(App { client_id, client_secret: Secret::new(self.need(Field::ClientSecret)?) }))
    }

    /// The section that these answers make, with only what was given or rclone needs. A token that the browser has yet
    /// to bring has a stand-in.
    ///
    /// # Errors
    /// If an answer is missing, or rclone.conf cannot hold it.
    pub(super) fn section(&self) -> Result<Section> {
        let mut section = Section::new(self.name()?.as_str());
        if let Some(app) = self.app()? {
            section.put(Field::ClientId, &app.client_id)?;
            section.put(Field::ClientSecret, app.client_secret.expose())?;
        }
        match self.kind()? {
            Kind::Jwt => {
                let (path, app) = jwt_file(self.need(Field::BoxConfigFile)?)?;
                section.put(Field::BoxConfigFile, &path.to_string_lossy())?;
                section = section.with_app(app.client_id);
            }
            // Without GRANT_KEY: see [`Section::without_grant_key`].
            Kind::ClientCredentials => {
                let subject = Subject::parse(self.need(Field::BoxSubject)?)?;
                section.set("box_subject_type", Some(Value::as_read(subject.kind)));
                section.put(Field::BoxSubject, &subject.id)?;
            }
            Kind::AccessToken => {
                let token = access_token(self.need(Field::AccessToken)?)?;
                section.put(Field::AccessToken, token.expose())?;
            }
            Kind::Quick | Kind::OwnApp if self.needs_browser() => {
                section.put(Field::Token, token_to_come().expose())?;
            }
            Kind::Quick | Kind::OwnApp => {
                let in_browser = "sign in through a browser on this machine: --authorize";
                let paste = self.get(Field::Token).ok_or_else(|| missing(Field::Token).hint(in_browser))?;
                section.put(Field::Token, token(paste)?.blob().expose())?;
            }
        }
        let mut options = self.options.clone();
        if section.kind() == Kind::Jwt {
            // rclone's default is `user`, which is wrong for a service account.
            options.entry(BOX_SUB_TYPE).or_insert_with(|| "enterprise".to_owned());
        }
        section.put_options(&options)?;
        Ok(section)
    }
}

/// Stands in for a token where none is fetched, or not yet.
pub(super) fn token_to_come() -> Secret {
    Secret::new(r#"{"refresh_token":"from the browser"}"#)
}

/// Secrets that other users can see in the process list.
pub(super) fn exposed_secrets(matches: &ArgMatches) -> Vec<Warning> {
    [("client_secret", "--client-secret"), ("token", "--token"), ("access_token", "--access-token")]
        .into_iter()
        .filter(|(id, _)| matches.value_source(id) == Some(ValueSource::CommandLine))
        .map(|(_, flag)| Warning {
            code: "secret_in_arguments",
            message: format!("other users can see {flag} in the process list; {flag}-file or the environment is safer"),
        })
        .collect()
}

/// rclone expands neither `~` nor a path relative to another directory. A path without `..` keeps its symbolic links,
/// whose targets may change on purpose.
fn absolute(path: &Path) -> PathBuf {
    let path = match (path.strip_prefix("~"), directories::BaseDirs::new()) {
        (Ok(rest), Some(home)) => home.home_dir().join(rest),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    };
    let climbs = path.components().any(|part| part == Component::ParentDir);
    let dir = path.parent().filter(|_| climbs).and_then(|dir| dir.canonicalize().ok());
    dir.zip(path.file_name()).map(|(dir, name)| dir.join(name)).unwrap_or(path)
}

/// The flag that takes the secret itself; with `-file` after it, where the secret is.
fn flag_of(field: Field) -> &'static str {
    field.names().usage.trim_end_matches("-file PATH")
}

/// Reads standard input. At a terminal the secret is prompted for instead, so that it is not shown.
fn read_stdin(field: Field, asks: bool) -> Result<Secret> {
    if !signals::is_stdin_typed() {
        let text = signals::read_stdin()?;
        return text.map_err(|cause| Error::invalid(field, format!("cannot read standard input: {cause}")));
    }
    let flag = flag_of(field);
    let reads = format!("{flag}-file - reads standard input, which is a terminal");
    if !asks {
        return Err(Error::new(Code::InputRequired, reads)
            .hint(format!("pipe it in, or name a file: {flag}-file PATH"))
            .about(field));
    }
    let (label, progress): (_, fn(&str) -> Progress) = match field {
        Field::Token => ("what `rclone authorize` printed (it stays hidden; Enter on an empty line ends it)", progress),
        _ => (&*format!("the {} (it stays hidden; Enter ends it)", field.names().title), |_| Progress::Whole),
    };
    prompt::must_answer(|| prompt::hidden_paste(&format!("Paste {label}: "), &reads, &progress))
}
