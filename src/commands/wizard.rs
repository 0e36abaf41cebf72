//! The questions of `pluton storage add box`, in order. Only what is not yet answered is asked, and each question leads
//! back to the one before. Also the menu of options and the list of folders, which `edit` uses too. Asks, and changes answers;
//! starts and saves nothing.

use std::env;
use std::sync::Once;
use std::time::Duration;

use super::input::{Answers, Browser, Taken, check};
use crate::box_api::Folder;
use crate::commands::help::{self, intro};
use crate::commands::{account, explain};
use crate::config::document::Document;
use crate::context::Context;
use crate::diagnosis::Doing;
use crate::error::{Code, Error, Field, Result};
use crate::storage::options::{Options, ROOT_FOLDER, SPECS, Spec, spec};
use crate::storage::section::{Section, value};
use crate::storage::sign_in::Kind;
use crate::storage::token::{NotAToken, Token};
use crate::ui::prompt::{self, Item, Progress, Reply};
use crate::ui::report::failure_text;
use crate::ui::terminal;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// One that has a flag of its own.
    Answer(Field),
    /// What to do if the name is taken.
    Taken,
    Browser,
    Options,
}

/// In the order in which they are asked.
const QUESTIONS: [Question; 11] = [
    Question::Answer(Field::Name),
    Question::Taken,
    Question::Answer(Field::SignIn),
    Question::Answer(Field::ClientId),
    Question::Answer(Field::ClientSecret),
    Question::Answer(Field::BoxSubject),
    Question::Browser,
    Question::Answer(Field::Token),
    Question::Answer(Field::BoxConfigFile),
    Question::Answer(Field::AccessToken),
    Question::Options,
];

struct Interview<'a> {
    context: &'a Context,
    /// rclone.conf as it is.
    present: &'a Document,
}

/// Asks for everything that is missing. Unless the storage may be replaced, also what to do if the name is taken.
pub(super) fn complete(context: &Context, answers: &mut Answers, present: &Document) -> Result<()> {
    let interview = Interview { context, present };
    let mut asked: Vec<Question> = Vec::new();
    let next = |answers: &Answers| QUESTIONS.into_iter().find(|question| interview.is_open(*question, answers));
    if next(answers).is_some() {
        static INTRODUCED: Once = Once::new();
        INTRODUCED.call_once(prompt::introduce);
    }
    while let Some(question) = next(answers) {
        match interview.ask(question, answers)? {
            Reply::Answer(()) if answers.taken == Taken::SignInAgain => return Ok(()),
            Reply::Answer(()) => asked.push(question),
            Reply::Back => match asked.pop() {
                Some(before) => forget(answers, before),
                None => terminal::error(prompt::FIRST),
            },
        }
    }
    Ok(())
}

fn forget(answers: &mut Answers, question: Question) {
    match question {
        Question::Answer(field) => answers.forget(field),
        Question::Taken => answers.taken = Taken::Ask,
        Question::Browser => answers.browser = None,
        Question::Options => {
            answers.options.clear();
            (answers.offers_options, answers.browses) = (true, false);
        }
    }
}

