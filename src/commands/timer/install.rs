//! Installs the timer that `--print-timer` prints, where systemd or cron is there to run it.

use std::time::Duration;

use super::jobs::{Jobs, Kept};
use super::{NO_PASSWORD, is_set, text};
use crate::cli::{Refresh, TimerKind, Which};
use crate::config::ConfigFile;
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::process::{self, Outcome as Ran};
use crate::storage::sign_in::Lasting;
use crate::ui::prompt;
use crate::ui::report::{Outcome, Saved, Timer, Warning, failure_text};

const EVERYTHING: Refresh = Refresh {
    which: Which { names: Vec::new(), all: true },
    if_within: None,
    print_timer: None,
    wait: Duration::from_secs(5 * 60),
    timeout: None,
};

/// Sees to it that a storage that rclone cannot renew is renewed, where that is wanted. It is saved whatever comes of it.
pub(crate) fn keep(context: &Context, file: &ConfigFile, is_wanted: bool, added: &mut Saved) {
    let is_asked = is_wanted || context.terminal.asks;
    if !is_asked || added.lasting != Lasting::ByPluton || added.outcome == Outcome::DryRun {
        return;
    }
    if let Kept::By(place) = Jobs::look().of(&added.storage.name, file.path()) {
        added.timer = Some(Timer { place, installed: false, remove: None });
    } else {
        let kind = kind_here();
        let question = "Its sign-in expires after 60 minutes. Install a timer now that renews it every 20 minutes?";
        match kind {
            None if is_wanted => added.warnings.push(not_installed(&nowhere())),
            Some(kind) if is_wanted || prompt::yes_or_leave(question) => match install(context, kind) {
                Ok(timer) => added.timer = Some(timer),
                Err(error) => added.warnings.push(not_installed(&error)),
            },
            _ => {}
        }
    }
    if added.timer.is_some() {
        added.warnings.retain(|warning| warning.code != "needs_renewal");
    }
}

fn not_installed(error: &Error) -> Warning {
    Warning { code: "timer_not_installed", message: format!("no timer was installed: {}", failure_text(error)) }
}

fn nowhere() -> Error {
    Error::new(Code::Unknown, "neither `systemctl --user` nor crontab can be used here").hint_command(
        "install what this prints in your own way",
        "pluton storage refresh --print-timer systemd|cron|launchd",
    )
}

fn kind_here() -> Option<TimerKind> {
    if cfg!(target_os = "macos") {
        return None;
    }
    if process::tool("systemctl", &["--user", "show-environment"], b"").is_ok_and(|ran| ran.success()) {
        return Some(TimerKind::Systemd);
    }
    crontab().map(|_| TimerKind::Cron)
}

/// What is in it; `None` where this user has no cron.
fn crontab() -> Option<String> {
    let ran = process::tool("crontab", &["-l"], b"").ok()?;
    let is_empty = ran.stderr.contains("no crontab for");
    (ran.success() || is_empty).then_some(ran.stdout)
}

fn install(context: &Context, kind: TimerKind) -> Result<Timer> {
    if is_set("RCLONE_CONFIG_PASS") && context.password_command().is_none() {
        return Err(
            Error::new(Code::InputRequired, format!("a timer cannot carry {NO_PASSWORD}")).responsible(Who::You)
        );
    }
    let timer = text(context, &EVERYTHING, kind)?;
    if kind == TimerKind::Systemd {
        // Another rclone.conf's, or it would have been seen to renew this storage.
        if process::tool("systemctl", &["--user", "cat", "pluton-refresh.service"], b"").is_ok_and(|ran| ran.success())
        {
            return Err(Error::new(
                Code::ConfigConflict,
                "there is a pluton-refresh.timer already, for something else",
            )
            .hint_command("see what this storage needs", "pluton storage refresh --print-timer systemd"));
        }
        done("sh", &process::tool("sh", &["-s"], timer.as_bytes()))?;
        let remove = "systemctl --user disable --now pluton-refresh.timer";
        return Ok(Timer { place: "pluton-refresh.timer of systemd".into(), installed: true, remove: Some(remove) });
    }
    let before = crontab().unwrap_or_default();
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    done("crontab", &process::tool("crontab", &["-"], format!("{before}{gap}{timer}").as_bytes()))?;
    Ok(Timer { place: "crontab".into(), installed: true, remove: Some("crontab -e") })
}

fn done(program: &str, ran: &std::io::Result<Ran>) -> Result<()> {
    let failed = |said: &str| Err(Error::new(Code::Unknown, format!("{program} failed: {}", said.trim())));
    match ran {
        Ok(ran) if ran.success() => Ok(()),
        Ok(ran) => failed(&ran.stderr),
        Err(cause) => failed(&cause.to_string()),
    }
}
