//! Commands that are typed without their `storage`, or by the name they have elsewhere.

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

use crate::cli::Cli;
use crate::error::{Code, Error, Who};

/// What was probably meant by a command that there is not.
pub(crate) fn misplaced(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let root = Cli::command();
    // An error below `storage` has the usage of that.
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    if usage.contains("storage") {
        return None;
    }
    let known = root.find_subcommand("storage").and_then(|storage| storage.find_subcommand(word));
    let meant = match (word.as_str(), known.map(clap::Command::get_name)) {
        ("add", _) | ("login" | "connect" | "config" | "init", None) => "pluton storage add box".to_owned(),
        (_, Some(name)) => format!("pluton storage {name}"),
        ("ls", None) => "pluton storage list".to_owned(),
        ("status" | "check" | "test", None) => "pluton storage verify --all".to_owned(),
        _ => return None,
    };
    let error = Error::new(Code::InvalidValue, format!("there is no command `pluton {word}`"))
        .responsible(Who::You)
        .hint_run(meant);
    Some(if word == "login" { error.hint_command("sign in again", "pluton storage authorize") } else { error })
}
