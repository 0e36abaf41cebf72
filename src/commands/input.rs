//! What the user has said so far, by flag, environment, file or prompt: raw, incomplete, and kept until it is right.

use std::collections::BTreeMap;
use std::env;
use std::path::{Component, Path, PathBuf};

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::wizard::progress;
use crate::cli::{OptionFlags, SignInFlags};
use crate::config::document::Document;
use crate::context::Context;
use crate::error::{Code, Error, Field, Result, Who};
use crate::secret::Secret;
use crate::signals;
use crate::storage::jwt::JwtFile;
use crate::storage::options::{BOX_SUB_TYPE, BoxOptions, SPECS};
use crate::storage::paste::app_in;
use crate::storage::section::Section;
use crate::storage::sign_in::{App, Kind, SignIn, Subject};
use crate::storage::token::Token;
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

#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) name: Option<String>,
    pub(super) sign_in: Option<Kind>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<Secret>,
    /// The token blob, as it was pasted.
    pub(super) token: Option<Secret>,
    pub(super) browser: Option<Browser>,
    pub(super) access_token: Option<Secret>,
    pub(super) box_config_file: Option<PathBuf>,
    pub(super) box_subject: Option<String>,
    pub(super) options: BTreeMap<&'static str, String>,
    /// Whether the storage that has this name is to be replaced.
    pub(super) replaces: bool,
    /// Whether the root folder is to be chosen from a list once the sign-in works.
    pub(super) browses: bool,
}

impl Answers {
    /// Flags first; the environment fills in only what the chosen way to sign in needs.
    pub(super) fn gather(
        context: &Context,
        name: Option<&str>,
        flags: &SignInFlags,
        options: &OptionFlags,
    ) -> Result<Self> {
        let mut stdin = Stdin { taken: None, asks: context.terminal.asks };
        let mut secret = |value: &Option<String>, file: &Option<PathBuf>, field| match (value, file) {
            (Some(value), _) => not_empty(Secret::new(value.clone()), field, flag_of(field)).map(Some),
            (None, Some(path)) => read_secret(path, field, &mut stdin).map(Some),
            (None, None) => Ok(None),
        };
        let mut answers = Self {
            name: name.map(str::to_owned),
            client_id: flags.client_id.clone(),
            client_secret: secret(&flags.client_secret, &flags.client_secret_file, Field::ClientSecret)?,
            token: secret(&flags.token, &flags.token_file, Field::Token)?,
            access_token: secret(&flags.access_token, &flags.access_token_file, Field::AccessToken)?,
            browser: flags.authorize.then_some(if flags.no_browser { Browser::Link } else { Browser::Here }),
            box_config_file: flags.box_config_file.clone(),
            box_subject: flags.box_subject.clone(),
            options: options.set().map(|(key, value)| (key, value.to_owned())).collect(),
            sign_in: None,
            replaces: false,
            browses: false,
        };
        let brought = answers.token.as_ref().and_then(|paste| app_in(paste.expose()));
        if let Some((id, secret)) = brought.filter(|(id, _)| answers.client_id.as_ref().is_none_or(|given| given == id))
        {
            answers.client_id = Some(id);
            answers.client_secret.get_or_insert(secret);
        }
        answers.sign_in = answers.chosen(flags)?;
        answers.fill_from_environment()?;
        Ok(answers)
    }

