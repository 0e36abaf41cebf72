//! What is created if there is no rclone.conf, and what happens if none can be created. `tests/rclone_conf` checks
//! which file it is.

use std::fs;

use crate::bench::{Bench, with_each};
use crate::support::{PLUTON, Ran};

fn add(bench: &Bench, args: &[&str]) -> Ran {
    bench.add(&bench.token(), &[&["Box", "--no-verify"], args].concat())
}

#[test]
fn a_new_file_goes_where_rclone_would_make_it_and_is_private() {
    with_each(|mut bench| {
        add(&bench, &[]).ok();
        bench.leaves_only_rclone_conf();
        bench.home.set("XDG_CONFIG_HOME", bench.home.path().join("new/xdg"));
        let bench2 = bench;
        fs::remove_file(bench2.home.config()).expect("rclone.conf");
        add(&bench2, &[]).ok();
        assert_eq!(bench2.home.mode("new/xdg/rclone/rclone.conf"), 0o600);
        assert_eq!(bench2.home.mode("new/xdg/rclone"), 0o700);
        assert_eq!(bench2.home.mode("new"), 0o700);
        assert_eq!(bench2.home.dump()["Box"]["type"], "box");
    });
}

#[test]
fn what_is_made_is_private_whatever_the_umask() {
    let bench = Bench::new();
    let file = bench.home.file("token.json", &bench.token().blob());
    let mut command = bench.home.command("/bin/sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", PLUTON, "storage", "add", "box", "Box"]);
    command.args(["--token-file", &file, "--root-folder-id", "4711"]);
    let ran = Ran::from(command.output().expect("sh runs")).fails(7);
    let kept = bench.staged().into_iter().find(|path| path.ends_with("/rclone.conf"));
    let kept = kept.unwrap_or_else(|| panic!("a kept file: {ran:?}"));
    assert_eq!(bench.home.mode(&kept), 0o600);
    assert_eq!(bench.home.mode(kept.trim_end_matches("/rclone.conf")), 0o700);

    let mut command = bench.home.command("/bin/sh");
    command.args([
        "-c",
        "umask 000; exec \"$0\" \"$@\"",
        PLUTON,
        "storage",
        "add",
        "box",
        "Box",
        "--token-file",
        &file,
    ]);
    Ran::from(command.output().expect("sh runs")).ok();
    fs::remove_file(file).expect("the user's own file");
    bench.leaves_only_rclone_conf();
}

#[test]
fn the_report_names_a_file_that_rclone_would_not_find_by_itself() {
    let bench = Bench::new();
    let ran = bench.add(&bench.token(), &["Box", "--rclone-config", "here.conf"]).ok();
    let line = ran.stdout.lines().find(|line| line.contains("restic")).expect("an example");
    assert!(line.contains("RCLONE_CONFIG="), "{ran:?}");
    let ran = bench.add(&bench.token(), &["Other"]).ok();
    assert!(!ran.stdout.contains("RCLONE_CONFIG="), "{ran:?}");
}

#[test]
fn a_place_that_cannot_be_written_is_exit_9() {
    let bench = Bench::new();
    let blocked = bench.home.file("blocked", "a file, where a directory should be");
    let inside = format!("{blocked}/rclone.conf");
    for (path, expected) in [(inside.as_str(), "config_unreadable"), ("/proc/rclone.conf", "config_unwritable")] {
        let ran = add(&bench, &["--rclone-config", path, "--json"]).fails(9);
        let error = &ran.document()["error"];
        assert_eq!(error["code"], expected, "{path}: {ran:?}");
        assert!(error["remedy"].as_array().is_some_and(|list| !list.is_empty()), "{path}: {ran:?}");
    }
    assert_eq!(fs::read_to_string(&blocked).expect("a file"), "a file, where a directory should be");
}
