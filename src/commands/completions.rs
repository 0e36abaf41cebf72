//! `pluton completions SHELL` prints the scripts of `completions/`; on TAB they run this program with [`VARIABLE`] set.
//!
//! Reads rclone.conf, starts no program, asks nothing, and offers nothing if anything fails. clap's engine knows
//! commands and flags, [`Line`] knows storages, keys and topics. clap's own scripts are not used, since a name like `My
//! Box` breaks in them: bash gets it without quotes, and fish and zsh offer nothing once a quote is typed.
//!
//! A script calls `pluton -- WORD…`, where the last word is the one at the cursor. The first line of the answer says
//! what belongs there, and the others are candidates. The `--` keeps a pluton that does not know the variable from
//! running the line.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory as _, FromArgMatches as _, ValueHint};
use clap_complete::engine::{ArgValueCompleter, complete};
use clap_complete::{CompletionCandidate as Candidate, Shell};

use crate::cli::{Cli, Completions, Global};
use crate::commands::help;
use crate::commands::pick::boxes;
use crate::config::crypt;
use crate::config::document::Document;
use crate::context::Context;
use crate::diagnosis;
use crate::error::{Code, Error, Result};
use crate::storage::options::{DESCRIPTION, SPECS, spec};
use crate::ui::report::Report;

/// Names the shell that asks, and so makes this process answer a completion.
pub(crate) const VARIABLE: &str = "PLUTON_COMPLETE";

pub(super) fn run(flags: &Completions) -> Result<Report> {
    let script = match flags.shell {
        Shell::Bash => include_str!("../../completions/pluton.bash"),
        Shell::Elvish => include_str!("../../completions/pluton.elv"),
        Shell::Fish => include_str!("../../completions/pluton.fish"),
        Shell::PowerShell => include_str!("../../completions/_pluton.ps1"),
        Shell::Zsh => include_str!("../../completions/_pluton"),
        shell => return Err(Error::new(Code::InvalidValue, format!("there are no completions for {shell}"))),
    };
    Ok(Report::Raw(script.as_bytes().to_vec()))
}

/// What belongs where the cursor is: `values`; `open` for values after which no space follows; or what the shell completes itself,
/// `files` and the `command` after `--`.
struct Answer {
    kind: &'static str,
    values: Vec<Value>,
}

struct Value {
    text: String,
    help: Option<String>,
}

/// The answer to a script. `arguments` are those of the process, without its name.
pub(crate) fn answer(shell: &OsStr, arguments: impl Iterator<Item = OsString>) -> Report {
    let mut words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    if words.first().is_some_and(|word| word == "--") {
        words.remove(0);
    }
    let text = match shell.to_str() {
        _ if words.is_empty() => None,
        Some("bash") => {
            read_bash(&words).map(|(words, typed)| find(words, true).written(|value| typed.completed(&value.text)))
        }
        Some("zsh") => Some(find(words, false).written(|value| {
            let text = value.text.replace('\\', "\\\\").replace(':', "\\:");
            Some(value.help.as_ref().map_or(text.clone(), |help| format!("{text}:{help}")))
        })),
        Some("fish" | "elvish") => Some(find(words, false).written(|value| Some(value.described()))),
        Some("powershell") => {
            // Some versions of PowerShell lose empty arguments, so the script adds a dot to the last one.
            words.last_mut().filter(|word| word.ends_with('.')).map(String::pop);
            Some(find(words, true).written(|value| Some(value.described())))
        }
        _ => None,
    };
    Report::Raw(text.unwrap_or_default().into_bytes())
}

/// What belongs at the end of these words. `filters` leaves out what does not begin as the last word does; some shells do that
/// themselves, and know about quotes.
fn find(mut words: Vec<String>, filters: bool) -> Answer {
    // Assignments, `sudo` and the like come before the program.
    let is_pluton = |word: &String| Path::new(word).file_stem().is_some_and(|name| name == "pluton");
    words.drain(..words.iter().position(is_pluton).unwrap_or(0));
    words.resize(words.len().max(2), String::new());
    let current = words.pop().unwrap_or_default();
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(&words).ok();
    let is_run = matches.as_ref().and_then(|matches| matches.subcommand_name()) == Some("run");
    if is_run && words.iter().any(|word| word == "--") {
        return Answer { kind: "command", values: Vec::new() };
    }
    let leaf = matches.as_ref().map(crate::leaf);
    let line = Arc::new(Line {
        global: leaf.and_then(|leaf| Global::from_arg_matches(leaf).ok()),
        storage: leaf.and_then(|leaf| leaf.try_get_one::<String>("name").ok().flatten().cloned()),
        before: words.clone(),
        is_begun: !current.is_empty(),
    });
    words.push(stem(&current).to_owned());
    let (index, words) = (words.len() - 1, words.into_iter().map(OsString::from).collect());
    let found = complete(&mut attach(Cli::command(), &line), words, index, None).unwrap_or_default();
    let has = |mark: &str| found.iter().any(|candidate| candidate.get_value().to_string_lossy().ends_with(mark));
    let mut values: Vec<Value> = found.iter().filter_map(Value::of).collect();
    if has(FILES) && !(current.starts_with('-') && values.iter().any(Value::is_flag)) {
        return Answer { kind: "files", values: Vec::new() };
    }
    // Flags are offered once a hyphen is typed, or if nothing is typed and nothing else fits.
    let others = !current.is_empty() || has(WORD) || values.iter().any(|value| !value.is_flag());
    if others && !current.starts_with('-') {
        values.retain(|value| !value.is_flag());
    }
    if filters {
        keep_matching(&mut values, &current);
    }
    let kind = if values.iter().any(|value| value.text.ends_with(':')) { "open" } else { "values" };
    Answer { kind, values }
}

