//! `pluton doctor`: looks at everything a Box storage depends on, says what is wrong and how to mend it, changes nothing without `--fix`.

mod config;
mod environment;
mod fix;
mod network;
mod shared_tokens;
mod storages;
mod timers;

use crate::cli::Doctor;
use crate::context::Context;
use crate::error::{Error, Remedy, Result};
use crate::ui::report::{Finding, Level, Report};

pub(super) fn run(context: &Context, flags: &Doctor) -> Result<Report> {
    let fixed = if flags.fix { fix::run(context, flags.yes)? } else { Vec::new() };
    let spinner = context.terminal.wait("looking");
    let (version, mut findings) = environment::rclone(context);
    findings.extend(environment::variables());
    let (document, about_config) = config::look(context);
    findings.extend(about_config);
    findings.extend(environment::port());
    if !flags.offline {
        findings.extend(network::look()?);
    }
    if let Some(document) = &document {
        if !flags.offline {
            findings.extend(storages::space(document));
        }
        findings.extend(storages::look(document, version, &context.other_config_files()));
        findings.extend(timers::look(context, document));
    }
    drop(spinner);
    findings.extend(fixed);
    Ok(Report::Doctor { findings, strict: flags.strict })
}

impl Finding {
    fn new(level: Level, about: &str, message: impl Into<String>) -> Self {
        Self { level, about: about.to_owned(), message: message.into(), remedy: Vec::new() }
    }

    fn good(about: &str, message: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, message)
    }

    fn odd(about: &str, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, about, message)
    }

    fn bad(about: &str, message: impl Into<String>) -> Self {
        Self::new(Level::Error, about, message)
    }

    fn hint(mut self, remedy: impl Into<Remedy>) -> Self {
        self.remedy.push(remedy.into());
        self
    }

    fn hint_command(self, text: &str, command: impl Into<String>) -> Self {
        self.hint(Remedy::with_command(text, command))
    }

    fn hint_run(self, command: impl Into<String>) -> Self {
        self.hint(Remedy::run(command))
    }

    fn from_error(about: &str, error: Error) -> Self {
        Self { remedy: error.remedy, ..Self::bad(about, error.message) }
    }
}
