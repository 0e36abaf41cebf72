//! One file for each command, and what several of them share; `list` is in show, `authorize` in add. They call the other modules
//! in order; what touches the disk, the network or the screen is in those.

mod account;
mod add;
mod add_on_host;
mod apply;
mod commit;
pub(crate) mod completions;
mod doctor;
mod edit;
mod explain;
mod export;
pub(crate) mod help;
mod input;
mod pick;
mod proof;
mod refresh;
mod remove;
mod rename;
mod run;
mod show;
mod timer;
mod verify;
mod wizard;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, CommandFactory as _};
pub(crate) use help::START;

use crate::cli::{Add, Cli, Command, Storage};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::secret::looks_like_token;
use crate::ui::report::{Outcome, Report, StorageResult};

pub(crate) fn run(context: &Context, command: Command, matches: &ArgMatches) -> Result<Report> {
    match command {
        Command::Storage(Storage::Add(Add::Box(flags))) => add::run(context, &flags, matches),
        Command::Storage(Storage::List) => show::list(context),
        Command::Storage(Storage::Show(flags)) => show::run(context, &flags),
        Command::Storage(Storage::Verify(flags)) => verify::run(context, &flags),
        Command::Storage(Storage::Refresh(flags)) => refresh::run(context, &flags),
        Command::Storage(Storage::Authorize(flags)) => add::authorize(context, &flags, matches),
        Command::Storage(Storage::Edit(flags)) => edit::run(context, &flags),
        Command::Storage(Storage::Rename(flags)) => rename::run(context, &flags),
        Command::Storage(Storage::Remove(flags)) => remove::run(context, &flags),
        Command::Apply(flags) => apply::run(context, &flags),
        Command::Storage(Storage::Export(flags)) => export::run(context, &flags),
        Command::Doctor(flags) => doctor::run(context, &flags),
        Command::Run(flags) => run::run(context, &flags),
        Command::Help(flags) => help::run(&flags),
        Command::Completions(flags) => completions::run(&flags),
    }
}

/// The command that was probably meant: one that is elsewhere in the tree, or has another name in other programs.
pub(crate) fn misplaced(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let above = match error.get(ContextKind::Usage)?.to_string() {
        usage if usage.contains("pluton storage add") => return without_provider(error, word),
        usage if usage.contains("pluton storage") => "pluton storage",
        _ => "pluton",
    };
    let root = Cli::command();
    let meant = match word.as_str() {
        "add" | "login" | "connect" | "config" | "init" => "pluton storage add box".to_owned(),
        "ls" => "pluton storage list".to_owned(),
        "status" | "check" | "test" => "pluton storage verify --all".to_owned(),
        _ => match (root.find_subcommand(word), root.find_subcommand("storage")?.find_subcommand(word)) {
            (Some(command), _) => format!("pluton {}", command.get_name()),
            (None, command) => format!("pluton storage {}", command?.get_name()),
        },
    };
    let error = Error::new(Code::InvalidValue, format!("there is no command `{above} {word}`")).hint_run(meant);
    Some(if word == "login" { error.hint_command("sign in again", "pluton storage authorize") } else { error })
}

/// After `add` most people mean the storage's name.
fn without_provider(error: &clap::Error, word: &str) -> Option<Error> {
    let is_typo = error.get(ContextKind::SuggestedSubcommand).is_some();
    let message = format!("there is no provider {word:?}; Pluton connects Box accounts only");
    let name = if word.eq_ignore_ascii_case("box") { String::new() } else { format!(" {word:?}") };
    let error = Error::new(Code::InvalidValue, message).hint_run(format!("pluton storage add box{name}"));
    Some(error).filter(|_| !is_typo && !looks_like_token(word))
}

/// Does `work` for each item, `jobs` at a time. The results are in the order of the items.
pub(super) fn in_parallel<T: Sync, R: Send + Sync>(items: &[T], jobs: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let _ = results[index].set(work(item));
                }
            });
        }
    });
    results.into_iter().filter_map(OnceLock::into_inner).collect()
}

impl StorageResult {
    pub(super) fn good(name: &str, outcome: Outcome) -> Self {
        Self { name: name.to_owned(), ok: true, outcome: Some(outcome), ..Self::default() }
    }

    /// What came of one of several storages.
    pub(super) fn of(name: &str, done: Result<Self>) -> Self {
        done.unwrap_or_else(|error| Self { name: name.to_owned(), error: Some(error), ..Self::default() })
    }
}