    /// The way to sign in that the flags amount to; `None` where they leave it open.
    fn chosen(&self, flags: &SignInFlags) -> Result<Option<Kind>> {
        let ways = [
            (self.box_config_file.is_some(), Kind::Jwt, "--box-config-file"),
            (flags.client_credentials || self.box_subject.is_some(), Kind::ClientCredentials, "--client-credentials"),
            (self.access_token.is_some(), Kind::AccessToken, "--access-token"),
            (self.token.is_some(), Kind::Quick, "--token"),
            (self.browser.is_some(), Kind::Quick, "--authorize"),
        ];
        let mut named = ways.iter().filter(|(given, ..)| *given);
        let (first, second) = (named.next(), named.next());
        if let (Some((_, _, one)), Some((_, _, other))) = (first, second) {
            return Err(Error::invalid(
                Field::SignIn,
                format!("{one} and {other} are two ways to sign in; give one of them"),
            ));
        }
        let own_app = self.client_id.is_some() || self.client_secret.is_some();
        match first {
            Some((_, Kind::Jwt | Kind::AccessToken, flag)) if own_app => {
                Err(Error::invalid(Field::SignIn, format!("--client-id and --client-secret have no use with {flag}")))
            }
            Some((_, Kind::Quick, _)) | None if own_app => Ok(Some(Kind::OwnApp)),
            Some((_, kind, _)) => Ok(Some(*kind)),
            None => Ok(None),
        }
    }

    fn fill_from_environment(&mut self) -> Result<()> {
        let text = |name| env::var(name).ok().filter(|value| !value.is_empty());
        let client_id = text("PLUTON_BOX_CLIENT_ID");
        let client_secret = text("PLUTON_BOX_CLIENT_SECRET").map(Secret::new);
        let token = text("PLUTON_BOX_TOKEN").map(Secret::new);
        let access_token = text("PLUTON_BOX_ACCESS_TOKEN").map(Secret::new);
        if self.sign_in.is_none() {
            if token.is_some() && access_token.is_some() {
                let message = "PLUTON_BOX_TOKEN and PLUTON_BOX_ACCESS_TOKEN are two ways to sign in; set one of them";
                return Err(Error::invalid(Field::SignIn, message));
            }
            self.sign_in = match (&token, &access_token, &client_id) {
                (_, Some(_), _) => Some(Kind::AccessToken),
                (_, None, Some(_)) => Some(Kind::OwnApp),
                (Some(_), None, None) => Some(Kind::Quick),
                (None, None, None) => None,
            };
        }
        // A token made with rclone's own app would be taken for the app's that the environment names.
        if self.sign_in == Some(Kind::Quick) && client_id.is_some() {
            self.sign_in = Some(Kind::OwnApp);
        }
        match self.sign_in {
            Some(Kind::Quick | Kind::OwnApp) if self.browser.is_none() => self.token = self.token.take().or(token),
            Some(Kind::AccessToken) => self.access_token = self.access_token.take().or(access_token),
            _ => {}
        }
        if matches!(self.sign_in, Some(Kind::OwnApp | Kind::ClientCredentials)) {
            self.client_id = self.client_id.take().or(client_id);
            self.client_secret = self.client_secret.take().or(client_secret);
        }
        Ok(())
    }

    /// Takes every answer from a section, except those given already.
    pub(super) fn take_section(&mut self, document: &Document, name: &str) {
        let get = |key: &str| document.get(name, key);
        self.name.get_or_insert_with(|| name.to_owned());
        self.sign_in = Some(Kind::of(get));
        self.client_id = self.client_id.take().or_else(|| get("client_id").map(|id| id.expose().to_owned()));
        self.client_secret =
            self.client_secret.take().or_else(|| get("client_secret").map(|secret| Secret::new(secret.expose())));
        self.token = self.token.take().or_else(|| get("token").map(|token| Secret::new(token.expose())));
        for spec in &SPECS {
            if let Some(value) = get(spec.key) {
                self.options.entry(spec.key).or_insert(value.expose().to_owned());
            }
        }
    }