impl Interview<'_> {
    /// Whether it has to be asked: it concerns these answers, and has none yet.
    fn is_open(&self, question: Question, answers: &Answers) -> bool {
        let lacks = |field| answers.needs(field) && answers.get(field).is_none();
        match question {
            Question::Answer(Field::SignIn) => answers.sign_in.is_none(),
            Question::Answer(Field::Token) => lacks(Field::Token) && answers.browser == Some(Browser::Elsewhere),
            Question::Answer(field) => lacks(field),
            Question::Taken => {
                let is_taken = answers.get(Field::Name).is_some_and(|name| self.present.has(name));
                is_taken && answers.taken != Taken::Replace
            }
            Question::Browser => lacks(Field::Token) && answers.browser.is_none(),
            Question::Options => answers.offers_options,
        }
    }

    fn ask(&self, question: Question, answers: &mut Answers) -> Result<Reply<()>> {
        match question {
            Question::Answer(Field::SignIn) => ask_sign_in(answers),
            Question::Answer(field @ (Field::ClientSecret | Field::Token | Field::AccessToken)) => {
                self.ask_secret(answers, field)
            }
            Question::Answer(field) => self.ask_line(answers, field),
            Question::Taken => self.ask_about_taken(answers),
            Question::Browser => ask_browser(answers),
            Question::Options => ask_options(answers),
        }
    }

    fn ask_line(&self, answers: &mut Answers, field: Field) -> Result<Reply<()>> {
        let mut default = None;
        let (label, guide, help) = match field {
            Field::ClientId if answers.sign_in == Some(Kind::OwnApp) => ("Client ID", intro(help::OWN_APP), None),
            Field::ClientId => ("Client ID", intro(help::CLIENT_CREDENTIALS), None),
            Field::BoxConfigFile => ("Path of config.json", intro(help::SERVICE_ACCOUNT), None),
            Field::BoxSubject => {
                ("Act as (enterprise:ID or user:ID)", help::subject(), Some(intro(help::CLIENT_CREDENTIALS)))
            }
            _ => {
                let numbered = (2..).map(|number| format!("Box {number}"));
                default = std::iter::once("Box".to_owned()).chain(numbered).find(|name| !self.present.has(name));
                ("Storage name", "", Some(NAME_HELP))
            }
        };
        if !guide.is_empty() {
            prompt::explain(guide);
        }
        let answer = prompt::line(label, default.as_deref(), help.unwrap_or(guide), |text| check(field, text))?;
        Ok(answer.map(|text| answers.set(field, &text)))
    }

    fn ask_about_taken(&self, answers: &mut Answers) -> Result<Reply<()>> {
        let name = answers.get(Field::Name).unwrap_or_default();
        let is_box = self.present.get(name, "type").is_some_and(|kind| kind.expose() == "box");
        let again = Item { title: "Sign in again", meaning: "keeps its options" };
        let replace = Item { title: "Replace it", meaning: "once the new one has been verified" };
        let another = Item { title: "Choose another name", meaning: "" };
        let items: &[Item<'_>] = if is_box { &[again, replace, another] } else { &[another, replace] };
        let label = format!("A remote named {name:?} already exists in rclone.conf");
        Ok(prompt::choice(&label, items, None, true)?.map(|chosen| match items[chosen].title {
            title if title == again.title => answers.taken = Taken::SignInAgain,
            title if title == replace.title => answers.taken = Taken::Replace,
            _ => answers.forget(Field::Name),
        }))
    }

    fn ask_secret(&self, answers: &mut Answers, field: Field) -> Result<Reply<()>> {
        let (mut label, help) = match field {
            Field::Token => {
                prompt::explain(&help::other_machine(answers.get(Field::ClientId)));
                ("Paste everything it prints here (it stays hidden): ", TOKEN_HELP)
            }
            Field::AccessToken => {
                prompt::explain(help::ACCESS_TOKEN);
                ("Access token (it stays hidden): ", help::ACCESS_TOKEN)
            }
            _ => ("Client secret (it stays hidden): ", CLIENT_SECRET_HELP),
        };
        loop {
            let typed = match field {
                Field::Token => prompt::hidden_paste(label, help, &progress)?,
                _ => prompt::hidden_answer(label, help)?,
            };
            let Reply::Answer(secret) = typed else { return Ok(Reply::Back) };
            match check(field, secret.expose()) {
                _ if field != Field::Token && secret.is_empty() => {}
                Err(error) => terminal::error(&error.message),
                Ok(()) => {
                    if let (Field::Token, Ok(token)) = (field, Token::find(secret.expose())) {
                        let length = token.blob().expose().chars().count();
                        self.context.terminal.done(&format!("Token received, {length} characters"));
                    }
                    answers.set(field, secret.expose());
                    return Ok(Reply::Answer(()));
                }
            }
            if field == Field::Token {
                label = "Paste it again (it stays hidden; Esc goes back): ";
            }
        }
    }
}

/// After a failure: offers to correct one of the answers that may be wrong, or to try again; all others stay.
pub(super) fn correct(answers: &mut Answers, error: Error) -> Result<()> {
    let fields: Vec<Field> = error.fields.iter().copied().filter(|field| answers.needs(*field)).collect();
    let correction = |field: &Field| match field {
        Field::Option(key) => format!("Correct the option {key}"),
        field => format!("Correct the {}", field.names().title),
    };
    let Some(chosen) = what_now(error, fields.iter().map(correction).collect())? else { return Ok(()) };
    answers.forget(fields[chosen]);
    match fields[chosen] {
        Field::Token => answers.browser = None,
        Field::Option(key) => {
            spec(key).map_or(Ok(()), |spec| ask_option(&mut answers.options, spec))?;
        }
        _ => {}
    }
    Ok(())
}

/// Shows a failure and asks what to do: one of `corrections`, or `None` to try again.
///
/// # Errors
/// The failure itself, if the person gives up.
pub(super) fn what_now(error: Error, mut corrections: Vec<String>) -> Result<Option<usize>> {
    terminal::error(&failure_text(&error));
    let again = corrections.len();
    corrections.extend(["Try again".into(), "Give up".into()]);
    let items: Vec<_> = corrections.iter().map(|title| Item { title, meaning: "" }).collect();
    // An extra Enter while rclone was busy must not answer this.
    prompt::forget_typed();
    match prompt::must_choose("What now?", &items)? {
        chosen if chosen > again => Err(Error { shown: true, ..error }),
        chosen => Ok((chosen < again).then_some(chosen)),
    }
}

