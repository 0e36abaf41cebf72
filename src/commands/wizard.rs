//! The questions of `pluton storage add box`, in order. Only what is not yet answered is asked, and each question leads
//! back to the one before.

mod correct;
mod menu;

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

pub(super) use correct::{Next, correct};
pub(super) use menu::{Chosen, Options, RootFolder, ask as ask_option, ask_root_folder, menu};

use super::input::{Answers, Browser};
use crate::commands::help;
use crate::config::document::{Document, Value};
use crate::context::Context;
use crate::error::{Error, Field, Result};
use crate::secret::Secret;
use crate::storage::name::RemoteName;
use crate::storage::options::{ROOT_FOLDER, spec};
use crate::storage::paste::{self, NotAToken};
use crate::storage::sign_in::{Kind, Subject};
use crate::storage::token::Token;
use crate::ui::prompt::{self, Item, Progress, Reply};

/// What the questions come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    /// The storage of this name is there, and only its sign-in is to be new.
    SignInAgain(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Name,
    /// What to do about a storage that has this name.
    Taken,
    SignIn,
    ClientId,
    ClientSecret,
    Browser,
    Token,
    BoxConfigFile,
    BoxSubject,
    AccessToken,
    Options,
}

/// Asks for all that is missing. `present` is rclone.conf as it is; what to do about a name in it is asked unless `force`.
pub(super) fn complete(context: &Context, answers: &mut Answers, present: &Document, force: bool) -> Result<Outcome> {
    let interview = Interview { context, present, force };
    let mut asked: Vec<Question> = Vec::new();
    if interview.next(answers, &asked).is_some() {
        prompt::introduce();
    }
    while let Some(question) = interview.next(answers, &asked) {
        match interview.ask(question, answers)? {
            Reply::Answer(Outcome::Complete) => asked.push(question),
            Reply::Answer(other) => return Ok(other),
            Reply::Back => match asked.pop() {
                Some(before) => forget(answers, before),
                None => prompt::complain("this is the first question; Ctrl-C quits"),
            },
        }
    }
    Ok(Outcome::Complete)
}

fn forget(answers: &mut Answers, question: Question) {
    match question {
        Question::Name => answers.forget(Field::Name),
        Question::Taken => answers.replaces = false,
        Question::SignIn => answers.forget(Field::SignIn),
        Question::ClientId => answers.forget(Field::ClientId),
        Question::ClientSecret => answers.forget(Field::ClientSecret),
        Question::Browser => answers.forget(Field::Token),
        Question::Token => answers.token = None,
        Question::BoxConfigFile => answers.forget(Field::BoxConfigFile),
        Question::BoxSubject => answers.forget(Field::BoxSubject),
        Question::AccessToken => answers.forget(Field::AccessToken),
        Question::Options => (answers.browses, answers.options) = (false, BTreeMap::new()),
    }
}

struct Interview<'a> {
    context: &'a Context,
    present: &'a Document,
    force: bool,
}

