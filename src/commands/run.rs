//! `pluton run NAME -- COMMAND`: COMMAND runs with its storages signed in, and their tokens are renewed ahead of their end.

mod keep;

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitStatus;
use std::sync::mpsc;
use std::thread;

use super::for_each::boxes;
use super::patience::Patience;
use super::pick;
use super::show::require_box;
use crate::cli::Run;
use crate::config::PrivateCopy;
use crate::config::document::Document;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::process;
use crate::scrub::{looks_like_token, scrub};
use crate::signals;
use crate::storage::section::Section;
use crate::ui::report::Report;
use crate::ui::terminal::Terminal;
use keep::Kept;

pub(super) fn run(context: &Context, flags: &Run) -> Result<Report> {
    let file = context.config_file()?;
    let document = file.read()?;
    let mut names = flags.names.clone();
    for name in &names {
        require_box(&document, name)?;
    }
    if names.is_empty() {
        names.push(pick::one(context, &file, None, "pluton run NAME -- COMMAND")?);
    }
    for variable in masking(&names) {
        context.terminal.warn(&format!(
            "{variable} is set: the command's rclone takes it instead of what is kept fresh in rclone.conf; unset it"
        ));
    }
    let copy = (!file.is_writable()).then(|| PrivateCopy::of(&file)).transpose()?;
    if copy.is_some() {
        warn_of_copy(context.terminal, &document)?;
    }
    let file = copy.as_ref().map_or(&file, PrivateCopy::file);
    let rclone = context.rclone(None)?.without_spinner();
    let mut kept = Vec::new();
    let patience = Patience::new(context.terminal, flags.wait, None);
    for name in &names {
        kept.extend(Kept::begin(file, &rclone, name, context.terminal, &patience)?);
    }
    drop(patience);

    signals::check()?;
    let (program, args) = flags.command.split_first().ok_or_else(Error::interrupted)?;
    let mut command = process::command(program);
    command.args(args).env("RCLONE_CONFIG", file.real_path());
    command.envs(context.password_command().map(|printer| ("RCLONE_PASSWORD_COMMAND", printer)));
    context.terminal.trace(&format!("RCLONE_CONFIG={} {}", file.real_path().display(), shown(&flags.command)));
    let status = thread::scope(|scope| {
        let mut keepers = Vec::new();
        // COMMAND is started first: it must not share the locks of a renewal.
        let started = || {
            for storage in kept {
                let (ended, end) = mpsc::channel();
                keepers.push((ended, scope.spawn(move || storage.keep(&end))));
            }
        };
        let status = process::supervise(&mut command, started);
        signals::while_leaving(|| {
            let (ends, threads): (Vec<_>, Vec<_>) = keepers.into_iter().unzip();
            drop(ends);
            for thread in threads {
                let _ = thread.join();
            }
        });
        status
    });
    Ok(Report::Exit(status.map_or_else(|cause| not_started(&program.to_string_lossy(), &cause, context), code)))
}

/// Variables that rclone takes instead of these sections' own keys.
fn masking(names: &[String]) -> Vec<String> {
    let of_section = |name: &String| format!("RCLONE_CONFIG_{}_", name.to_uppercase());
    let prefixes: Vec<String> = names.iter().map(of_section).chain(["RCLONE_BOX_".to_owned()]).collect();
    let set = std::env::vars_os().filter_map(|(variable, _)| variable.into_string().ok());
    set.filter(|variable| prefixes.iter().any(|prefix| variable.starts_with(prefix))).collect()
}

/// The command may use any of the storages, and rclone renews those that nobody named.
fn warn_of_copy(terminal: Terminal, document: &Document) -> Result<()> {
    terminal.warn("rclone.conf cannot be written here, so the command gets a private copy of it");
    for name in boxes(document) {
        let token = Section::read(document, &name)?.token();
        if token.is_some_and(|token| token.refresh_token().is_some()) {
            terminal.warn(&format!(
                "once {name:?} is renewed, the token in rclone.conf is dead, and only `pluton run` on this machine has the \
                 one that works: put rclone.conf where it can be written, or use a service account"
            ));
        }
    }
    Ok(())
}

fn shown(words: &[OsString]) -> String {
    let words = words.iter().map(|word| word.to_string_lossy());
    let words = words.map(|word| if looks_like_token(&word) { "[hidden]".into() } else { word });
    scrub(&words.collect::<Vec<_>>().join(" "), &[])
}

/// As a shell reports it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return u8::try_from(128 + signal).unwrap_or(u8::MAX);
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// As a shell says it, and with its exit codes.
fn not_started(program: &str, cause: &std::io::Error, context: &Context) -> u8 {
    let (code, why) = match cause.kind() {
        ErrorKind::NotFound => (127, "there is no such command".to_owned()),
        ErrorKind::PermissionDenied => (126, "it may not be run".to_owned()),
        _ => (126, format!("it cannot be run: {cause}")),
    };
    context.terminal.error(&format!("{program}: {why}"));
    code
}
