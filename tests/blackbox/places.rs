//! What is created if there is no rclone.conf, and what happens if none can be created. `tests/rclone_conf` checks
//! which file it is.

use std::fs;

use crate::support::{Machine, PLUTON, with_each};

#[test]
fn a_new_file_goes_where_rclone_would_make_it_and_is_private() {
    with_each(|mut m| {
        m.put(&m.mint(), "Box").ok();
        m.leaves_only_rclone_conf();
        m.set("XDG_CONFIG_HOME", m.at("new/xdg"));
        fs::remove_file(m.config()).expect("rclone.conf");
        m.put(&m.mint(), "Box").ok();
        assert_eq!(m.mode("new/xdg/rclone/rclone.conf"), 0o600);
        assert_eq!(m.mode("new/xdg/rclone"), 0o700);
        assert_eq!(m.mode("new"), 0o700);
        assert_eq!(m.dump()["Box"]["type"], "box");
    });
}

#[test]
fn what_is_made_is_private_whatever_the_umask() {
    let m = Machine::new();
    let file = m.file("token.json", &m.mint().blob());
    let add = format!("umask 000; exec '{PLUTON}' storage add box Box --token-file '{file}'");
    m.shell(&format!("{add} --root-folder-id 4711")).fails(7);
    let kept = m.kept();
    assert_eq!(m.mode(&kept), 0o600);
    assert_eq!(m.mode(kept.trim_end_matches("/rclone.conf")), 0o700);
    m.shell(&add).ok();
    fs::remove_file(file).expect("the user's own file");
    m.leaves_only_rclone_conf();
}

#[test]
fn the_report_names_a_file_that_rclone_would_not_find_by_itself() {
    let m = Machine::new();
    let ran = m.add(&m.mint(), "Box --rclone-config here.conf").ok();
    let line = ran.stdout.lines().find(|line| line.contains("restic")).expect("an example");
    assert!(line.contains("RCLONE_CONFIG="), "{ran:?}");
    m.add(&m.mint(), "Other").ok().omits("RCLONE_CONFIG=");
}

#[test]
fn a_place_that_cannot_be_written_is_exit_9() {
    let m = Machine::new();
    let blocked = m.file("blocked", "a file, where a directory should be");
    let inside = format!("{blocked}/rclone.conf");
    for (path, expected) in [(inside.as_str(), "config_unreadable"), ("/proc/rclone.conf", "config_unwritable")] {
        let error = m.put(&m.mint(), ["Box", "--rclone-config", path, "--json"]).refused(9, expected);
        assert!(error["remedy"].as_array().is_some_and(|list| !list.is_empty()), "{path}: {error}");
    }
    assert_eq!(m.read(&blocked), "a file, where a directory should be");
}
