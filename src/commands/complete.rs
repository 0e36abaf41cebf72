//! What a shell is offered when TAB is pressed. Offline; starts no program, asks nothing, and offers nothing where anything fails.
//!
//! The scripts under `completions/` call `pluton -- …` with [`VARIABLE`] set. The first line of the answer says what kind of
//! thing belongs here, the others are candidates. The `--` keeps a Pluton that does not know the variable from running the line.

mod line;
mod reply;
mod values;

use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use clap::builder::StyledStr;
use clap::{CommandFactory as _, FromArgMatches as _};
use clap_complete::CompletionCandidate;
use clap_complete::engine::complete;

use crate::cli::{Cli, Global};
use crate::ui::report::Report;
use line::Line;
use values::{Asked, FILES, WORD};

/// Names the shell that asks.
pub(crate) const VARIABLE: &str = "PLUTON_COMPLETE";

/// What belongs where the cursor is.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// These words.
    Values(Vec<Value>),
    /// A file; the shell knows those better.
    Files,
    /// The command after `--`, or an argument of its own.
    Command,
}

#[derive(Debug, PartialEq, Eq)]
struct Value {
    text: String,
    help: Option<String>,
}

/// `arguments` are those of the process, without its name.
pub(crate) fn answer(shell: &OsStr, arguments: impl Iterator<Item = OsString>) -> Report {
    let arguments: Vec<String> = arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .enumerate()
        .filter(|(index, argument)| *index > 0 || argument != "--")
        .map(|(_, argument)| argument)
        .collect();
    let written = reply::read(&shell.to_string_lossy(), arguments)
        .map(|(style, line)| reply::write(&style, &line, &find(&line, style.filters())));
    Report::Raw(written.unwrap_or_default().into_bytes())
}

/// What belongs at the end of the line. Where the shell itself filters, it is given everything of the kind.
fn find(line: &Line, shell_filters: bool) -> Answer {
    let before: Vec<&str> = line.before().collect();
    let current = line.current();
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(&before).ok();
    let leaf = matches.as_ref().map(crate::leaf);
    let leaf_name = matches.as_ref().and_then(leaf_name);
    if leaf_name == Some("run") && before.contains(&"--") {
        return Answer::Command;
    }
    let asked = Arc::new(Asked {
        global: leaf.and_then(|leaf| Global::from_arg_matches(leaf).ok()),
        storage: leaf.and_then(|leaf| leaf.try_get_one::<String>("name").ok().flatten().cloned()),
        earlier: before.iter().map(|&word| word.to_owned()).collect(),
        current: current.to_owned(),
    });
    let mut words: Vec<OsString> = before.iter().map(OsString::from).collect();
    words.push(stem(current).into());
    let index = words.len() - 1;
    let mut command = values::attach(Cli::command(), &asked);
    let found = complete(&mut command, words, index, None).unwrap_or_default();
    let tag = |candidate: &CompletionCandidate| candidate.get_tag().map(StyledStr::to_string).unwrap_or_default();
    let marks: Vec<String> = found.iter().map(tag).filter(|tag| [FILES, WORD].contains(&tag.as_str())).collect();
    let marked = |mark: &str| marks.iter().any(|found| found == mark);
    let unmarked = found.iter().filter(|candidate| !marks.contains(&tag(candidate)));
    let mut values: Vec<Value> = unmarked.filter_map(Value::of).collect();
    if marked(FILES) && !(current.starts_with('-') && values.iter().any(Value::is_flag)) {
        return Answer::Files;
    }
    // Flags are for those who type a hyphen, and for those who type nothing where nothing else can stand.
    let others = !current.is_empty() || marked(WORD) || values.iter().any(|value| !value.is_flag());
    if others && !current.starts_with('-') {
        values.retain(|value| !value.is_flag());
    }
    if !shell_filters {
        keep_matching(&mut values, current);
    }
    Answer::Values(values)
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

fn leaf_name(matches: &clap::ArgMatches) -> Option<&str> {
    let (name, inner) = matches.subcommand()?;
    leaf_name(inner).or(Some(name))
}

impl Value {
    /// What would not stand on one line is left out.
    fn of(candidate: &CompletionCandidate) -> Option<Self> {
        let text = candidate.get_value().to_str().filter(|text| !text.contains(char::is_control))?;
        let help = candidate.get_help().map(StyledStr::to_string);
        let help = help.and_then(|help| Some(help.lines().next()?.replace(char::is_control, " ")));
        Some(Self { text: text.to_owned(), help: help.filter(|help| !help.is_empty()) })
    }

    fn is_flag(&self) -> bool {
        self.text.starts_with('-')
    }
}