impl Interview<'_> {
    /// The first question that has no answer yet.
    fn next(&self, answers: &Answers, asked: &[Question]) -> Option<Question> {
        let name = answers.name.as_deref();
        let is_taken = name.is_some_and(|name| self.present.has(name)) && !self.force && !answers.replaces;
        let has_token = answers.token.is_some();
        let is_elsewhere = answers.browser == Some(Browser::Elsewhere);
        let of_sign_in: &[(bool, Question)] = match answers.sign_in {
            None => &[(true, Question::SignIn)],
            Some(Kind::Quick | Kind::OwnApp) => &[
                (answers.sign_in == Some(Kind::OwnApp) && answers.client_id.is_none(), Question::ClientId),
                (answers.sign_in == Some(Kind::OwnApp) && answers.client_secret.is_none(), Question::ClientSecret),
                (!has_token && answers.browser.is_none(), Question::Browser),
                (!has_token && is_elsewhere, Question::Token),
            ],
            Some(Kind::ClientCredentials) => &[
                (answers.client_id.is_none(), Question::ClientId),
                (answers.client_secret.is_none(), Question::ClientSecret),
                (answers.box_subject.is_none(), Question::BoxSubject),
            ],
            Some(Kind::Jwt) => &[(answers.box_config_file.is_none(), Question::BoxConfigFile)],
            Some(Kind::AccessToken) => &[(answers.access_token.is_none(), Question::AccessToken)],
        };
        let options = asked.contains(&Question::SignIn) && !asked.contains(&Question::Options);
        [(name.is_none(), Question::Name), (is_taken, Question::Taken)]
            .iter()
            .chain(of_sign_in)
            .chain(&[(options, Question::Options)])
            .find_map(|(is_missing, question)| is_missing.then_some(*question))
    }

    fn ask(&self, question: Question, answers: &mut Answers) -> Result<Reply<Outcome>> {
        let done = match question {
            Question::Taken => return self.ask_about_taken(answers),
            Question::Name => self.ask_name()?.map(|name| answers.name = Some(name)),
            Question::SignIn => ask_sign_in()?.map(|kind| answers.sign_in = Some(kind)),
            Question::ClientId => ask_client_id(answers.sign_in)?.map(|id| answers.client_id = Some(id)),
            Question::ClientSecret => ask_secret("Client secret", CLIENT_SECRET_HELP, |_| Ok(()))?
                .map(|secret| answers.client_secret = Some(secret)),
            Question::Browser => ask_browser()?.map(|browser| answers.browser = Some(browser)),
            Question::Token => ask_token(self.context, answers)?.map(|token| answers.token = Some(token)),
            Question::BoxConfigFile => ask_config_file()?.map(|path| answers.box_config_file = Some(path)),
            Question::BoxSubject => ask_subject()?.map(|subject| answers.box_subject = Some(subject)),
            Question::AccessToken => ask_access_token()?.map(|token| answers.access_token = Some(token)),
            Question::Options => ask_options(answers)?,
        };
        Ok(done.map(|()| Outcome::Complete))
    }

    fn ask_name(&self) -> Result<Reply<String>> {
        prompt::line("Storage name", Some(&free_name(self.present)), NAME_HELP, |name| RemoteName::new(name).map(drop))
    }

    fn ask_about_taken(&self, answers: &mut Answers) -> Result<Reply<Outcome>> {
        let name = answers.name.clone().unwrap_or_default();
        let is_box = self.present.get(&name, "type").is_some_and(|kind| kind.expose() == "box");
        let again = Item { title: "Sign in again for it", meaning: "its options stay" };
        let replace = Item { title: "Replace it", meaning: "once the new one has been verified" };
        let another = Item { title: "Choose another name", meaning: "" };
        let items: &[Item<'_>] = if is_box { &[again, replace, another] } else { &[another, replace] };
        let label = format!("There is already a remote called {name:?} in rclone.conf");
        let Reply::Answer(chosen) = prompt::choice(&label, items, None, true)? else { return Ok(Reply::Back) };
        match items[chosen].title {
            title if title == again.title => return Ok(Reply::Answer(Outcome::SignInAgain(name))),
            title if title == replace.title => answers.replaces = true,
            _ => answers.forget(Field::Name),
        }
        Ok(Reply::Answer(Outcome::Complete))
    }
}

const NAME_HELP: &str = "The name of the remote in rclone.conf. Backup programs then say rclone:NAME:folder. \
    Letters, digits, spaces, dots, - and _ are fine.";
const SIGN_IN_HELP: &str = "Quick connect is right for one computer with one Box account: sign in in a browser and you are \
    done. Your own Box app does the same with an app that you or your company registered at Box. A service account or \
    client credentials need no person and no browser; a Box admin must authorize the app once. An access token lasts \
    60 minutes: for a quick look only.";
const BROWSER_HELP: &str = "Box signs you in on a web page. If the browser is on another computer, that computer's rclone \
    can sign in and print a token to paste here, or its port can be forwarded with ssh.";
const TOKEN_HELP: &str = "Paste everything that `rclone authorize` printed, with or without the lines with arrows. \
    It does not show on the screen. It ends by itself; if not, press Enter on an empty line.";
const CLIENT_SECRET_HELP: &str = "The client secret stands below the client ID in the Box Developer Console, on your app's \
    Configuration tab.";
const OPTIONS_HELP: &str = "Most people need none. A root folder shows only that folder of the account; the others tune \
    uploads and listings. All of them can be changed later with pluton storage edit.";

/// "Box", or "Box 2" where that is taken.
fn free_name(present: &Document) -> String {
    let numbered = (2..).map(|number| format!("Box {number}"));
    std::iter::once("Box".to_owned()).chain(numbered).find(|name| !present.has(name)).unwrap_or_default()
}

fn ask_sign_in() -> Result<Reply<Kind>> {
    let item = |kind: &Kind| match kind {
        Kind::Quick => Item { title: "Quick connect", meaning: "rclone's own Box app; only a browser is needed" },
        Kind::OwnApp => Item { title: "Your own Box app", meaning: "client ID and secret from the Developer Console" },
        Kind::Jwt => Item { title: "Service account", meaning: "the app's config.json (JWT), for servers" },
        Kind::ClientCredentials => Item { title: "Client credentials", meaning: "client ID, secret and who to act as" },
        Kind::AccessToken => Item { title: "Access token", meaning: "a developer token, valid for 60 minutes" },
    };
    let chosen = prompt::choice("Sign in with", &Kind::ALL.each_ref().map(item), Some(SIGN_IN_HELP), true)?;
    Ok(chosen.map(|chosen| Kind::ALL[chosen]))
}

fn ask_client_id(kind: Option<Kind>) -> Result<Reply<String>> {
    let guide = match kind {
        Some(Kind::ClientCredentials) => help::client_credentials(),
        _ => help::own_app(),
    };
    prompt::explain(guide);
    prompt::line("Client ID", None, guide, |text| saveable(Field::ClientId, text))
}

