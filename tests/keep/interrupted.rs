//! Ctrl-C ends whatever pluton waits for at once, and nothing is left half done.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use box_sandbox::Fault;

use serde_json::json;

use crate::support::{Args, Machine, PLUTON, Ran, interrupt, terminate, until, wait_for, wait_until_gone};

/// Waits until the process has a file or directory of its own open below the home, as it has while it waits for a lock.
fn wait_until_at_a_lock(m: &Machine, child: &Child) {
    let fds = format!("/proc/{}/fd", child.id());
    wait_for("a lock that is waited for", || {
        let open = fs::read_dir(&fds).ok()?.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
        open.filter(|path| path.starts_with(m.path())).last()
    });
}

fn is_over_at_once(child: Child) {
    interrupt(&child);
    Ran::from(child).fails(130).says("interrupted");
}

#[test]
fn ctrl_c_ends_the_wait_for_another_renewal() {
    let m = Machine::new();
    m.expired("Box");
    let before = m.config_text();
    m.script_rclone("touch \"$HOME/renewing\"; exec sleep 600");
    let mut first = m.start("storage refresh Box");
    m.wait_for_file("renewing");
    for args in ["refresh Box", "verify Box", "remove Box --yes"] {
        let second = m.start("storage".and(args));
        wait_until_at_a_lock(&m, &second);
        is_over_at_once(second);
    }
    first.kill().expect("it was still at work");
    first.wait().expect("it ends");
    assert_eq!(m.config_text(), before);
}

#[test]
fn ctrl_c_ends_the_wait_for_another_writer_of_rclone_conf() {
    let m = Machine::new();
    m.quick("Box");
    let before = m.config_text();
    let lock = fs::File::open(m.config().parent().expect("a directory")).expect("rclone.conf's directory");
    lock.lock().expect("the lock");
    let child = m.start("storage edit Box --list-chunk 5 --no-verify");
    wait_until_at_a_lock(&m, &child);
    is_over_at_once(child);
    assert_eq!(m.config_text(), before);
}

#[test]
fn ctrl_c_ends_the_wait_for_an_rclone_that_outlived_its_pluton() {
    let m = Machine::new();
    m.file("token", &m.mint().blob());
    let add = "storage add box Box --token-file token";
    // rclone asks twice: Box refuses the first way in which it names its app.
    m.sandbox.fault(Fault::on("POST", "/").times(1));
    m.sandbox.fault(Fault::on("POST", "/").delay(Duration::from_secs(60)));
    let mut first = m.start(add);
    until("the renewal", || m.grants() > 0);
    first.kill().expect("it was still at work");
    first.wait().expect("it ends");
    let second = m.start(add);
    wait_until_at_a_lock(&m, &second);
    is_over_at_once(second);
}

/// Waits until the process catches Ctrl-C, as it does before it asks anyone for anything.
fn wait_until_it_listens(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    wait_for("a handler for Ctrl-C", || {
        let status = fs::read_to_string(&status).ok()?;
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?.trim().to_owned();
        (u64::from_str_radix(&caught, 16).ok()? & 2 != 0).then_some(())
    });
}

#[test]
fn ctrl_c_ends_the_reading_of_what_nobody_writes() {
    let m = Machine::new();
    m.quick("Box");
    let before = m.config_text();
    m.shell("mkfifo token declared.toml").ok();
    m.file("named.toml", "[storage.New]\nprovider = 'box'\ntoken = { file = 'token' }\n");
    for args in [
        "storage add box New --token-file -",
        "storage add box New --token-file token",
        "storage add box New --box-config-file token",
        "apply declared.toml",
        "apply named.toml",
    ] {
        for stop in [interrupt, terminate] {
            let mut child = m.piped(PLUTON, args).stdin(Stdio::piped()).spawn().expect("pluton starts");
            // Open until the end: closed, it would be an answer.
            let _stdin = child.stdin.take();
            wait_until_it_listens(&child);
            stop(&child);
            Ran::from(child).fails(130).says("interrupted");
        }
    }
    assert_eq!(m.config_text(), before);
}

