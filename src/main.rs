//! Connects Box accounts as storages for backups, by wrapping rclone. Parses the command line, runs the command, prints its
//! report or error, and exits.
// See .clippy.toml for who may do what.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod box_api;
#[expect(clippy::doc_markdown, reason = "these comments are help texts, shown as they are")]
mod cli;
mod commands;
mod config;
mod context;
mod diagnosis;
mod error;
mod process;
mod rclone;
mod secret;
mod signals;
mod storage;
mod ui;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches as _};

use cli::Cli;
use commands::completions;
use context::Context;
use error::{Code, Error};
use ui::report::{self, Report};
use ui::terminal::{self, Volume};

fn main() -> ExitCode {
    without_core_dump();
    let wants_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    run(wants_json).map_or_else(|error| failed(&error, wants_json), ExitCode::from)
}

/// Returns the exit code.
fn run(json: bool) -> error::Result<u8> {
    if let Some(shell) = std::env::var_os(completions::VARIABLE) {
        completions::answer(&shell, std::env::args_os().skip(1)).print(false, false)?;
        return Ok(0);
    }
    let parsed = Cli::tree().try_get_matches().and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, json),
    };
    signals::watch().context("cannot watch for Ctrl-C")?;
    let context = Context::new(&cli.global)?;
    let report = commands::run(&context, cli.command, leaf(&matches))?;
    report.print(context.json, context.terminal.volume == Volume::Quiet)?;
    for warning in report.warnings() {
        context.terminal.warn(&warning);
    }
    Ok(report.exit())
}

/// A core dump would contain tokens. Programs that this one starts may still write one.
fn without_core_dump() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// The matches of the innermost subcommand.
fn leaf(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| leaf(inner))
}

fn failed(error: &Error, json: bool) -> ExitCode {
    if json {
        report::print_failure(error);
    } else if !error.shown {
        terminal::error(&report::failure_text(error));
    }
    ExitCode::from(error.code.exit())
}

/// Help and version are results; anything else is wrong usage, and the message must not repeat a token.
fn usage(error: &clap::Error, json: bool) -> error::Result<u8> {
    if !error.use_stderr() {
        return terminal::print(error.render().ansi().to_string().as_bytes()).map(|()| 0);
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand && std::env::args_os().len() == 1 {
        return Report::Page(commands::START.to_owned()).print(false, false).map(|()| 0);
    }
    if let Some(error) = commands::misplaced(error) {
        return Err(error);
    }
    let arguments = std::env::args_os().filter_map(|argument| argument.into_string().ok());
    let arguments = arguments.filter(|argument| secret::looks_like_token(argument));
    let hidden = |text: String| arguments.fold(text, |text, token| text.replace(&token, "[hidden]"));
    if json {
        let text = hidden(error.to_string());
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        return Err(Error::new(Code::InvalidValue, message).quoting("usage", text.trim()));
    }
    terminal::show(&hidden(error.render().ansi().to_string()));
    Ok(u8::try_from(error.exit_code()).unwrap_or(2))
}
