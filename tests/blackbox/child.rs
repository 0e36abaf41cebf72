//! Which rclone is started; one that hangs is ended in time, and nothing that pluton started outlives it.

use std::fs;
use std::process::Child;

use crate::bench::{Bench, ODD};
use crate::support::{Ran, interrupt, terminate, wait_for, wait_until_gone};

/// An rclone that starts a child of its own and hangs.
fn hanging(bench: &Bench, before: &str) {
    let pids = bench.home.beside("pids");
    let text =
        format!("{before}\nsleep 600 &\necho $$ $! > '{0}.new'\nmv '{0}.new' '{0}'\nwait\nsleep 600", pids.display());
    bench.home.script_rclone(&text);
}

/// The process IDs of a hanging rclone and its child, once it hangs.
fn pids(bench: &Bench) -> Vec<String> {
    let text = wait_for("the child's process IDs", || fs::read_to_string(bench.home.beside("pids")).ok());
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn the_flag_comes_before_the_environment_and_that_before_the_path() {
    let mut bench = Bench::new();
    let real = box_sandbox::rclone::newest();
    bench.home.script_rclone("exit 99");
    bench.home.set("PLUTON_RCLONE", &real);
    bench.add(&bench.token(), &["one"]).ok();
    bench.home.set("PLUTON_RCLONE", "/nowhere/rclone");
    bench.add(&bench.token(), &["two"]).fails(3);
    bench.add(&bench.token(), &["two", "--rclone", "."]).fails(3);
    bench.add(&bench.token(), &["two", "--rclone", real.to_str().expect("UTF-8")]).ok();
}

#[test]
fn a_program_that_is_not_rclone_is_exit_3() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    for script in ["exit 1", "echo 'rclone vX'; exit 2"] {
        bench.home.script_rclone(script);
        bench.refused(|bench| bench.add(&bench.token(), &["Box", "--json"]), 3, "rclone_missing");
    }
    // A program that does nothing and exits with 0 proves nothing.
    bench.home.script_rclone("exit 0");
    assert_ne!(bench.add(&bench.token(), &["Box"]).code, 0);
    assert_eq!(bench.home.config_text(), ODD);
}

#[test]
fn at_the_deadline_the_child_and_its_children_are_gone_even_if_they_do_not_listen() {
    const VERSION: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\n";
    for before in [VERSION, &format!("{VERSION}trap '' TERM INT HUP"), ""] {
        let bench = Bench::new();
        bench.home.write_config(ODD);
        hanging(&bench, before);
        let args = ["Box", "--no-refresh-check", "--timeout", "2s", "--json"];
        bench.refused(|bench| bench.add(&bench.token(), &args), 8, "timeout");
        for pid in pids(&bench) {
            wait_until_gone(&pid);
        }
    }
}

/// `pluton storage add`, ended once its rclone hangs; rclone and what it started are gone then.
fn ended(bench: &Bench, stop: fn(&Child), args: &[&str]) -> Ran {
    let file = bench.home.file("token.json", &bench.token().blob());
    let args = [&["storage", "add", "box", "Box", "--token-file", &file, "--json"], args].concat();
    let child = bench.home.start(&args);
    let pids = pids(bench);
    stop(&child);
    let ran = Ran::from(child.wait_with_output().expect("pluton ends")).fails(130);
    assert_eq!(ran.document()["error"]["code"], "interrupted");
    for pid in pids {
        wait_until_gone(&pid);
    }
    assert_eq!(bench.home.config_text(), ODD);
    ran
}

#[test]
fn ctrl_c_and_sigterm_are_exit_130_and_leave_no_child_and_no_trace() {
    for stop in [interrupt, terminate] {
        let bench = Bench::new();
        bench.home.write_config(ODD);
        hanging(&bench, "");
        ended(&bench, stop, &["--no-refresh-check"]);
        assert_eq!(bench.staged(), Vec::<String>::new());
    }
}

#[test]
fn after_a_renewal_they_leave_no_child_and_the_live_token() {
    for stop in [interrupt, terminate] {
        let bench = Bench::new();
        bench.home.write_config(ODD);
        hanging(&bench, &format!("'{}' \"$@\"", box_sandbox::rclone::newest().display()));
        let ran = ended(&bench, stop, &[]);
        assert!(ran.document()["error"]["notes"].to_string().contains("is saved"), "{ran:?}");
        let kept = bench.staged().into_iter().find(|file| file.ends_with("/rclone.conf")).expect("a kept section");
        let kept = bench.home.path().join(kept);
        bench.home.script_rclone(&format!("exec '{}' \"$@\"", box_sandbox::rclone::newest().display()));
        bench.home.pluton(&["storage", "add", "box", "Box", "--token-file", kept.to_str().expect("UTF-8")]).ok();
        bench.works_after_an_hour("Box");
        assert_eq!(bench.staged(), Vec::<String>::new());
    }
}