    /// The app of the sign-in before, where another is not named. An empty `--client-id` leaves it for rclone's own.
    pub(super) fn keep_app(&mut self, old: &Section, flags: &SignInFlags) {
        if flags.client_id.as_deref() == Some("") {
            (self.client_id, self.client_secret) = (None, None);
            self.sign_in =
                Some(if self.sign_in == Some(Kind::ClientCredentials) { Kind::ClientCredentials } else { Kind::Quick });
            return;
        }
        let had_app = matches!(old.kind(), Kind::OwnApp | Kind::ClientCredentials);
        // The app of client credentials cannot sign a person in, nor the other way round.
        let is_same = (old.kind() == Kind::ClientCredentials) == (self.sign_in == Some(Kind::ClientCredentials));
        if !had_app || !is_same || self.client_id.as_deref().is_some_and(|id| Some(id) != old.get("client_id")) {
            return;
        }
        if self.sign_in == Some(Kind::Quick) {
            self.sign_in = Some(Kind::OwnApp);
        }
        self.client_id = self.client_id.take().or_else(|| old.get("client_id").map(str::to_owned));
        self.client_secret = self.client_secret.take().or_else(|| old.secret("client_secret"));
        let subject = old.get("box_subject_type").zip(old.get("box_subject_id"));
        if self.sign_in == Some(Kind::ClientCredentials) {
            self.box_subject = self.box_subject.take().or_else(|| subject.map(|(kind, id)| format!("{kind}:{id}")));
        }
    }

    /// Forgets an answer, so that it is asked again.
    pub(super) fn forget(&mut self, field: Field) {
        match field {
            Field::Name => (self.name, self.replaces) = (None, false),
            Field::SignIn => self.sign_in = None,
            Field::ClientId => self.client_id = None,
            Field::ClientSecret => self.client_secret = None,
            Field::Token => (self.token, self.browser) = (None, None),
            Field::AccessToken => self.access_token = None,
            Field::BoxConfigFile => self.box_config_file = None,
            Field::BoxSubject => self.box_subject = None,
            Field::Option(key) => {
                self.options.remove(key);
            }
        }
    }

    pub(super) fn kind(&self) -> Result<Kind> {
        self.sign_in.ok_or_else(|| {
            let message = empty(&["PLUTON_BOX_TOKEN", "PLUTON_BOX_ACCESS_TOKEN"]);
            missing(Field::SignIn, &message.unwrap_or_else(|| "how to sign in is not said".into()))
                .hint("give --token-file PATH (what `rclone authorize \"box\"` printed)")
                .hint("give --authorize, --box-config-file, --client-credentials or --access-token-file")
        })
    }

    pub(super) fn app(&self) -> Result<Option<App>> {
        if !matches!(self.kind()?, Kind::OwnApp | Kind::ClientCredentials) {
            return Ok(None);
        }
        let id = self.client_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
        let secret = self.client_secret.as_ref().filter(|secret| !secret.expose().trim().is_empty());
        let client_id = id.ok_or_else(|| {
            let message = empty(&["PLUTON_BOX_CLIENT_ID"]);
            missing(Field::ClientId, &message.unwrap_or_else(|| "the client ID is missing".into()))
                .hint("give --client-id ID, or set PLUTON_BOX_CLIENT_ID")
        })?;
        let client_secret = secret.ok_or_else(|| {
            let message = empty(&["PLUTON_BOX_CLIENT_SECRET"]);
            missing(Field::ClientSecret, &message.unwrap_or_else(|| "the client secret is missing".into()))
                .hint("give --client-secret-file PATH, or set PLUTON_BOX_CLIENT_SECRET")
        })?;
        Ok(Some(App { client_id: client_id.to_owned(), client_secret: Secret::new(client_secret.expose().trim()) }))
    }

    pub(super) fn options(&self) -> Result<BoxOptions> {
        let mut options = BoxOptions::checked(self.options.iter().map(|(key, text)| (*key, text.as_str())))?;
        if self.sign_in == Some(Kind::Jwt) {
            // rclone's default is `user`, which is wrong for a service account.
            options.set_default(BOX_SUB_TYPE, "enterprise");
        }
        Ok(options)
    }

