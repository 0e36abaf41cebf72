//! The questions of `pluton storage add box`, in order. Only what is not yet answered is asked.

mod correct;

use std::env;
use std::path::PathBuf;

pub(super) use correct::{Next, correct};

use super::answers::Answers;
use crate::conf::{Document, Value};
use crate::context::Context;
use crate::error::{Error, Field, Result};
use crate::options::{BOX_SUB_TYPE, SPECS, Spec};
use crate::prompt::{self, Item, Progress};
use crate::remote::RemoteName;
use crate::secret::Secret;
use crate::sign_in::{Kind, Subject};
use crate::token::{self, NotAToken, Token};
use crate::{guide, store};

/// Asks for all that is missing. `present` is rclone.conf as it is; a name in it is refused unless `force`.
pub(super) fn complete(context: &Context, answers: &mut Answers, present: &Document, force: bool) -> Result<()> {
    if answers.name.is_none() {
        answers.name = Some(ask_name(present, force)?);
    }
    let asked_sign_in = answers.sign_in.is_none();
    if asked_sign_in {
        answers.sign_in = Some(ask_sign_in()?);
    }
    match answers.kind()? {
        Kind::Quick => complete_token(context, answers)?,
        Kind::OwnApp => {
            complete_app(answers, &guide::own_app())?;
            complete_token(context, answers)?;
        }
        Kind::Jwt => complete_jwt(answers)?,
        Kind::ClientCredentials => {
            complete_app(answers, guide::client_credentials())?;
            complete_subject(answers)?;
        }
        Kind::AccessToken => complete_access_token(answers)?,
    }
    if asked_sign_in && prompt::yes("Advanced options (root folder, upload cutoff …)?")? {
        ask_options(answers)?;
    }
    Ok(())
}

fn ask_name(present: &Document, force: bool) -> Result<String> {
    prompt::line("Storage name", Some(&free_name(present)), |name| {
        RemoteName::new(name)?;
        if present.has(name) && !force { Err(store::taken(name)) } else { Ok(()) }
    })
}

/// "Box", or "Box 2" where that is taken.
fn free_name(present: &Document) -> String {
    let numbered = (2..).map(|number| format!("Box {number}"));
    std::iter::once("Box".to_owned()).chain(numbered).find(|name| !present.has(name)).unwrap_or_default()
}

fn ask_sign_in() -> Result<Kind> {
    let item = |kind: &Kind| match kind {
        Kind::Quick => Item { title: "Quick connect", meaning: "rclone's own Box app; only a browser is needed" },
        Kind::OwnApp => {
            Item { title: "Your own Box app", meaning: "client ID and secret from the Box Developer Console" }
        }
        Kind::Jwt => {
            Item { title: "Service account", meaning: "the app's config.json (JWT), for servers that run unattended" }
        }
        Kind::ClientCredentials => {
            Item { title: "Client credentials", meaning: "client ID, secret and the enterprise or user to act for" }
        }
        Kind::AccessToken => Item { title: "Access token", meaning: "a developer token, good for 60 minutes" },
    };
    let chosen = prompt::choice("Sign in with", &Kind::ALL.each_ref().map(item))?;
    Kind::ALL.get(chosen).copied().ok_or_else(Error::interrupted)
}

fn complete_app(answers: &mut Answers, guide: &str) -> Result<()> {
    if answers.client_id.is_none() {
        prompt::explain(guide);
        answers.client_id = Some(prompt::line("Client ID", None, |text| saveable(Field::ClientId, text))?);
    }
    if answers.client_secret.is_none() {
        answers.client_secret = Some(ask_secret("Client secret", |_| Ok(()))?);
    }
    Ok(())
}

/// Where the browser is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Browser {
    Elsewhere,
    Link,
    Here,
}

fn complete_token(context: &Context, answers: &mut Answers) -> Result<()> {
    if answers.token.is_some() || answers.browser.is_some() {
        return Ok(());
    }
    match ask_browser()? {
        Browser::Here => answers.browser = Some(true),
        Browser::Link => {
            prompt::explain(&guide::forwarded_port(own_address().as_deref()));
            answers.browser = Some(false);
        }
        Browser::Elsewhere => {
            prompt::explain(&guide::other_machine(answers.client_id.as_deref()));
            answers.token = Some(ask_token(context)?);
        }
    }
    Ok(())
}

