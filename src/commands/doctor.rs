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
    let mut fixed = Findings::default();
    if flags.fix {
        fix(context, flags.yes, &mut fixed)?;
    }
    let spinner = context.terminal.wait("checking");
    let subject = checks::Subject::new(context, flags.offline);
    let mut found = Findings::default();
    for check in checks::ALL {
        check(&subject, &mut found);
    }
    drop(spinner);
    signals::check()?;
    found.all.append(&mut fixed.all);
    Ok(Report::Doctor { findings: found.all, strict: flags.strict })
}

/// Makes each fix that the user agrees to.
fn fix(context: &Context, yes: bool, found: &mut Findings) -> Result<()> {
    // Without an rclone.conf there is nothing to fix; the checks say why there is none.
    let Ok(file) = context.config_file() else { return Ok(()) };
    let mut offer = |question: String, done: String, carry_out: fn(&ConfigFile) -> Result<()>| {
        if !yes && !context.terminal.asks {
            return Err(Error::new(Code::InputRequired, question).hint("add --yes to confirm"));
        }
        if yes || prompt::yes(&question)? {
            signals::check()?;
            match carry_out(&file) {
                Ok(()) => found.about("fixed").good(done),
                Err(error) => found.about("not fixed").failure(&error),
            }
        }
        Ok(())
    };
    let real = file.real_path();
    let is_open = config::is_open_to_others(real) && config::foreign_owner(real).is_none();
    let copies = config::abandoned_copies().len();
    let leftovers = file.leftovers().into_iter().filter(|(_, is_spare)| *is_spare);
    let leftovers: Vec<_> = leftovers.map(|(left, _)| config::shown(&left)).collect();
    if is_open {
        let place = config::shown(file.path());
        let question = format!("Other users of this machine can read {place}. Make it private?");
        offer(question, format!("{place} is private now"), ConfigFile::make_private)?;
    }
    if copies > 0 {
        let question = format!(
            "Remove the private copies of rclone.conf left behind by killed runs ({copies})? Renewed tokens are kept."
        );
        let done = "removed the private copies; the next refresh uses the tokens renewed in them";
        offer(question, done.to_owned(), remove_copies)?;
    }
    if !leftovers.is_empty() {
        let names = leftovers.join(", ");
        let question = format!("Remove {names}? What is missing in rclone.conf is added to it first.");
        offer(question, format!("removed {names}; nothing in them was lost"), ConfigFile::clear_leftovers)?;
    }
    if !is_open && copies == 0 && leftovers.is_empty() {
        found.about("fixed").good("nothing to fix automatically");
    }
    Ok(())
}

fn remove_copies(file: &ConfigFile) -> Result<()> {
    file.collect_copies();
    config::abandoned_copies().first().map_or(Ok(()), |left| {
        let message = format!("{} belongs to another rclone.conf, or cannot be read", config::shown(left));
        Err(Error::new(Code::ConfigUnreadable, message).hint("name the other file with --rclone-config FILE"))
    })
}

/// What was found so far, and what the next finding is about.
#[derive(Default)]
struct Findings {
    about: String,
    all: Vec<Finding>,
}

impl Findings {
    fn about(&mut self, about: &str) -> &mut Self {
        about.clone_into(&mut self.about);
        self
    }

    fn add(&mut self, level: Level, message: impl Into<String>) -> &mut Finding {
        let finding = Finding { level, about: self.about.clone(), message: message.into(), remedy: Vec::new() };
        let last = self.all.len();
        self.all.push(finding);
        &mut self.all[last]
    }

    fn good(&mut self, message: impl Into<String>) {
        self.add(Level::Ok, message);
    }

    fn warning(&mut self, message: impl Into<String>) -> &mut Finding {
        self.add(Level::Warning, message)
    }

    fn error(&mut self, message: impl Into<String>) -> &mut Finding {
        self.add(Level::Error, message)
    }

    fn failure(&mut self, error: &Error) {
        self.error(&error.message).hints(&error.remedy);
    }
}

impl Finding {
    fn hint(&mut self, remedy: impl Into<Remedy>) -> &mut Self {
        self.remedy.push(remedy.into());
        self
    }

    fn hints(&mut self, remedies: &[Remedy]) -> &mut Self {
        self.remedy.extend_from_slice(remedies);
        self
    }

    fn hint_run(&mut self, command: impl Into<String>) -> &mut Self {
        self.hint(Remedy::run(command))
    }

    fn hint_command(&mut self, text: &str, command: impl Into<String>) -> &mut Self {
        self.hint(Remedy::with_command(text, command))
    }
}