    /// The sign-in, if all of it is known; a token may still have to be fetched.
    pub(super) fn sign_in(&self) -> Result<SignIn> {
        let app = self.app()?;
        match (self.kind()?, app) {
            (Kind::Jwt, _) => {
                let (config_file, app) = self.jwt_file()?;
                Ok(SignIn::Jwt { config_file, app })
            }
            (Kind::ClientCredentials, Some(app)) => {
                let subject = self.box_subject.as_deref().ok_or_else(|| {
                    missing(Field::BoxSubject, "whom to act for is missing")
                        .hint("give --box-subject enterprise:ID or user:ID")
                })?;
                Ok(SignIn::ClientCredentials { app, subject: Subject::parse(subject)?, token: None })
            }
            (Kind::AccessToken, _) => {
                let token =
                    self.access_token.as_ref().map(|token| token.expose().trim()).filter(|token| !token.is_empty());
                let token = token.ok_or_else(|| {
                    let message = empty(&["PLUTON_BOX_ACCESS_TOKEN"]);
                    missing(Field::AccessToken, &message.unwrap_or_else(|| "the access token is missing".into()))
                        .hint("give --access-token-file PATH, or set PLUTON_BOX_ACCESS_TOKEN")
                })?;
                if token.contains(char::is_whitespace) || token.contains('{') {
                    let why = "the access token is one word; what `rclone authorize` prints goes to --token-file";
                    return Err(Error::invalid(Field::AccessToken, why));
                }
                Ok(SignIn::AccessToken { access_token: Secret::new(token) })
            }
            (Kind::Quick | Kind::OwnApp | Kind::ClientCredentials, app) => {
                let paste = self.token.as_ref().ok_or_else(|| {
                    let message = empty(&["PLUTON_BOX_TOKEN"]);
                    missing(Field::Token, &message.unwrap_or_else(|| "the token is missing".into()))
                        .hint(
                            "give --token-file PATH (what `rclone authorize \"box\"` printed), or set PLUTON_BOX_TOKEN",
                        )
                        .hint("sign in through a browser here: --authorize")
                })?;
                let token = Token::find(paste.expose()).map_err(|why| {
                    Error::new(Code::TokenInvalid, why.to_string()).responsible(Who::You).about(Field::Token)
                })?;
                Ok(SignIn::OAuth { app, token })
            }
        }
    }

    fn jwt_file(&self) -> Result<(PathBuf, JwtFile)> {
        let given = self.box_config_file.as_deref().ok_or_else(|| {
            missing(Field::BoxConfigFile, "the Box app's config.json is missing").hint("give --box-config-file PATH")
        })?;
        let path = absolute(given);
        let bad = |why: String| {
            Error::new(Code::JwtInvalid, format!("{} is not a Box app's config.json: {why}", path.display()))
                .responsible(Who::You)
                .hint("download it again: Box Developer Console, your app, Configuration, Add and Manage Public Keys")
                .about(Field::BoxConfigFile)
        };
        let text = signals::read_file(&path)?.map_err(|cause| {
            Error::new(Code::JwtInvalid, format!("cannot read {}: {cause}", path.display()))
                .responsible(Who::You)
                .hint("give the path of the config.json that the Box Developer Console made: --box-config-file PATH")
                .about(Field::BoxConfigFile)
        })?;
        let app = JwtFile::parse(&Secret::new(text)).map_err(|why| bad(why.to_string()))?;
        Ok((path, app))
    }
}

/// Secrets that stand in the process list.
pub(super) fn exposed_secrets(matches: &ArgMatches) -> Vec<Warning> {
    [("client_secret", "--client-secret"), ("token", "--token"), ("access_token", "--access-token")]
        .into_iter()
        .filter(|(id, _)| matches.value_source(id) == Some(ValueSource::CommandLine))
        .map(|(_, flag)| Warning {
            code: "secret_in_arguments",
            message: format!(
                "{flag} can be seen by other users in the process list; {flag}-file or the environment is safer"
            ),
        })
        .collect()
}

