//! One file for each command. They put the rooms to work in order and touch nothing themselves.

mod account;
mod acquire_token;
mod add;
mod apply;
mod authorize;
mod browse;
pub(crate) mod complete;
mod completions;
mod doctor;
mod edit;
mod elsewhere;
mod explain;
mod export;
mod for_each;
pub(crate) mod help;
mod impersonate;
mod input;
mod lasting;
mod list;
mod misplaced;
mod patience;
mod pick;
mod prove;
mod references;
mod refresh;
mod remove;
mod rename;
mod resume;
mod run;
mod show;
mod timer;
mod trial;
mod verify;
mod wizard;

use clap::ArgMatches;
pub(crate) use help::pages::START;
pub(crate) use misplaced::misplaced;

use crate::cli::{Add, Command, Storage};
use crate::context::Context;
use crate::error::Result;
use crate::ui::report::Report;

pub(crate) fn run(context: &Context, command: Command, matches: &ArgMatches) -> Result<Report> {
    match command {
        Command::Storage(Storage::Add(Add::Box(flags))) => add::run(context, &flags, matches),
        Command::Storage(Storage::List) => list::run(context),
        Command::Storage(Storage::Show(flags)) => show::run(context, &flags),
        Command::Storage(Storage::Verify(flags)) => verify::run(context, &flags),
        Command::Storage(Storage::Refresh(flags)) => refresh::run(context, &flags),
        Command::Storage(Storage::Authorize(flags)) => authorize::run(context, &flags, matches),
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
