//! Keeping storages connected: what a user may rely on after `add`.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod authorize;
mod backup;
mod batch;
mod downloads;
mod edit;
mod faults;
mod grant_key;
mod hostile;
mod in_flight;
mod interrupted;
mod keeper;
mod read_only;
mod refresh;
mod remove;
mod rename;
mod restore;
mod run;
mod sharing;
mod show;
mod shutdown;
mod slow;
mod timers;
mod verify;
mod waiting;

use std::fs::{self, File};
use std::process::Child;
use std::time::Duration;

use box_sandbox::{Fault, Sandbox};

use support::{Args, Machine, PLUTON, Ran};

/// A command's script that makes the file `ready` and goes on once there is a file `over`.
const UNTIL_OVER: &str = "touch ready; for i in $(seq 900); do [ -e over ] && break; sleep 0.1; done";

/// Where tokens come from, by rclone's name and by Box's.
const TOKENS: [&str; 2] = ["/oauth2/token", "/api/oauth2/token"];

/// `run NAMES -- sh -c SCRIPT`.
fn running(names: impl Args, script: &str) -> Vec<String> {
    "run".and(names).and(["--", "sh", "-c", script])
}

fn run(m: &Machine, names: impl Args, script: &str) -> Ran {
    m.pluton(running(names, script))
}

/// pluton on its way, and what it has said on standard error so far.
fn start_told(m: &Machine, args: impl Args) -> (Child, Box<dyn Fn() -> String>) {
    let said = m.at("said");
    let child = m.piped(PLUTON, args).stderr(File::create(&said).expect("a file")).spawn();
    (child.expect("pluton starts"), Box::new(move || fs::read_to_string(&said).expect("what it said")))
}

/// A Box that takes its time once it has replaced a token.
fn slow() -> Sandbox {
    let sandbox = Sandbox::start();
    for path in TOKENS {
        sandbox.fault(Fault::on("POST", path).delay(Duration::from_secs(3)));
    }
    sandbox
}