const NAME_HELP: &str = "The name of the remote in rclone.conf, as in rclone:NAME:folder for backup programs. \
    Letters, digits, spaces, dots, - and _ are fine.";
const SIGN_IN_HELP: &str = "Quick connect is right for one computer with one Box account: sign in with a browser and you are \
    done. Your own Box app does the same with an app that you or your company registered at Box. A service account or \
    client credentials need no person and no browser; a Box admin must authorize the app once. An access token lasts \
    60 minutes, so use one only for testing.";
const BROWSER_HELP: &str = "Box signs you in on a web page. If the browser is on another computer, that computer's rclone \
    can sign in and print a token to paste here, or its port can be forwarded with ssh.";
const TOKEN_HELP: &str = "Paste everything that `rclone authorize` printed, with or without the lines with arrows. \
    It does not show on the screen. If Pluton still waits after that, press Enter on an empty line.";
const CLIENT_SECRET_HELP: &str = "The client secret is below the client ID: Developer Console > your app > Configuration. \
    Box shows it only to accounts with 2-factor authentication.";
const OPTIONS_HELP: &str = "Most people need none. A root folder limits the storage to that folder of the account; the others \
    tune uploads and listings. All of them can be changed later with `pluton storage edit`.";

fn ask_sign_in(answers: &mut Answers) -> Result<Reply<()>> {
    let item = |kind: &Kind| match kind {
        Kind::Quick => Item { title: "Quick connect", meaning: "rclone's own Box app; only a browser is needed" },
        Kind::OwnApp => Item { title: "Your own Box app", meaning: "client ID and secret from the Developer Console" },
        Kind::Jwt => Item { title: "Service account", meaning: "the app's config.json (JWT), for servers" },
        Kind::ClientCredentials => Item { title: "Client credentials", meaning: "client ID, secret and who to act as" },
        Kind::AccessToken => Item { title: "Access token", meaning: "a developer token, valid for 60 minutes" },
    };
    let chosen = prompt::choice("Sign in with", &Kind::ALL.each_ref().map(item), Some(SIGN_IN_HELP), true)?;
    Ok(chosen.map(|chosen| (answers.sign_in, answers.offers_options) = (Some(Kind::ALL[chosen]), true)))
}

fn ask_browser(answers: &mut Answers) -> Result<Reply<()>> {
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
    Ok(chosen.map(|chosen| {
        answers.browser = Some(order[chosen]);
        if order[chosen] == Browser::Link {
            // The address that the SSH session, if this is one, connected to.
            let connection = env::var("SSH_CONNECTION").ok();
            let own_address = connection.as_deref().and_then(|text| text.split(' ').nth(2));
            prompt::explain(&help::forwarded_port(own_address));
        }
    }))
}

/// No display, or a session over SSH: a browser opened here would not be seen.
fn is_headless() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let over_ssh = ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(set);
    let no_display = cfg!(target_os = "linux") && !set("DISPLAY") && !set("WAYLAND_DISPLAY");
    over_ssh || no_display
}

/// rclone prints the token between two lines with arrows; those who copy the first of them mostly copy the second.
pub(super) fn progress(paste: &str) -> Progress {
    const HINT: &str = "This is not all of it yet. Paste the rest, or press Enter to stop here:";
    let opened = paste.contains("--->");
    let closed = paste.contains("<---End paste");
    match Token::find(paste) {
        _ if closed => Progress::Whole,
        Ok(_) if !opened => Progress::Whole,
        Err(NotAToken::Partial(_)) => Progress::Partial(HINT),
        Ok(_) | Err(_) => Progress::Enough,
    }
}

fn ask_options(answers: &mut Answers) -> Result<Reply<()>> {
    let wanted = match prompt::yes_or_back("Advanced options (root folder, upload cutoff …)?", OPTIONS_HELP)? {
        Reply::Back => return Ok(Reply::Back),
        Reply::Answer(wanted) => wanted,
    };
    if wanted {
        let later = |options: &mut Options| {
            options.remove(ROOT_FOLDER);
            Ok(true)
        };
        match menu(answers.kind()?, &mut answers.options, "Continue", &later)? {
            Reply::Back => return Ok(Reply::Back),
            Reply::Answer(browses) => answers.browses = browses,
        }
    }
    answers.offers_options = false;
    Ok(Reply::Answer(()))
}

/// How long Box may take to list a folder.
const LIMIT: Duration = Duration::from_secs(20);

fn plain(title: &str) -> Item<'_> {
    Item { title, meaning: "" }
}

