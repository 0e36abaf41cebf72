//! rclone itself: an option it refuses, an age, a crash, or words that nobody has met yet.

use super::super::{Cause, End, Evidence, Operation};
use super::{attempt, without_option, you};
use crate::error::{Code, Error, Field};
use crate::rclone::OLDEST;
use crate::storage::options::SPECS;

const INSTALL: &str = "install a newer one: https://rclone.org/install/";
const REPORT: &str =
    "report it to Pluton's authors, with what these print: this command with --verbose, and pluton doctor";

pub(super) fn option(asked: &Operation<'_>, heard: &Evidence<'_>) -> Error {
    let said = heard.said.to_lowercase();
    let named = |key: &str| said.contains(key) || said.contains(&key.replace('_', " "));
    match SPECS.iter().find(|spec| named(spec.key)) {
        Some(spec) => {
            you(Code::InvalidValue, format!("rclone does not accept the option {} of {:?}", spec.key, asked.storage))
                .hint(without_option(asked, spec.key))
                .about(Field::Option(spec.key))
        }
        None => you(Code::InvalidValue, format!("rclone does not accept one of the options of {:?}", asked.storage))
            .hint_command("see which one", "pluton doctor"),
    }
}

pub(super) fn too_old(cause: Cause, heard: &Evidence<'_>) -> Error {
    let this = heard.version.map_or("this rclone".to_owned(), |version| format!("rclone {version}"));
    let why = match cause {
        Cause::JwtBroken => "cannot sign in service accounts".to_owned(),
        _ => format!("is too old: Pluton needs {OLDEST} or newer"),
    };
    you(Code::RcloneTooOld, format!("{this} {why}")).hint(INSTALL)
}

/// A setting of the environment's, which an old rclone names by its variable and a new one by its option.
pub(super) fn environment(heard: &Evidence<'_>) -> Error {
    let said = heard.said;
    let word = |from: &str| {
        let rest = &said[said.find(from)? + from.len()..];
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        (end > 0).then(|| rest[..end].to_uppercase())
    };
    let named = word("environment variable RCLONE_").or_else(|| word("config item \""));
    let variable = named.map_or("one of the RCLONE_ variables".to_owned(), |word| format!("RCLONE_{word}"));
    you(Code::InvalidValue, format!("rclone does not accept the value of {variable} in the environment"))
        .hint(format!("correct {variable}, or unset it"))
}

pub(super) fn broke(heard: &Evidence<'_>) -> Error {
    match heard.end {
        End::Killed(9) => you(Code::Unknown, "the system killed rclone, perhaps because memory ran out")
            .hint("look for \"Out of memory\" in what dmesg prints; rclone needs about 100 MB")
            .hint("run this again")
            .hint(REPORT),
        End::Killed(signal) => you(Code::Unknown, format!("rclone was ended by signal {signal} before it was done"))
            .hint("run this again")
            .hint(REPORT),
        _ => you(Code::Unknown, "rclone crashed").hint(INSTALL).hint(REPORT),
    }
}

pub(super) fn unknown(asked: &Operation<'_>) -> Error {
    you(Code::Unknown, format!("{}, for a reason that Pluton does not know", attempt(asked)))
        .hint_command("look for anything else that is wrong", "pluton doctor")
        .hint(REPORT)
}
