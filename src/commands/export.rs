//! `pluton storage export`: prints a storage for a container, another host, or a file of `pluton apply`. Removes it
//! from rclone.conf only with `--move`.

use std::fmt::Write as _;

use super::pick::require_box;
use super::refresh::lock;
use crate::cli::{Export, ExportFormat};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::storage::section::{GRANT_KEY, Section};
use crate::ui::report::Report;
use crate::ui::terminal;

pub(super) fn run(context: &Context, flags: &Export) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    require_box(&document, &flags.name)?;
    // A renewal that is under way must finish first, and none may start before the storage is gone from here.
    let (_lock, section) = if flags.r#move {
        let (lock, section) = lock(&file, &flags.name)?;
        (Some(lock), section)
    } else {
        (None, Section::read(&document, &flags.name)?)
    };
    let section = section.without_grant_key();
    let rotates = section.token().is_some_and(|token| token.is_renewable());
    if rotates && flags.format != ExportFormat::Toml && !flags.r#move {
        let why = "its refresh token works once: the first of two copies to renew it invalidates the other";
        return Err(Error::new(Code::InvalidValue, format!("{:?} cannot be copied: {why}", flags.name))
            .hint_command("sign in again on the other machine", "pluton storage add box")
            .hint("move it there, which removes it here: --move")
            .hint("use a service account or client credentials, which can be copied"));
    }
    if flags.r#move
        && flags.format == ExportFormat::Toml
        && section.entries().iter().any(|(key, _)| is_referenced(&section, key))
    {
        let why = "a TOML file has references in the place of secrets, which would be lost";
        return Err(Error::new(Code::InvalidValue, format!("{:?} cannot be moved: {why}", flags.name))
            .hint("print it without --move, or move it with --format rclone or env"));
    }
    let text = match flags.format {
        ExportFormat::Rclone => String::from_utf8_lossy(&section.alone().render()).into_owned(),
        ExportFormat::Env => env(&section)?,
        ExportFormat::Toml => toml(&section),
    };
    let printed = Report::Raw(text.into_bytes());
    if !flags.r#move {
        return Ok(printed);
    }
    // Removed only once the output has been written.
    terminal::hand_over(&printed.rendered(context.json, false)).map_err(|cause| {
        Error::new(Code::Unknown, format!("{:?} was not removed: it could not be printed: {cause}", flags.name))
            .hint_command("print it into a file", "pluton storage export … --move > FILE")
    })?;
    file.remove(&flags.name).map_err(|error| {
        error.note(
            "What was printed is a second copy: delete one, or the first to renew its token invalidates the other.",
        )
    })?;
    Ok(Report::Exit(0))
}

/// `RCLONE_CONFIG_NAME_KEY=value` lines, for a shell or an env file. rclone wants the name in capitals.
fn env(section: &Section) -> Result<String> {
    let name = section.name().to_uppercase();
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = format!("{:?} cannot be part of a variable name: only letters, digits and _ can", section.name());
        return Err(Error::new(Code::InvalidValue, message).hint_run(format!(
            "pluton storage rename {:?} {}",
            section.name(),
            name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        )));
    }
    let mut out = String::new();
    for (key, value) in section.entries() {
        let _ =
            writeln!(out, "RCLONE_CONFIG_{name}_{}='{}'", key.to_uppercase(), value.expose().replace('\'', r"'\''"));
    }
    Ok(out)
}

/// Whether a file of `pluton apply` has a reference in the place of this key's value. A token that can be fetched again is
/// left out.
fn is_referenced(section: &Section, key: &str) -> bool {
    Section::is_secret(key) && !(key == "token" && section.kind().is_unattended())
}

/// A file of `pluton apply`, with references to fill in for what is secret.
fn toml(section: &Section) -> String {
    let mut out = format!("[storage.{}]\nprovider = \"box\"\n", quoted(section.name()));
    let variable = |key: &str| {
        let name: String = section
            .name()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        format!("{name}_{}", key.to_uppercase())
    };
    for (key, value) in section.entries() {
        let _ = match key {
            "type" => Ok(()),
            GRANT_KEY => writeln!(out, "{GRANT_KEY} = true"),
            key if is_referenced(section, key) => writeln!(out, "{key} = {{ env = {} }}", quoted(&variable(key))),
            key if Section::is_secret(key) => Ok(()),
            key => writeln!(out, "{key} = {}", quoted(value.expose())),
        };
    }
    out
}

/// A TOML string.
fn quoted(text: &str) -> String {
    // JSON's escapes are TOML's too.
    serde_json::Value::from(text).to_string()
}
