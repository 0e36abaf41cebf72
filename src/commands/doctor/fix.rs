//! `pluton doctor --fix`: mends what needs no decision and loses nothing.

use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::signals;
use crate::ui::prompt;
use crate::ui::report::Finding;

struct Fix {
    question: String,
    done: String,
    carry_out: fn(&ConfigFile) -> Result<()>,
}

/// What was done, once it was agreed to.
pub(super) fn run(context: &Context, yes: bool) -> Result<Vec<Finding>> {
    const ABOUT: &str = "fixed";
    // That there is none to be found is said by the look that follows.
    let Ok(file) = context.config_file() else { return Ok(Vec::new()) };
    let fixes = fixes(&file);
    if fixes.is_empty() {
        return Ok(vec![Finding::good(ABOUT, "nothing; there is nothing to fix that needs no decision of yours")]);
    }
    let mut findings = Vec::new();
    for fix in fixes {
        if !yes && !agrees(context, &fix.question)? {
            continue;
        }
        signals::check()?;
        findings.push(match (fix.carry_out)(&file) {
            Ok(()) => Finding::good(ABOUT, fix.done),
            Err(error) => Finding::from_error("not fixed", error),
        });
    }
    Ok(findings)
}

fn agrees(context: &Context, question: &str) -> Result<bool> {
    if context.terminal.asks {
        return prompt::yes(question);
    }
    Err(Error::new(Code::InputRequired, question).responsible(Who::You).hint("say so with --yes"))
}

fn fixes(file: &ConfigFile) -> Vec<Fix> {
    let place = config::shown(file.path());
    let mut fixes = Vec::new();
    if file.is_open_to_others() && file.foreign_owner().is_none() {
        fixes.push(Fix {
            question: format!("Other users of this machine can read {place}. Make it private?"),
            done: format!("{place} is private now"),
            carry_out: ConfigFile::make_private,
        });
    }
    let copies = config::left_copies().len();
    if copies > 0 {
        fixes.push(Fix {
            question: format!(
                "Remove private copies of rclone.conf that {copies} killed runs left? What was renewed in them is kept."
            ),
            done: "private copies are removed; what was renewed in them is found by the next refresh".to_owned(),
            carry_out: |file| {
                file.collect_copies();
                config::left_copies().first().map_or(Ok(()), |left| {
                    let message = format!("{} is of another rclone.conf, or cannot be read", config::shown(left));
                    Err(Error::new(Code::ConfigUnreadable, message)
                        .hint("name the other file with --rclone-config FILE"))
                })
            },
        });
    }
    let spare: Vec<_> = file.spare_leftovers().iter().map(|left| config::shown(left)).collect();
    if !spare.is_empty() {
        let names = spare.join(", ");
        fixes.push(Fix {
            question: format!("Remove {names}, after taking what is missing in rclone.conf from there?"),
            done: format!("{names}: removed, and nothing of it lost"),
            carry_out: ConfigFile::clear_leftovers,
        });
    }
    fixes
}
