//! Times whole processes, for all benchmarks here.
#![allow(dead_code, reason = "each benchmark uses its part")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use box_sandbox::{Sandbox, rclone};

use crate::support::Machine;

/// A machine with the newest rclone, which starts no faster there than elsewhere.
pub(crate) fn machine(sandbox: Sandbox) -> Machine {
    let rclone = rclone::newest();
    let mut m = Machine::with(sandbox, &rclone);
    m.unset("GOGC").unset("TCELL_MINIMIZE").set("PLUTON_RCLONE", rclone);
    m
}

/// How long a command takes that has to succeed; nothing is asked of it and nothing shown.
pub(crate) fn run(command: &mut Command) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let status = command.status().with_context(|| format!("{command:?}"))?;
    let took = started.elapsed();
    ensure!(status.success(), "{command:?}: {status}");
    Ok(took)
}

pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

pub(crate) fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

pub(crate) fn ratio(time: Duration, to: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() / to.as_secs_f64())
}
