//! The candidates that clap cannot know: storages in rclone.conf, keys of a section, topics, sizes.

use std::ffi::OsStr;
use std::sync::Arc;

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::CompletionCandidate as Candidate;
use clap_complete::engine::ArgValueCompleter;

use crate::cli::{Cli, Global};
use crate::commands::for_each::boxes;
use crate::commands::help::pages;
use crate::config::crypt;
use crate::config::document::Document;
use crate::context::Context;
use crate::storage::options::SPECS;

/// Marks the candidate that stands for the files the shell finds.
pub(super) const FILES: &str = "files";
/// Marks the candidate that stands for a word only the user knows.
pub(super) const WORD: &str = "word";

const DESCRIPTION: &str = "description";

const SIZE_UNITS: [&str; 2] = ["Mi", "Gi"];
const DURATIONS: [&str; 6] = ["30s", "60s", "5m", "30m", "1h", "14d"];
const DURATION_UNITS: [&str; 4] = ["s", "m", "h", "d"];
const SUBJECTS: [&str; 2] = ["enterprise:", "user:"];

/// The line as far as it was typed.
pub(super) struct Asked {
    pub(super) global: Option<Global>,
    /// The storage that is named on the line.
    pub(super) storage: Option<String>,
    /// The words before the cursor.
    pub(super) earlier: Vec<String>,
    pub(super) current: String,
}

/// Gives every argument of the tree whose values clap does not know somebody who does.
pub(super) fn attach(command: Command, asked: &Arc<Asked>) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| match source(&name, &arg) {
        Some(source) => {
            let asked = Arc::clone(asked);
            let is_positional = arg.is_positional();
            arg.add(ArgValueCompleter::new(move |_: &OsStr| {
                let mut found = source(&asked);
                if is_positional {
                    found.push(mark(WORD));
                }
                found
            }))
        }
        None => arg,
    });
    command.mut_subcommands(|inner| attach(inner, asked))
}

fn mark(tag: &'static str) -> Candidate {
    Candidate::new("").tag(Some(tag.into()))
}

type Source = fn(&Asked) -> Vec<Candidate>;

fn source(command: &str, arg: &Arg) -> Option<Source> {
    match (command, arg.get_id().as_str()) {
        // The name of a storage that is to be made.
        ("box", "name") => None,
        ("rename", "new") => Some(|_| Vec::new()),
        (_, "name" | "names" | "old") => Some(Asked::storages),
        ("edit", "unset") => Some(Asked::keys),
        ("help", "words") => Some(Asked::topics),
        (_, "upload_cutoff") => Some(|asked| {
            let spec = SPECS.iter().find(|spec| spec.key == "upload_cutoff");
            let mut sizes = asked.amounts(spec.map_or(&[], |spec| spec.examples), &SIZE_UNITS);
            sizes.retain(|size| spec.is_some_and(|spec| spec.check(&size.get_value().to_string_lossy()).is_ok()));
            sizes
        }),
        (_, "timeout" | "fail_within" | "if_within") => Some(|asked| asked.amounts(&DURATIONS, &DURATION_UNITS)),
        (_, "box_subject") => Some(|_| SUBJECTS.map(Candidate::new).into()),
        _ => match arg.get_value_hint() {
            ValueHint::FilePath | ValueHint::ExecutablePath | ValueHint::AnyPath => Some(|_| vec![mark(FILES)]),
            _ => None,
        },
    }
}

impl Asked {
    /// rclone.conf, if it can be read without a password.
    fn bytes(&self) -> Option<Vec<u8>> {
        let context = Context::new(self.global.as_ref()?).ok()?;
        let bytes = std::fs::read(context.config_file().ok()?.path()).ok()?;
        Some(bytes).filter(|bytes| !crypt::is_encrypted(bytes))
    }

    fn document(&self) -> Option<Document> {
        Document::parse(&self.bytes()?).ok()
    }

    /// Box storages that are not on the line yet.
    fn storages(&self) -> Vec<Candidate> {
        let outline = self.bytes().map(|bytes| outline(&bytes)).unwrap_or_default();
        let Ok(document) = Document::parse(&outline) else { return Vec::new() };
        let any_is_described = outline.windows(DESCRIPTION.len()).any(|part| part == DESCRIPTION.as_bytes());
        let described = |name: String| {
            let description = any_is_described.then(|| document.get(&name, DESCRIPTION)).flatten();
            Candidate::new(name).help(description.map(|text| text.expose().to_owned().into()))
        };
        boxes(&document).into_iter().filter(|name| !self.earlier.contains(name)).map(described).collect()
    }

    /// The options of the storage on the line that can be taken out; all there are if it is not known.
    fn keys(&self) -> Vec<Candidate> {
        let entries = self.storage.as_ref().and_then(|name| {
            let document = self.document()?;
            document.has(name).then(|| document.entries(name))
        });
        let edit =
            Cli::command().find_subcommand("storage").and_then(|storage| storage.find_subcommand("edit").cloned());
        let known = edit.iter().flat_map(Command::get_arguments).filter(|arg| arg.get_id() == "unset");
        known
            .flat_map(Arg::get_possible_values)
            .map(|key| key.get_name().to_owned())
            .filter(|key| !self.earlier.contains(key))
            .filter_map(|key| {
                let Some(entries) = &entries else { return Some(Candidate::new(key)) };
                let (_, value) = entries.iter().find(|(set, _)| *set == key)?;
                Some(Candidate::new(key).help(Some(value.expose().to_owned().into())))
            })
            .collect()
    }

    /// Topics and commands; after a command its own commands.
    fn topics(&self) -> Vec<Candidate> {
        let words =
            self.earlier.iter().skip_while(|word| *word != "help").skip(1).filter(|word| !word.starts_with('-'));
        let mut command = Cli::command();
        let mut topics = pages::TOPICS.as_slice();
        for word in words {
            let Some(inner) = command.find_subcommand(word) else { return Vec::new() };
            command = inner.clone();
            topics = &[];
        }
        let commands = command.get_subcommands();
        let commands = commands.map(|inner| Candidate::new(inner.get_name()).help(inner.get_about().cloned()));
        // There are too many to be offered before a letter of one is typed.
        let codes = if self.current.is_empty() || topics.is_empty() { &[] } else { pages::CODES };
        let codes = codes.iter().map(|(code, meaning, _)| Candidate::new(code.name()).help(Some((*meaning).into())));
        topics.iter().map(Candidate::new).chain(commands).chain(codes).collect()
    }

    /// Usual amounts, or the number that was typed with each unit it can have.
    fn amounts(&self, usual: &[&str], units: &[&str]) -> Vec<Candidate> {
        let number = self.current.rsplit('=').next().unwrap_or_default();
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let typed = units.iter().map(|unit| format!("{number}{unit}")).filter(|_| is_number);
        let usual = usual.iter().map(|&amount| amount.to_owned());
        let mut all: Vec<String> = usual.collect();
        all.extend(typed.filter(|amount| !all.contains(amount)).collect::<Vec<_>>());
        all.into_iter().map(Candidate::new).collect()
    }
}

/// The lines that tell which storages there are: of ten thousand, the others would take longer to read than a person waits for TAB.
fn outline(bytes: &[u8]) -> Vec<u8> {
    let tells = |line: &&[u8]| {
        let line = line.trim_ascii_start();
        ["[", "type", DESCRIPTION].iter().any(|beginning| line.starts_with(beginning.as_bytes()))
    };
    bytes.split_inclusive(|&byte| byte == b'\n').filter(tells).flatten().copied().collect()
}