/// The prefix of a word that decides what kind of candidates fit.
fn stem(current: &str) -> &str {
    match current.split_once('=') {
        Some((flag, _)) if flag.starts_with("--") => &current[..=flag.len()],
        _ if current.starts_with("--") => "--",
        _ if current.starts_with('-') => "-",
        _ => "",
    }
}

/// The candidates that begin with `typed`, ignoring case if none does.
fn keep_matching(values: &mut Vec<Value>, typed: &str) {
    if values.iter().any(|value| value.text.starts_with(typed)) {
        values.retain(|value| value.text.starts_with(typed));
    } else {
        let typed = typed.to_lowercase();
        values.retain(|value| value.text.to_lowercase().starts_with(&typed));
    }
}

impl Answer {
    /// For a script, with each candidate in the form that its shell wants.
    fn written(&self, form: impl Fn(&Value) -> Option<String>) -> String {
        let values = self.values.iter().filter_map(form);
        std::iter::once(self.kind.to_owned()).chain(values).map(|line| line + "\n").collect()
    }
}

impl Value {
    /// `None` for marks, and for what does not fit on a line.
    fn of(candidate: &Candidate) -> Option<Self> {
        let text = candidate.get_value().to_str().filter(|text| !text.contains(char::is_control))?;
        let help = candidate.get_help().map(StyledStr::to_string);
        let help = help.and_then(|help| Some(help.lines().next()?.replace(char::is_control, " ")));
        Some(Self { text: text.to_owned(), help: help.filter(|help| !help.is_empty()) })
    }

    fn is_flag(&self) -> bool {
        self.text.starts_with('-')
    }

    /// With its help after a tab.
    fn described(&self) -> String {
        self.help.as_ref().map_or(self.text.clone(), |help| format!("{}\t{help}", self.text))
    }
}

/// A placeholder for the files that the shell finds.
const FILES: &str = "\0files";
/// A placeholder for a word that only the user knows.
const WORD: &str = "\0word";

const DURATIONS: [&str; 6] = ["30s", "60s", "5m", "30m", "1h", "14d"];
const SUBJECTS: [&str; 2] = ["enterprise:", "user:"];

/// What was typed so far.
struct Line {
    global: Option<Global>,
    /// The storage that is named on the line.
    storage: Option<String>,
    /// The words before the cursor.
    before: Vec<String>,
    /// Whether the word at the cursor has a letter yet.
    is_begun: bool,
}

/// Adds a source of candidates to every argument whose values clap does not know.
fn attach(command: Command, line: &Arc<Line>) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| {
        let Some(source) = source(&name, &arg) else { return arg };
        let line = Arc::clone(line);
        let mark = arg.is_positional().then_some(WORD);
        arg.add(ArgValueCompleter::new(move |_: &OsStr| {
            source(&line).into_iter().chain(mark.map(Candidate::new)).collect()
        }))
    });
    command.mut_subcommands(|inner| attach(inner, line))
}

type Source = Box<dyn Fn(&Line) -> Vec<Candidate> + Send + Sync>;

fn source(command: &str, arg: &Arg) -> Option<Source> {
    let fixed = |values: &'static [&str]| -> Source { Box::new(|_| values.iter().map(Candidate::new).collect()) };
    Some(match (command, arg.get_id().as_str()) {
        // The name of a storage that does not exist yet.
        ("box", "name") => return None,
        ("rename", "new") => fixed(&[]),
        (_, "name" | "names" | "old") => Box::new(Line::storages),
        ("edit", "unset") => Box::new(Line::keys),
        ("help", "words") => Box::new(Line::topics),
        (_, "timeout" | "fail_within" | "if_within" | "wait") => fixed(&DURATIONS),
        (_, "box_subject") => fixed(&SUBJECTS),
        (_, id) if spec(id).is_some_and(|spec| !spec.examples.is_empty()) => fixed(spec(id)?.examples),
        _ => match arg.get_value_hint() {
            ValueHint::FilePath | ValueHint::ExecutablePath => fixed(&[FILES]),
            _ => return None,
        },
    })
}

impl Line {
    /// rclone.conf, if it can be read without a password.
    fn document(&self) -> Option<Document> {
        let mut global = self.global.clone()?;
        global.rclone_config = global.rclone_config.map(|path| below_home(&path));
        let file = Context::new(&global).ok()?.config_file().ok()?;
        let bytes = std::fs::read(file.path()).ok().filter(|bytes| !crypt::is_encrypted(bytes))?;
        Document::parse(&bytes).ok()
    }

