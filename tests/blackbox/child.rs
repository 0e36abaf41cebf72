//! rclone missing, old, dead or hanging: pluton says so, and whatever it started is gone when it ends.

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
fn a_missing_rclone_is_exit_3_with_how_to_get_it() {
    let bench = Bench::new();
    for (args, words) in [(&["--rclone", "/nowhere/rclone"][..], "/nowhere/rclone"), (&["--rclone", "."], ".")] {
        let args = [&["Box", "--json"], args].concat();
        let error = bench.refused(|bench| bench.add(&bench.token(), &args), 3, "rclone_missing");
        assert!(error["message"].as_str().is_some_and(|said| said.contains(words)), "{error}");
        assert!(error["remedy"].to_string().contains("https://rclone.org/install/"), "{error}");
    }
    fs::remove_file(bench.home.beside("rclone")).expect("the link");
    // Debian's may still be on the PATH of this machine.
    let mut bench = bench;
    let bin = bench.home.beside("");
    bench.home.set("PATH", bin);
    bench.refused(|bench| bench.add(&bench.token(), &["Box", "--json"]), 3, "rclone_missing");
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
    bench.add(&bench.token(), &["two", "--rclone", real.to_str().expect("UTF-8")]).ok();
}

#[test]
fn a_program_that_is_not_rclone_is_exit_3() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    for script in ["echo 'I am a clone'; exit 1", "exit 1", "echo 'rclone vX'; exit 2"] {
        bench.home.script_rclone(script);
        bench.refused(|bench| bench.add(&bench.token(), &["Box", "--json"]), 3, "rclone_missing");
    }
}

#[test]
fn a_program_that_does_nothing_and_ends_well_proves_nothing() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.script_rclone("exit 0");
    let ran = bench.add(&bench.token(), &["Box"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(bench.home.config_text(), ODD);
}

#[test]
fn an_rclone_that_is_too_old_is_exit_3_with_both_versions() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.script_rclone(
        "[ \"$1\" = version ] && echo 'rclone v1.40.0' && exit 0\necho 'Error: unknown flag: --contimeout' >&2\nexit 1",
    );
    let error = bench.refused(|bench| bench.add(&bench.token(), &["Box", "--json"]), 3, "rclone_too_old");
    assert!(error["message"].as_str().is_some_and(|said| said.contains("1.40.0") && said.contains("1.60")), "{error}");
}

#[test]
fn an_rclone_that_dies_by_a_signal_is_a_failure_like_any_other() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.script_rclone("[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\nkill -SEGV $$");
    let error = bench.refused(|bench| bench.add(&bench.token(), &["Box", "--json"]), 1, "unknown");
    assert!(error["remedy"].to_string().contains("--verbose"), "{error}");
}

#[test]
fn at_the_deadline_the_child_and_its_children_are_gone() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    hanging(&bench, "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0");
    bench.refused(
        |bench| bench.add(&bench.token(), &["Box", "--no-refresh-check", "--timeout", "2s", "--json"]),
        8,
        "timeout",
    );
    for pid in pids(&bench) {
        wait_until_gone(&pid);
    }
}

#[test]
fn children_that_do_not_listen_are_gone_too() {
    let bench = Bench::new();
    hanging(&bench, "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\ntrap '' TERM INT HUP");
    bench.refused(
        |bench| bench.add(&bench.token(), &["Box", "--no-refresh-check", "--timeout", "2s", "--json"]),
        8,
        "timeout",
    );
    for pid in pids(&bench) {
        wait_until_gone(&pid);
    }
}

#[test]
fn an_rclone_that_hangs_in_everything_does_not_hold_pluton() {
    let bench = Bench::new();
    hanging(&bench, "");
    bench.refused(
        |bench| bench.add(&bench.token(), &["Box", "--no-refresh-check", "--timeout", "1s", "--json"]),
        8,
        "timeout",
    );
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
        assert!(ran.document()["error"]["notes"].to_string().contains("is kept"), "{ran:?}");
        let kept = bench.staged().into_iter().find(|file| file.ends_with("/rclone.conf")).expect("a kept section");
        let kept = bench.home.path().join(kept);
        bench.home.script_rclone(&format!("exec '{}' \"$@\"", box_sandbox::rclone::newest().display()));
        bench.home.pluton(&["storage", "add", "box", "Box", "--token-file", kept.to_str().expect("UTF-8")]).ok();
        bench.works_after_an_hour("Box");
        assert_eq!(bench.staged(), Vec::<String>::new());
    }
}