fn ask_browser() -> Result<Browser> {
    let order = if is_headless() {
        [Browser::Elsewhere, Browser::Link, Browser::Here]
    } else {
        [Browser::Here, Browser::Link, Browser::Elsewhere]
    };
    let item = |browser: Browser| match browser {
        Browser::Here => Item { title: "Yes, open it now", meaning: "" },
        Browser::Link => Item { title: "Yes, but only show me the link (also for ssh -L)", meaning: "" },
        Browser::Elsewhere => Item { title: "No, I will sign in on another machine", meaning: "" },
    };
    let chosen = prompt::choice("Is there a browser on this machine?", &order.map(item))?;
    order.get(chosen).copied().ok_or_else(Error::interrupted)
}

fn ask_token(context: &Context) -> Result<Secret> {
    let mut label = "Paste all that it prints here (it stays hidden): ";
    loop {
        let paste = prompt::hidden_paste(label, &progress)?;
        match Token::find(paste.expose()) {
            Ok(token) => {
                let length = token.blob().expose().chars().count();
                context.terminal.done(&format!("Token received, {length} characters"));
                return Ok(paste);
            }
            Err(why) => prompt::complain(&why.to_string()),
        }
        label = "Paste it again (it stays hidden; Ctrl-C ends): ";
    }
}

/// rclone prints the token between two lines with arrows; those who copy the first of them mostly copy the second.
fn progress(paste: &str) -> Progress {
    const HINT: &str = "This is not all of it yet. Paste the rest, up to <---End paste, or press Enter to stop here:";
    let opened = paste.contains("--->");
    let closed = paste.contains("<---End paste");
    match Token::find(paste) {
        _ if token::is_whole(paste) && (closed || !opened) => Progress::Whole,
        Err(NotAToken::Half | NotAToken::Empty) => Progress::Partial(HINT),
        Ok(_) | Err(_) => Progress::Enough,
    }
}

fn complete_jwt(answers: &mut Answers) -> Result<()> {
    if answers.box_config_file.is_none() {
        prompt::explain(guide::service_account());
        let trial = |text: &str| Answers {
            sign_in: Some(Kind::Jwt),
            box_config_file: Some(PathBuf::from(text)),
            ..Answers::default()
        };
        let path = prompt::line("Path of config.json", None, |text| trial(text).sign_in().map(drop))?;
        answers.box_config_file = Some(path.into());
    }
    Ok(())
}

fn complete_subject(answers: &mut Answers) -> Result<()> {
    if answers.box_subject.is_none() {
        prompt::explain(guide::subject());
        let check = |text: &str| Subject::parse(text).map(drop);
        answers.box_subject = Some(prompt::line("Act for (enterprise:ID or user:ID)", None, check)?);
    }
    Ok(())
}

fn complete_access_token(answers: &mut Answers) -> Result<()> {
    if answers.access_token.is_none() {
        prompt::explain(guide::access_token());
        let trial = |token: &Secret| Answers {
            sign_in: Some(Kind::AccessToken),
            access_token: Some(token.clone()),
            ..Answers::default()
        };
        answers.access_token = Some(ask_secret("Access token", |token| trial(token).sign_in().map(drop))?);
    }
    Ok(())
}

fn ask_secret(label: &str, check: impl Fn(&Secret) -> Result<()>) -> Result<Secret> {
    loop {
        let secret = prompt::hidden_line(&format!("{label} (it stays hidden): "))?;
        match check(&secret) {
            _ if secret.is_empty() => {}
            Ok(()) => return Ok(secret),
            Err(error) => prompt::complain(&error.message),
        }
    }
}

fn ask_options(answers: &mut Answers) -> Result<()> {
    prompt::explain("Enter keeps what is in the brackets.");
    for spec in &SPECS {
        let is_of_use = spec.key != BOX_SUB_TYPE || answers.sign_in == Some(Kind::Jwt);
        if is_of_use && !answers.options.contains_key(spec.key) {
            ask_option(answers, spec)?;
        }
    }
    Ok(())
}

fn ask_option(answers: &mut Answers, spec: &'static Spec) -> Result<()> {
    prompt::hint(spec.meaning);
    let check = |text: &str| saveable(Field::Option(spec.key), &spec.check(text)?);
    if let Some(value) = prompt::optional_line(spec.key, spec.default, check)? {
        answers.options.insert(spec.key, value);
    }
    Ok(())
}

fn saveable(field: Field, text: &str) -> Result<()> {
    Value::new(text).map(drop).map_err(|why| Error::invalid(field, format!("this cannot be saved: {why}")))
}

/// Where the session over SSH, if this is one, was made to.
fn own_address() -> Option<String> {
    env::var("SSH_CONNECTION").ok()?.split(' ').nth(2).map(str::to_owned)
}

/// No display, or a session over SSH: a browser opened here would not be seen.
fn is_headless() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let over_ssh = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(set);
    let no_display = cfg!(target_os = "linux") && !set("DISPLAY") && !set("WAYLAND_DISPLAY");
    over_ssh || no_display
}