    /// Box storages that are not on the line yet.
    fn storages(&self) -> Vec<Candidate> {
        let Some(document) = self.document() else { return Vec::new() };
        let described = |name: String| {
            let description = document.get(&name, DESCRIPTION);
            Candidate::new(name).help(description.map(|text| text.expose().to_owned().into()))
        };
        boxes(&document).into_iter().filter(|name| !self.before.contains(name)).map(described).collect()
    }

    /// The options that are set in the storage on the line, or all of them if it is not known.
    fn keys(&self) -> Vec<Candidate> {
        let section = self.storage.as_ref().zip(self.document()).filter(|(name, document)| document.has(name));
        let keys = SPECS.iter().map(|spec| spec.key).filter(|key| self.before.iter().all(|word| word != key));
        let Some((name, document)) = section else { return keys.map(Candidate::new).collect() };
        let set = |key| Some(Candidate::new(key).help(Some(document.get(name, key)?.expose().to_owned().into())));
        keys.filter_map(set).collect()
    }

    /// Topics, commands and error codes; after a command its own commands.
    fn topics(&self) -> Vec<Candidate> {
        let words = self.before.iter().skip_while(|word| *word != "help").skip(1);
        let mut words = words.filter(|word| !word.starts_with('-')).peekable();
        let is_first = words.peek().is_none();
        let command = words.try_fold(Cli::command(), |command, word| command.find_subcommand(word).cloned());
        let mut found: Vec<Candidate> = if is_first { help::TOPICS.map(Candidate::new).into() } else { Vec::new() };
        let commands = command.iter().flat_map(Command::get_subcommands);
        found.extend(commands.map(|inner| Candidate::new(inner.get_name()).help(inner.get_about().cloned())));
        // There are too many to be offered before a letter of one is typed.
        if is_first && self.is_begun {
            let codes = diagnosis::guides().iter();
            found.extend(codes.map(|guide| Candidate::new(guide.code.to_string()).help(Some((&guide.meaning).into()))));
        }
        found
    }
}

/// As the shell would expand it.
fn below_home(path: &Path) -> PathBuf {
    let below = ["~", "$HOME", "${HOME}"].iter().find_map(|home| path.strip_prefix(home).ok());
    below.zip(std::env::home_dir()).map_or_else(|| path.to_owned(), |(below, home)| home.join(below))
}

/// `COMP_TYPE` when the candidates are only listed.
const LISTING: &str = "63";

/// The word at the cursor, as far as its quotes go.
#[derive(Default)]
struct Typed {
    /// The quote that is still open.
    quote: Option<char>,
    /// The beginning that bash treats as a separate word, since it also breaks words at `=`, `:` and the like.
    fixed: String,
    is_listing: bool,
}

/// bash passes the line as it was typed and inserts candidates unchanged, so quotes are read and written here.
///
/// The words of `COMP_LINE` without their quotes, given it, `COMP_WORDBREAKS` and `COMP_TYPE`.
fn read_bash(arguments: &[String]) -> Option<(Vec<String>, Typed)> {
    let [line, breaks, kind] = arguments else { return None };
    let mut typed = Typed { is_listing: kind == LISTING, ..Typed::default() };
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = line.trim_start().chars().peekable();
    while let Some(char) = chars.next() {
        match (typed.quote, char) {
            (None, ' ' | '\t' | '\n') => {
                typed.fixed.clear();
                words.push(std::mem::take(&mut word));
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
            }
            (None, '"' | '\'') => {
                typed.quote = Some(char);
                typed.fixed.clone_from(&word);
            }
            (Some(quote), _) if quote == char => {
                typed.quote = None;
                typed.fixed.clone_from(&word);
            }
            (None, '\\') => word.extend(chars.next()),
            (Some('"'), '\\') if chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => word.extend(chars.next()),
            (None, '@') if breaks.contains('@') => {
                // bash counts this one to the word that follows.
                typed.fixed.clone_from(&word);
                word.push(char);
            }
            (None, _) if breaks.contains(char) => {
                word.push(char);
                typed.fixed.clone_from(&word);
            }
            _ => word.push(char),
        }
    }
    words.push(word);
    Some((words, typed))
}

impl Typed {
    /// What bash is to insert for `text`.
    fn completed(&self, text: &str) -> Option<String> {
        if self.is_listing {
            return Some(text.to_owned());
        }
        let mut inserted = String::new();
        for char in text.strip_prefix(&self.fixed)?.chars() {
            match self.quote {
                Some('\'') if char == '\'' => inserted.push_str("'\\'"),
                Some('"') if "\"\\$`".contains(char) => inserted.push('\\'),
                None if char.is_ascii() && !char.is_ascii_alphanumeric() && !"_-.,/+:=@%".contains(char) => {
                    inserted.push('\\');
                }
                _ => {}
            }
            inserted.push(char);
        }
        Some(inserted)
    }
}
