//! A service account's config.json, its key, and the clock that its assertions are dated by.

use super::super::{Facts, Operation};
use super::{ADMIN_APPS, AGAIN, CONSOLE, other_option, you};
use crate::error::{Code, Error, Field};
use crate::storage::options::BOX_SUB_TYPE;
use crate::ui::report::duration;

/// More than this, and Box refuses an assertion.
const LEAST_SKEW: i64 = 5;

fn download() -> String {
    format!("download it again: {CONSOLE}, your app, Configuration, Add and Manage Public Keys")
}

/// How the path of another file is given.
fn other_file(asked: &Operation<'_>, path: &str) -> String {
    if asked.is_saved {
        format!("pluton storage authorize {:?} --box-config-file {path}", asked.storage)
    } else {
        format!("--box-config-file {path}")
    }
}

fn file(asked: &Operation<'_>) -> String {
    asked.config_file.map_or("the Box app's config.json".to_owned(), str::to_owned)
}

pub(super) fn no_file(asked: &Operation<'_>) -> Error {
    you(Code::JwtInvalid, format!("there is no {}", file(asked)))
        .hint_command("name the file where it is now", other_file(asked, "/path/to/config.json"))
        .hint(download())
        .about(Field::BoxConfigFile)
}

pub(super) fn path_not_absolute(asked: &Operation<'_>) -> Error {
    you(Code::JwtInvalid, format!("rclone does not find {}: it wants a path that begins with /", file(asked)))
        .hint_run(other_file(asked, "/path/to/config.json"))
        .about(Field::BoxConfigFile)
}

pub(super) fn bad_file(asked: &Operation<'_>, facts: &Facts) -> Error {
    let why = facts.config_file.as_deref().unwrap_or("rclone cannot read it");
    you(Code::JwtInvalid, format!("{} is not a Box app's config.json: {why}", file(asked)))
        .hint(download())
        .about(Field::BoxConfigFile)
}

pub(super) fn locked_key(asked: &Operation<'_>) -> Error {
    you(Code::JwtInvalid, format!("the passphrase in {} does not open its key", file(asked)))
        .hint(download())
        .about(Field::BoxConfigFile)
}

pub(super) fn unknown_key() -> Error {
    you(Code::JwtInvalid, "Box does not know the public key that this config.json names")
        .hint(format!(
            "make a new key pair and use its config.json: {CONSOLE}, your app, Configuration, Generate a Public/Private Keypair (with 2-factor authentication on)"
        ))
        .about(Field::BoxConfigFile)
}

pub(super) fn wrong_subject(asked: &Operation<'_>) -> Error {
    you(Code::JwtInvalid, "Box does not let this app sign in as whom box_sub_type names")
        .hint_command("for the app's service account", other_option(asked, "--box-sub-type", "enterprise"))
        .hint("check enterpriseID in config.json: it must be the number of your own enterprise")
        .about(Field::Option(BOX_SUB_TYPE))
        .about(Field::BoxConfigFile)
}

pub(super) fn refused(asked: &Operation<'_>) -> Error {
    you(Code::JwtInvalid, format!("Box refused the sign-in of the service account in {}", file(asked)))
        .hint(download())
        .hint(format!("check that a Box admin has authorized the app: {ADMIN_APPS} > Server Authentication Apps"))
        .about(Field::BoxConfigFile)
}

pub(super) fn clock(facts: &Facts) -> Error {
    let message = match facts.clock_behind.filter(|seconds| seconds.abs() > LEAST_SKEW) {
        Some(seconds) => {
            let way = if seconds > 0 { "behind" } else { "ahead of" };
            let amount = match seconds.abs() {
                few @ ..120 => format!("{few} seconds"),
                many => duration(many),
            };
            format!("this machine's clock is {amount} {way} Box's, so Box refuses its sign-ins")
        }
        None => "this machine's clock does not agree with Box's, so Box refuses its sign-ins".to_owned(),
    };
    let set = if cfg!(target_os = "macos") {
        "sudo sntp -sS time.apple.com"
    } else if cfg!(windows) {
        "w32tm /resync"
    } else {
        "sudo timedatectl set-ntp true"
    };
    you(Code::ClockSkew, message)
        .hint_command("set the clock", set)
        .hint("in a container or a virtual machine, set the clock of its host")
        .hint(AGAIN)
}
