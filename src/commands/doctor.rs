//! `pluton doctor`: checks everything that a Box storage depends on, and says what is wrong and how to fix it. It changes
//! nothing, except with `--fix` what needs no decision and loses nothing.

mod checks;

use crate::cli::Doctor;
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Remedy, Result};
use crate::signals;
use crate::ui::prompt;
use crate::ui::report::{Finding, Level, Report};

pub(super) fn run(context: &Context, flags: &Doctor) -> Result<Report> {
    let fixed = if flags.fix { fix(context, flags.yes)? } else { Vec::new() };
    let spinner = context.terminal.wait("checking");
    let subject = checks::Subject::new(context, flags.offline);
    let mut findings: Vec<Finding> = checks::ALL.iter().flat_map(|check| check(&subject)).collect();
    drop(spinner);
    signals::check()?;
    findings.extend(fixed);
    Ok(Report::Doctor { findings, strict: flags.strict })
}

struct Fix {
    question: String,
    done: String,
    carry_out: fn(&ConfigFile) -> Result<()>,
}

/// Makes each fix that the user agrees to.
fn fix(context: &Context, yes: bool) -> Result<Vec<Finding>> {
    // Without an rclone.conf there is nothing to fix; the checks say why there is none.
    let Ok(file) = context.config_file() else { return Ok(Vec::new()) };
    let fixes = fixes(&file);
    if fixes.is_empty() {
        return Ok(vec![Finding::good("fixed", "nothing to fix automatically")]);
    }
    let mut findings = Vec::new();
    for Fix { question, done, carry_out } in fixes {
        if !yes && !context.terminal.asks {
            return Err(Error::new(Code::InputRequired, question).hint("add --yes to confirm"));
        }
        if yes || prompt::yes(&question)? {
            signals::check()?;
            findings.push(match carry_out(&file) {
                Ok(()) => Finding::good("fixed", done),
                Err(error) => Finding::from_error("not fixed", &error),
            });
        }
    }
    Ok(findings)
}

fn fixes(file: &ConfigFile) -> Vec<Fix> {
    let place = config::shown(file.path());
    let private = Fix {
        question: format!("Other users of this machine can read {place}. Make it private?"),
        done: format!("{place} is private now"),
        carry_out: ConfigFile::make_private,
    };
    let copies = config::left_copies().len();
    let without_copies = Fix {
        question: format!(
            "Remove the private copies of rclone.conf left behind by killed runs ({copies})? Renewed tokens are kept."
        ),
        done: "removed the private copies; the next refresh uses the tokens renewed in them".to_owned(),
        carry_out: remove_copies,
    };
    let leftovers = file.leftovers().into_iter().filter(|(_, is_spare)| *is_spare);
    let leftovers: Vec<_> = leftovers.map(|(left, _)| config::shown(&left)).collect();
    let names = leftovers.join(", ");
    let without_leftovers = Fix {
        question: format!("Remove {names}? What is missing in rclone.conf is added to it first."),
        done: format!("removed {names}; nothing in them was lost"),
        carry_out: ConfigFile::clear_leftovers,
    };
    let is_wanted = [file.is_open_to_others() && file.foreign_owner().is_none(), copies > 0, !leftovers.is_empty()];
    let fixes = [private, without_copies, without_leftovers].into_iter().zip(is_wanted);
    fixes.filter_map(|(fix, is_wanted)| is_wanted.then_some(fix)).collect()
}

fn remove_copies(file: &ConfigFile) -> Result<()> {
    file.collect_copies();
    config::left_copies().first().map_or(Ok(()), |left| {
        let message = format!("{} belongs to another rclone.conf, or cannot be read", config::shown(left));
        Err(Error::new(Code::ConfigUnreadable, message).hint("name the other file with --rclone-config FILE"))
    })
}

impl Finding {
    fn new(level: Level, about: &str, message: impl Into<String>) -> Self {
        Self { level, about: about.to_owned(), message: message.into(), remedy: Vec::new() }
    }

    fn good(about: &str, message: impl Into<String>) -> Self {
        Self::new(Level::Ok, about, message)
    }

    fn warning(about: &str, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, about, message)
    }

    fn error(about: &str, message: impl Into<String>) -> Self {
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

    fn from_error(about: &str, error: &Error) -> Self {
        Self { remedy: error.remedy.clone(), ..Self::error(about, &error.message) }
    }
}
