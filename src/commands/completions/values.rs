//! The candidates that clap cannot know: storages in rclone.conf, keys of a section, topics, usual values. Reads rclone.conf alone.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::CompletionCandidate as Candidate;
use clap_complete::engine::ArgValueCompleter;

use crate::cli::{Cli, Global};
use crate::commands::help;
use crate::commands::pick::boxes;
use crate::config::crypt;
use crate::config::document::Document;
use crate::context::Context;
use crate::diagnosis;
use crate::storage::options::{DESCRIPTION, SPECS, spec};

/// A candidate that stands for the files the shell finds.
pub(super) const FILES: &str = "\0files";
/// A candidate that stands for a word only the user knows.
pub(super) const WORD: &str = "\0word";

const DURATIONS: [&str; 6] = ["30s", "60s", "5m", "30m", "1h", "14d"];
const SUBJECTS: [&str; 2] = ["enterprise:", "user:"];

/// What was typed so far.
pub(super) struct Line {
    pub(super) global: Option<Global>,
    /// The storage that is named on the line.
    pub(super) storage: Option<String>,
    /// The words before the cursor.
    pub(super) before: Vec<String>,
    /// Whether the word at the cursor has a letter yet.
    pub(super) is_begun: bool,
}

/// Adds a source of candidates to every argument whose values clap does not know.
pub(super) fn attach(command: Command, line: &Arc<Line>) -> Command {
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
            found.extend(codes.map(|guide| Candidate::new(guide.code.name()).help(Some((&guide.meaning).into()))));
        }
        found
    }
}

/// As the shell would expand it.
fn below_home(path: &Path) -> PathBuf {
    let below = ["~", "$HOME", "${HOME}"].iter().find_map(|home| path.strip_prefix(home).ok());
    below.zip(std::env::home_dir()).map_or_else(|| path.to_owned(), |(below, home)| home.join(below))
}
