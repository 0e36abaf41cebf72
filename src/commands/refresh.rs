//! `pluton storage refresh`: new access tokens, ahead of time; what a timer calls.

use super::for_each::{in_parallel, names};
use super::patience::Patience;
use super::renew::{Fresh, How, is_renewable, renew};
use super::{show, timer};
use crate::cli::Refresh;
use crate::config::ConfigFile;
use crate::context::Context;
use crate::error::Result;
use crate::rclone::Rclone;
use crate::signals;
use crate::storage::section::Section;
use crate::ui::report::{Report, StorageResult};

/// Renewals are short; more at a time would only wait for each other's turn at rclone.conf.
const JOBS: usize = 4;

pub(super) fn run(context: &Context, flags: &Refresh) -> Result<Report> {
    if let Some(kind) = flags.print_timer {
        return Ok(Report::Raw(timer::text(context, flags, kind)?.into_bytes()));
    }
    let file = context.config_file()?;
    let names = names(context, &file, &flags.which, "refresh")?;
    let rclone = context.rclone(flags.timeout)?.without_spinner();
    let patience = Patience::new(context.terminal, flags.wait, Some("renewing"));
    let renewed = |name: &String| patience.with(|| renewed(&file, &rclone, name, flags));
    let storages = in_parallel(&names, JOBS, |name| match renewed(name) {
        Ok(None) => StorageResult::good(name, "not_renewable"),
        Ok(Some(fresh)) => {
            let outcome = match fresh.how {
                How::Renewed => "renewed",
                How::ByAnother => "renewed_by_another",
                How::StillGood => "still_good",
            };
            StorageResult { token: Some(show::state(&fresh.token)), ..StorageResult::good(name, outcome) }
        }
        Err(error) => StorageResult::failed(name, error),
    });
    drop(patience);
    signals::check()?;
    Ok(Report::Results(storages))
}

/// `None`: among all storages one that nobody can renew is no failure; a timer could do nothing about it.
fn renewed(file: &ConfigFile, rclone: &Rclone, name: &str, flags: &Refresh) -> Result<Option<Fresh>> {
    signals::check()?;
    if flags.which.all && !is_renewable(&Section::read(&file.read()?, name)?) {
        return Ok(None);
    }
    renew(file, rclone, name, flags.if_within).map(Some)
}
