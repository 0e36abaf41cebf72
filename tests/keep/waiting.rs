//! While Box is unavailable, `run` and `refresh` retry for as long as they are allowed to.

use std::fs::{self, File};
use std::process::{Child, Stdio};

use box_sandbox::{Fault, Sandbox};

use crate::life::{Life, with_each};
use crate::support::{PLUTON, interrupt, wait_for};

const TOLD: &str = "retrying for up to";

/// Where tokens come from, by rclone's name and by Box's.
const TOKENS: [&str; 2] = ["/oauth2/token", "/api/oauth2/token"];

fn down(life: &Life, answer: impl Fn(Fault) -> Fault) {
    for path in TOKENS {
        life.sandbox.fault(answer(Fault::on("POST", path).status(503)));
    }
}

/// pluton on its way, and the file that its standard error goes to.
fn start(life: &Life, name: &str, args: &[&str]) -> (Child, impl Fn() -> String + use<>) {
    let said = life.home.path().join(name);
    let mut command = life.home.command(PLUTON);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&said).expect("a file"));
    (command.spawn().expect("pluton starts"), move || fs::read_to_string(&said).expect("what it said"))
}

fn ask_count(life: &Life) -> usize {
    life.sandbox.requests().iter().filter(|request| request.path.ends_with("/oauth2/token")).count()
}

#[test]
fn a_backup_starts_when_box_is_back() {
    with_each(Sandbox::start, |life| {
        life.jwt("JWT");
        life.client_credentials("CCG");
        life.expired("OAuth");
        down(&life, |fault| fault);
        let script = "for name in JWT CCG OAuth; do rclone lsd $name: || exit 9; done";
        let (child, said) = start(&life, "said", &["run", "JWT", "CCG", "OAuth", "--", "sh", "-c", script]);
        wait_for("word of it", || said().contains(TOLD).then_some(()));
        life.sandbox.clear_faults();
        let output = child.wait_with_output().expect("pluton ends");
        assert_eq!((output.status.code(), said().matches(TOLD).count()), (Some(0), 1), "{}", said());
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
    });
}

#[test]
fn a_refresh_goes_on_when_box_is_back() {
    with_each(Sandbox::start, |life| {
        life.jwt("JWT");
        life.client_credentials("CCG");
        life.expired("OAuth");
        down(&life, |fault| fault);
        let (child, said) = start(&life, "said", &["storage", "refresh", "--all", "--json"]);
        wait_for("word of it", || said().contains(TOLD).then_some(()));
        life.sandbox.clear_faults();
        let output = child.wait_with_output().expect("pluton ends");
        assert_eq!((output.status.code(), said().matches(TOLD).count()), (Some(0), 1), "{}", said());
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one document");
        assert!(document["storages"].as_array().expect("storages").iter().all(|each| each["outcome"] == "renewed"));
        for name in ["JWT", "CCG", "OAuth"] {
            life.is_signed_in(name);
        }
    });
}

#[test]
fn while_one_waits_as_box_asks_another_may_try_and_ctrl_c_ends_it() {
    let life = Life::new();
    life.client_credentials("CCG");
    down(&life, |fault| fault.header("Retry-After", "240"));
    for args in [&["storage", "refresh", "CCG"][..], &["run", "CCG", "--", "touch", "started"]] {
        life.sandbox.clear_requests();
        let (mut child, said) = start(&life, "said", args);
        wait_for("word of it", || said().contains(TOLD).then_some(()));
        let ran = life.pluton(&["storage", "refresh", "CCG", "--wait", "0s"]).fails(8);
        assert!(!ran.stderr.contains(TOLD), "{ran:?}");
        assert_eq!((child.try_wait().expect("a process").is_none(), ask_count(&life)), (true, 2));
        interrupt(&child);
        let status = wait_for("its end", || child.try_wait().expect("a process"));
        assert_eq!(status.code(), Some(130), "{}", said());
    }
    assert!(!life.home.path().join("started").exists());
}

#[test]
fn nobody_waits_for_what_will_not_pass_or_comes_too_late() {
    let life = Life::new();
    life.client_credentials("CCG");
    down(&life, |fault| fault.header("Retry-After", "3600"));
    let ran = life.pluton(&["storage", "refresh", "CCG"]).fails(8);
    assert_eq!((ran.stderr.contains(TOLD), ask_count(&life)), (false, 1), "{ran:?}");
    life.sandbox.clear_faults();
    let dead = life.expired("dead");
    life.sandbox.expire_refresh(&dead.refresh);
    for args in [&["storage", "refresh", "dead"][..], &["run", "dead", "--", "touch", "started"]] {
        let ran = life.pluton(args).fails(6);
        assert!(!ran.stderr.contains(TOLD), "{ran:?}");
    }
}

#[test]
fn it_gives_up_in_the_end() {
    let life = Life::new();
    life.client_credentials("CCG");
    down(&life, |fault| fault);
    let ran = life.pluton(&["run", "CCG", "--wait", "2s", "--", "touch", "started"]).fails(8);
    assert!(ran.stderr.contains(TOLD) && ran.stderr.contains("status.box.com") && ask_count(&life) > 1, "{ran:?}");
    assert!(!life.home.path().join("started").exists());
}