fn ask_browser() -> Result<Reply<Browser>> {
    let order = if is_headless() {
        [Browser::Elsewhere, Browser::Link, Browser::Here]
    } else {
        [Browser::Here, Browser::Link, Browser::Elsewhere]
    };
    let item = |browser: Browser| match browser {
        Browser::Here => Item { title: "Yes, open it now", meaning: "" },
        Browser::Link => Item { title: "Yes, just show the link (also for ssh -L)", meaning: "" },
        Browser::Elsewhere => Item { title: "No, I will sign in on another machine", meaning: "" },
    };
    let chosen = prompt::choice("Is there a browser on this machine?", &order.map(item), Some(BROWSER_HELP), true)?;
    let browser = chosen.map(|chosen| order[chosen]);
    if browser == Reply::Answer(Browser::Link) {
        prompt::explain(&help::forwarded_port(own_address().as_deref()));
    }
    Ok(browser)
}

fn ask_token(context: &Context, answers: &Answers) -> Result<Reply<Secret>> {
    prompt::explain(&help::other_machine(answers.client_id.as_deref()));
    let mut label = "Paste everything it prints here (it stays hidden): ";
    loop {
        let Reply::Answer(paste) = prompt::hidden_paste(label, TOKEN_HELP, &progress)? else { return Ok(Reply::Back) };
        match Token::find(paste.expose()) {
            Ok(token) => {
                let length = token.blob().expose().chars().count();
                context.terminal.done(&format!("Token received, {length} characters"));
                return Ok(Reply::Answer(paste));
            }
            Err(why) => prompt::complain(&why.to_string()),
        }
        label = "Paste it again (it stays hidden; Esc goes back): ";
    }
}

/// rclone prints the token between two lines with arrows; those who copy the first of them mostly copy the second.
pub(super) fn progress(paste: &str) -> Progress {
    const HINT: &str = "This is not all of it yet. Paste the rest, or press Enter to stop here:";
    let opened = paste.contains("--->");
    let closed = paste.contains("<---End paste");
    match Token::find(paste) {
        _ if paste::is_whole(paste) && (closed || !opened) => Progress::Whole,
        Err(NotAToken::Half | NotAToken::Empty) => Progress::Partial(HINT),
        Ok(_) | Err(_) => Progress::Enough,
    }
}

fn ask_config_file() -> Result<Reply<PathBuf>> {
    prompt::explain(help::service_account());
    let trial = |text: &str| Answers {
        sign_in: Some(Kind::Jwt),
        box_config_file: Some(PathBuf::from(text)),
        ..Answers::default()
    };
    let check = |text: &str| trial(text).sign_in().map(drop);
    Ok(prompt::line("Path of config.json", None, help::service_account(), check)?.map(PathBuf::from))
}

fn ask_subject() -> Result<Reply<String>> {
    prompt::explain(help::subject());
    let check = |text: &str| Subject::parse(text).map(drop);
    prompt::line("Act as (enterprise:ID or user:ID)", None, help::client_credentials(), check)
}

fn ask_access_token() -> Result<Reply<Secret>> {
    prompt::explain(help::access_token());
    let trial = |token: &Secret| Answers {
        sign_in: Some(Kind::AccessToken),
        access_token: Some(token.clone()),
        ..Answers::default()
    };
    ask_secret("Access token", help::access_token(), |token| trial(token).sign_in().map(drop))
}

fn ask_secret(label: &str, help: &str, check: impl Fn(&Secret) -> Result<()>) -> Result<Reply<Secret>> {
    loop {
        let Reply::Answer(secret) = prompt::hidden_answer(&format!("{label} (it stays hidden): "), help)? else {
            return Ok(Reply::Back);
        };
        match check(&secret) {
            _ if secret.is_empty() => {}
            Ok(()) => return Ok(Reply::Answer(secret)),
            Err(error) => prompt::complain(&error.message),
        }
    }
}

fn ask_options(answers: &mut Answers) -> Result<Reply<()>> {
    let question = "Advanced options (root folder, upload cutoff …)?";
    match prompt::yes_or_back(question, OPTIONS_HELP)? {
        Reply::Back => return Ok(Reply::Back),
        Reply::Answer(false) => return Ok(Reply::Answer(())),
        Reply::Answer(true) => {}
    }
    loop {
        let later = answers.browses.then_some("to be chosen once you are signed in");
        match menu(answers.kind()?, &mut answers.options, "Continue", later)? {
            Reply::Back => return Ok(Reply::Back),
            Reply::Answer(Chosen::Done) => return Ok(Reply::Answer(())),
            Reply::Answer(Chosen::RootFolder) => ask_root(answers)?,
        }
    }
}

fn ask_root(answers: &mut Answers) -> Result<()> {
    match ask_root_folder("once you are signed in")? {
        Reply::Back => {}
        Reply::Answer(RootFolder::FromList) => {
            answers.browses = true;
            answers.options.remove(ROOT_FOLDER);
        }
        Reply::Answer(RootFolder::Typed) => {
            answers.browses = false;
            spec(ROOT_FOLDER).map_or(Ok(()), |spec| ask_option(&mut answers.options, spec))?;
        }
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