/// Lets options that fit the sign-in be changed one by one, until the row `done`. `browse` has the root folder chosen from a
/// list, or answers that this is for later; so does the menu in the end.
pub(super) fn menu(
    kind: Kind,
    options: &mut Options,
    done: &str,
    browse: &dyn Fn(&mut Options) -> Result<bool>,
) -> Result<Reply<bool>> {
    let mut browses_later = false;
    loop {
        let fitting: Vec<&'static Spec> = SPECS.iter().filter(|spec| (spec.fits)(kind)).collect();
        let value = |spec: &&'static Spec| match spec.key {
            ROOT_FOLDER if browses_later => "chosen after you sign in".to_owned(),
            _ => present(spec, options),
        };
        let values: Vec<String> = fitting.iter().map(value).collect();
        let rows = fitting.iter().zip(&values).map(|(spec, value)| Item { title: spec.title, meaning: value });
        let items: Vec<Item<'_>> = std::iter::once(plain(done)).chain(rows).collect();
        let chosen = match prompt::choice("Options", &items, None, true)? {
            Reply::Back => return Ok(Reply::Back),
            Reply::Answer(0) => return Ok(Reply::Answer(browses_later)),
            Reply::Answer(row) => fitting[row - 1],
        };
        if chosen.key == ROOT_FOLDER {
            let ways = [plain("Choose it from a list"), plain("Type its ID or address")];
            match prompt::choice(chosen.title, &ways, None, true)? {
                Reply::Back => continue,
                Reply::Answer(0) => {
                    browses_later = browse(options)?;
                    continue;
                }
                Reply::Answer(_) => browses_later = false,
            }
        }
        ask_option(options, chosen)?;
    }
}

/// Asks for one option; going back leaves it unchanged.
fn ask_option(options: &mut Options, spec: &'static Spec) -> Result<()> {
    let keep =
        if options.contains_key(spec.key) { "Enter keeps the value, - clears it" } else { "Enter leaves it unset" };
    prompt::explain(&format!("{} ({}). {keep}.", spec.help, spec.key));
    let now = present(spec, options);
    let check = |text: &str| match text {
        "-" => Ok(()),
        text if text == now => Ok(()),
        text => value(Field::Option(spec.key), spec.key, &spec.check(text)?).map(drop),
    };
    match prompt::line(spec.title, Some(&now), spec.help, check)? {
        Reply::Answer(value) if value == "-" => drop(options.remove(spec.key)),
        Reply::Answer(value) if value != now => drop(options.insert(spec.key, value)),
        Reply::Answer(_) | Reply::Back => {}
    }
    Ok(())
}

/// The current value: the one that was set, or rclone's default.
fn present(spec: &Spec, options: &Options) -> String {
    options.get(spec.key).cloned().unwrap_or_else(|| spec.default.to_owned())
}

/// Lets a folder be chosen by going through the folders at Box; `None` is the account's root.
pub(super) fn browse(section: &Section) -> Result<Reply<Option<Folder>>> {
    let caller = account::caller(section, LIMIT)
        .ok_or_else(|| Error::new(Code::TokenExpired, format!("the token of {:?} has expired", section.name())))?;
    let mut path: Vec<Folder> = Vec::new();
    loop {
        let id = path.last().map_or("0", |folder| folder.id.as_str());
        let folders = caller.folders(id)?.map_err(|refused| explain::refused(Doing::Listing, &refused, section))?;
        let this = format!("Use this one: {}", path.last().map_or("the account's root", |folder| &folder.name));
        let label = std::iter::once("Folders").chain(path.iter().map(|folder| folder.name.as_str()));
        let label = label.collect::<Vec<_>>().join(" / ");
        let inside = folders.iter().map(|folder| plain(&folder.name));
        let items: Vec<Item<'_>> = std::iter::once(plain(&this)).chain(inside).collect();
        match prompt::choice(&label, &items, None, true)? {
            Reply::Answer(0) => return Ok(Reply::Answer(path.pop())),
            Reply::Answer(row) => path.extend(folders.get(row - 1).cloned()),
            Reply::Back if path.is_empty() => return Ok(Reply::Back),
            Reply::Back => drop(path.pop()),
        }
    }
}

/// One of the folders that others share with a service account; `None` is its own root.
pub(super) fn choose_shared(folders: &[Folder]) -> Reply<Option<Folder>> {
    let meanings: Vec<_> = folders.iter().map(|folder| format!("shared with it, ID {}", folder.id)).collect();
    let own = Item { title: "Its own root", meaning: "only the service account sees it" };
    let shared = folders.iter().zip(&meanings).map(|(folder, meaning)| Item { title: &folder.name, meaning });
    let items: Vec<_> = std::iter::once(own).chain(shared).collect();
    // The storage is complete without an answer.
    let chosen = prompt::choice("Back up into", &items, None, false).unwrap_or(Reply::Back);
    chosen.map(|chosen| chosen.checked_sub(1).and_then(|index| folders.get(index)).cloned())
}
