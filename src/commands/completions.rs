//! `pluton completions SHELL` prints the scripts of `completions/`; on TAB they run this program with [`VARIABLE`] set.
//!
//! Reads rclone.conf, starts no program, asks nothing, and offers nothing where anything fails. clap's engine knows commands and
//! flags, `values` knows the rest. clap's own scripts are not used, since a name like `My Box` breaks in them: bash gets it
//! without quotes, and fish and zsh offer nothing once a quote is typed.
//!
//! A script calls `pluton -- WORD…`, where the last word is the one at the cursor. The first line of the answer says what belongs
//! there, the others are candidates. The `--` keeps a pluton that does not know the variable from running the line.

mod bash;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::Arc;

use clap::builder::StyledStr;
use clap::{CommandFactory as _, FromArgMatches as _};
use clap_complete::engine::complete;
use clap_complete::{CompletionCandidate, Shell};

use crate::cli::{Cli, Completions, Global};
use crate::error::{Code, Error, Result, Who};
use crate::ui::report::Report;
use values::{FILES, Line, WORD};

/// Names the shell that asks.
pub(crate) const VARIABLE: &str = "PLUTON_COMPLETE";

pub(super) fn run(flags: &Completions) -> Result<Report> {
    let script = match flags.shell {
        Shell::Bash => include_str!("../../completions/pluton.bash"),
        Shell::Elvish => include_str!("../../completions/pluton.elv"),
        Shell::Fish => include_str!("../../completions/pluton.fish"),
        Shell::PowerShell => include_str!("../../completions/_pluton.ps1"),
        Shell::Zsh => include_str!("../../completions/_pluton"),
        shell => {
            let error = Error::new(Code::InvalidValue, format!("there are no completions for {shell}"));
            return Err(error.responsible(Who::You));
        }
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
        Some("bash") => bash::read(&words).map(|(words, typed)| {
            let answer = find(words, true);
            answer.written(|value| typed.completed(&value.text))
        }),
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
    let found = complete(&mut values::attach(Cli::command(), &line), words, index, None).unwrap_or_default();
    let has = |mark: &str| found.iter().any(|candidate| candidate.get_value().to_string_lossy().ends_with(mark));
    let mut values: Vec<Value> = found.iter().filter_map(Value::of).collect();
    if has(FILES) && !(current.starts_with('-') && values.iter().any(Value::is_flag)) {
        return Answer { kind: "files", values: Vec::new() };
    }
    // Flags are for those who type a hyphen, and for those who type nothing where nothing else can stand.
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

/// The part of a word that decides what kind of thing it will be.
fn stem(current: &str) -> &str {
    match current.split_once('=') {
        Some((flag, _)) if flag.starts_with("--") => &current[..=flag.len()],
        _ if current.starts_with("--") => "--",
        _ if current.starts_with('-') => "-",
        _ => "",
    }
}

/// Those that begin with `typed`; if none does, those that begin with it in other case.
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
    fn of(candidate: &CompletionCandidate) -> Option<Self> {
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