fn missing(field: Field, message: &str) -> Error {
    Error::new(Code::InputRequired, message).responsible(Who::You).about(field)
}

/// rclone expands neither `~` nor a path that starts somewhere else than here.
fn absolute(path: &Path) -> PathBuf {
    let home = directories::BaseDirs::new();
    let path = match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.home_dir().join(rest),
        _ => path.to_owned(),
    };
    without_dots(&std::path::absolute(&path).unwrap_or(path))
}

/// What is behind the last `..` stays as it was given: a link there may be meant to lead elsewhere tomorrow.
fn without_dots(path: &Path) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    let Some(last) = parts.iter().rposition(|part| *part == Component::ParentDir) else { return path.to_owned() };
    let (climbing, rest) = parts.split_at(last + 1);
    let climbing: PathBuf = climbing.iter().collect();
    climbing.canonicalize().map_or_else(|_| path.to_owned(), |real| real.join(rest.iter().collect::<PathBuf>()))
}

/// Of these variables the one that is set to nothing, as CI does with a secret that it does not have.
fn empty(variables: &[&str]) -> Option<String> {
    let is_empty = |name: &&&str| env::var_os(name).is_some_and(|value| value.is_empty());
    variables.iter().find(is_empty).map(|name| format!("{name} is set, but empty"))
}

fn not_empty(secret: Secret, field: Field, place: &str) -> Result<Secret> {
    if secret.expose().trim().is_empty() {
        return Err(Error::invalid(field, format!("{place} is empty")).responsible(Who::You));
    }
    Ok(secret)
}

fn flag_of(field: Field) -> &'static str {
    match field {
        Field::ClientSecret => "--client-secret",
        Field::AccessToken => "--access-token",
        _ => "--token",
    }
}

/// Standard input can be read once.
struct Stdin {
    taken: Option<Field>,
    /// Whether a person can be asked.
    asks: bool,
}

impl Stdin {
    fn read(&mut self, field: Field) -> Result<Secret> {
        if self.taken.replace(field).is_some() {
            return Err(Error::invalid(
                field,
                "standard input (-) can be read for one secret only; use a file for the other",
            ));
        }
        if signals::is_stdin_typed() {
            return self.ask(field);
        }
        let text = signals::read_stdin()?
            .map_err(|cause| Error::invalid(field, format!("standard input cannot be read: {cause}")))?;
        not_empty(Secret::new(text), field, "standard input (-)")
    }
}

impl Stdin {
    /// At a terminal: as it is asked for elsewhere, so that it does not show.
    fn ask(&self, field: Field) -> Result<Secret> {
        let flag = flag_of(field);
        if !self.asks {
            return Err(missing(field, &format!("{flag}-file - reads standard input, which is a terminal"))
                .hint(format!("pipe it in, or name a file: {flag}-file PATH")));
        }
        let (what, end) = match field {
            Field::Token => ("what `rclone authorize` printed", "it ends by itself, or with Enter on an empty line"),
            Field::ClientSecret => ("the client secret", "it ends with Enter"),
            _ => ("the access token", "it ends with Enter"),
        };
        let label = format!("Paste {what} (it stays hidden; {end}): ");
        let help = format!("{flag}-file - reads standard input, which is this terminal.");
        let progress = |text: &str| if field == Field::Token { progress(text) } else { Progress::Whole };
        let typed = prompt::must_answer(|| prompt::hidden_paste(&label, &help, &progress))?;
        not_empty(typed, field, "what was pasted")
    }
}

fn read_secret(path: &Path, field: Field, stdin: &mut Stdin) -> Result<Secret> {
    if path == Path::new("-") {
        return stdin.read(field);
    }
    let text = signals::read_file(path)?.map_err(|cause| {
        Error::invalid(field, format!("cannot read {}: {cause}", path.display())).responsible(Who::You)
    })?;
    not_empty(Secret::new(text), field, &path.display().to_string())
}
