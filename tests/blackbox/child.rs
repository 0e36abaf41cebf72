//! Which rclone is started; one that hangs is ended in time, and nothing that pluton started outlives it.

use std::fs;
use std::process::Child;

use serde_json::Value as Json;

use crate::ODD;
use crate::support::{Args, Machine, Ran, interrupt, terminate, wait_for, wait_until_gone};

/// An rclone that starts a child of its own and hangs.
fn hanging(m: &Machine, before: &str) {
    let pids = m.beside("pids");
    let text =
        format!("{before}\nsleep 600 &\necho $$ $! > '{0}.new'\nmv '{0}.new' '{0}'\nwait\nsleep 600", pids.display());
    m.script_rclone(&text);
}

/// The process IDs of a hanging rclone and its child, once it hangs.
fn pids(m: &Machine) -> Vec<String> {
    let text = wait_for("the child's process IDs", || fs::read_to_string(m.beside("pids")).ok());
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_flag_comes_before_the_environment_and_that_before_the_path() {
    let mut m = Machine::new();
    let real = box_sandbox::rclone::newest();
    m.script_rclone("exit 99");
    m.set("PLUTON_RCLONE", &real);
    m.add(&m.mint(), "one").ok();
    m.set("PLUTON_RCLONE", "/nowhere/rclone");
    m.add(&m.mint(), "two").fails(3);
    m.add(&m.mint(), "two --rclone .").fails(3);
    m.add(&m.mint(), ["two", "--rclone", real.to_str().expect("UTF-8")]).ok();
}

#[test]
fn a_program_that_is_not_rclone_is_exit_3() {
    let m = Machine::new();
    m.write_config(ODD);
    for script in ["exit 1", "echo 'rclone vX'; exit 2"] {
        m.script_rclone(script);
        m.refuses(|| m.add(&m.mint(), "Box --json"), 3, "rclone_missing");
    }
    // A program that does nothing and exits with 0 proves nothing.
    m.script_rclone("exit 0");
    assert_ne!(m.add(&m.mint(), "Box").code, 0);
    assert_eq!(m.config_text(), ODD);
}

#[test]
fn at_the_deadline_the_child_and_its_children_are_gone_even_if_they_do_not_listen() {
    const VERSION: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\n";
    for before in [VERSION, &format!("{VERSION}trap '' TERM INT HUP"), ""] {
        let m = Machine::new();
        m.write_config(ODD);
        hanging(&m, before);
        let args = "Box --no-refresh-check --timeout 2s --json";
        m.refuses(|| m.add(&m.mint(), args), 8, "timeout");
        for pid in pids(&m) {
            wait_until_gone(&pid);
        }
    }
}

/// `pluton storage add`, ended once its rclone hangs; rclone and what it started are gone then.
fn ended(m: &Machine, stop: fn(&Child), args: impl Args) -> Json {
    m.file("token.json", &m.mint().blob());
    let args = ["storage", "add", "box", "Box", "--token-file", "token.json", "--json"].and(args);
    let child = m.start(&args);
    let pids = pids(m);
    stop(&child);
    let error = Ran::from(child).refused(130, "interrupted");
    for pid in pids {
        wait_until_gone(&pid);
    }
    assert_eq!(m.config_text(), ODD);
    error
}

#[test]
fn ctrl_c_and_sigterm_are_exit_130_and_leave_no_child_and_no_trace() {
    for stop in [interrupt, terminate] {
        let m = Machine::new();
        m.write_config(ODD);
        hanging(&m, "");
        ended(&m, stop, "--no-refresh-check");
        assert_eq!(m.staged(), Vec::<String>::new());
    }
}

#[test]
fn after_a_renewal_they_leave_no_child_and_the_live_token() {
    for stop in [interrupt, terminate] {
        let m = Machine::new();
        m.write_config(ODD);
        hanging(&m, &format!("'{}' \"$@\"", box_sandbox::rclone::newest().display()));
        let error = ended(&m, stop, "");
        assert!(error["notes"].to_string().contains("is saved"), "{error}");
        let kept = m.at(m.kept());
        m.script_rclone(&format!("exec '{}' \"$@\"", box_sandbox::rclone::newest().display()));
        m.pluton(["storage", "add", "box", "Box", "--token-file", kept.to_str().expect("UTF-8")]).ok();
        m.works_after_an_hour("Box");
        assert_eq!(m.staged(), Vec::<String>::new());
    }
}