#[test]
fn ctrl_c_ends_commands_that_print_secrets_and_what_they_started() {
    let m = Machine::new();
    m.file("slow", "sleep 600 &\necho $$ $! > pids.new\nmv pids.new pids\nwait\n");
    m.file("declared.toml", "[storage.New]\nprovider = 'box'\ntoken = { command = ['sh', 'slow'] }\n");
    m.file("encrypted.conf", "RCLONE_ENCRYPT_V0:\nAAAA\n");
    let list = "storage list --rclone-config encrypted.conf --password-command 'sh slow'";
    for args in ["apply declared.toml", list] {
        for stop in [interrupt, terminate] {
            // Away from any terminal, whose Ctrl-C would reach them by itself.
            let child = m.piped("setsid", [PLUTON].and(args)).spawn().expect("pluton starts");
            let pids = wait_for("the command", || fs::read_to_string(m.at("pids")).ok());
            stop(&child);
            Ran::from(child).fails(130).says("interrupted");
            for pid in pids.split_whitespace() {
                wait_until_gone(pid);
            }
            fs::remove_file(m.at("pids")).expect("it was there");
        }
    }
}

#[test]
fn a_command_that_prints_without_end_is_a_failure() {
    let m = Machine::new();
    m.file("declared.toml", "[storage.New]\nprovider = 'box'\ntoken = { command = ['yes'] }\n");
    let ran = m.pluton("apply declared.toml").fails(2);
    assert!(format!("{ran:?}").contains("far more than a secret"), "{ran:?}");
}

#[test]
fn saved_is_0_whatever_is_pressed_while_box_says_whose_account_it_is() {
    let m = Machine::new();
    m.file("token", &m.mint().blob());
    m.sandbox.fault(Fault::on("GET", "/2.0/users/me").delay(Duration::from_secs(60)));
    for stop in [interrupt, terminate] {
        m.write_config("");
        let child = m.start("storage add box New --token-file token --json --force");
        until("the storage", || m.config_text().contains("[New]"));
        stop(&child);
        Ran::from(child).holds(&json!({ "warnings": [{ "code": "account_not_asked" }] }));
        m.is_signed_in("New");
        m.file("token", &m.token("New").to_string());
    }
}

#[test]
fn what_a_run_leaves_that_was_killed_after_it_saved_is_no_sign_in_to_resume() {
    let m = Machine::new();
    m.expired("Box");
    let (staged, left) = (m.at(".local/state/pluton/staged"), m.at("left"));
    // A copy of what rclone renewed in the private directory, which a killed run would not have deleted.
    let copy = format!("cp -rp '{}' '{}'", staged.display(), left.display());
    m.script_rclone(&format!("'{}' \"$@\"\ncode=$?\n{copy}\nexit $code", m.rclone.display()));
    m.pluton("storage refresh Box").ok();
    fs::remove_dir_all(&staged).expect("the directory of staged sections");
    fs::rename(&left, &staged).expect("as the killed run left it");
    m.log_children();
    let saved = m.refresh_token("Box");
    m.pluton("storage refresh Box").ok();
    assert!(!m.sandbox.is_live_refresh(&saved));
    m.is_signed_in("Box");
    m.pluton("doctor").omits("can still be used");
    assert!(m.staged().is_empty() && staged.is_dir());
}

#[test]
fn what_a_run_leaves_that_was_killed_before_anything_was_renewed_is_deleted_by_the_next() {
    let m = Machine::new();
    m.quick("Box");
    m.log_children();
    m.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(Duration::from_secs(60)));
    let mut first = m.start("storage verify Box");
    until("a listing", || m.children().iter().any(|child| child.contains(" lsd ")));
    first.kill().expect("it was still at work");
    first.wait().expect("it ends");
    for child in m.children() {
        m.shell(&format!("kill -9 {} || true", child.split(' ').next().expect("a process ID"))).ok();
    }
    m.wait_for_children();
    assert!(!m.staged().is_empty(), "it was killed");
    m.sandbox.clear_faults();
    m.pluton("storage refresh Box").ok();
    assert!(m.staged().is_empty(), "{:?}", m.staged());
    m.is_signed_in("Box");
}
