//! Whether anything renews the storages that rclone cannot renew by itself.

use crate::commands::for_each;
use crate::commands::timer::{Jobs, Kept};
use crate::config::document::Document;
use crate::context::Context;
use crate::storage::section::Section;
use crate::storage::sign_in::Lasting;
use crate::ui::report::{Finding, Level};

pub(super) fn look(context: &Context, document: &Document) -> Vec<Finding> {
    let names = for_each::boxes(document).into_iter();
    let needs_it =
        |name: &String| Section::read(document, name).is_ok_and(|section| section.lasting() == Lasting::ByPluton);
    let names: Vec<String> = names.filter(needs_it).collect();
    let Some(file) = context.config_file().ok().filter(|_| !names.is_empty()) else { return Vec::new() };
    let jobs = Jobs::look();
    let mut findings: Vec<Finding> = names
        .iter()
        .map(|name| {
            let why = match jobs.of(name, file.path()) {
                Kept::By(place) => return Finding::good(name, format!("renewed by what {place} starts")),
                Kept::Off(place) => format!("{place} would renew it, but is not started"),
                Kept::Nothing => "no timer or crontab that names it calls pluton".to_owned(),
            };
            Finding::odd(name, format!("rclone cannot renew its sign-in, and nothing else was found that does: {why}"))
                .hint_command(
                    "install a timer (or see cron, launchd)",
                    "pluton storage refresh --print-timer systemd | sh",
                )
                .hint_command("start every backup with", format!("pluton run {name:?} -- …"))
        })
        .collect();
    if !jobs.unseen.is_empty() {
        let places = jobs.unseen.join(", ");
        findings.push(Finding::new(Level::NotTested, "timers", format!("could not look into: {places}")));
    }
    findings
}
