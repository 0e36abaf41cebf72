//! Full or read-only disks and directories: exit 9, the old file complete, and a renewed token never lost.

use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use box_sandbox::Token;

use crate::ODD;
use crate::mounts::{self, Immutable, Mount};
use crate::support::{Args, Machine, PLUTON, Ran, names_in};

/// The run failed this way and says what helps; rclone.conf is unchanged, and the token or its successor is valid and can be
/// found.
#[track_caller]
fn refused(m: &Machine, before: &str, token: &Token, ran: Ran, code: &str, remedy: &str) {
    let error = ran.refused(9, code);
    assert!(error["remedy"][0].is_string() && error["remedy"].to_string().contains(remedy), "{error}");
    assert_eq!(m.config_text(), before);
    if !m.sandbox.is_live_refresh(&token.refresh) {
        assert_eq!(m.staged().len(), 1);
        assert!(error["notes"].to_string().contains(&m.staged()[0]), "{error}");
    }
}

/// The same, and Box was asked for nothing.
#[track_caller]
fn refused_at_once(m: &Machine, before: &str, token: &Token, ran: Ran, remedy: &str) {
    refused(m, before, token, ran, "config_unwritable", remedy);
    assert!(m.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
}

/// Once the cause is gone, the same command continues with whichever token is live.
#[track_caller]
fn works_again(m: &Machine, token: &Token) {
    m.add(token, "box").ok();
    m.all_live(["box"]);
    assert!(m.config_text().starts_with(ODD));
    assert!(m.staged().is_empty());
}

#[test]
fn on_a_full_disk() {
    let m = Machine::new();
    m.write_config(ODD);
    let Some(disk) = Mount::tmpfs(&m.config_dir(), "size=64k") else { return };
    m.write_config(&format!("{ODD}{}", "; much of this\n".repeat(2000)));
    let before = m.config_text();
    let filler = m.config_dir().join("filler");
    mounts::fill(&filler);
    let token = m.mint();
    refused_at_once(&m, &before, &token, m.add(&token, "box --json"), "free some space");
    assert_eq!(names_in(m.config_dir()), ["filler", "rclone.conf"]);
    fs::remove_file(filler).expect("space again");
    works_again(&m, &token);
    m.nothing_beside();
    drop(disk);
}

#[test]
fn where_the_size_of_files_is_limited() {
    let m = Machine::new();
    m.write_config(&format!("{ODD}{}", "; much of this\n".repeat(20_000)));
    let before = m.config_text();
    let token = m.mint();
    let file = m.file("token.json", &token.blob());
    let ran = m.shell(&format!("ulimit -f 200; exec '{PLUTON}' storage add box box --token-file '{file}' --json"));
    refused_at_once(&m, &before, &token, ran, "ulimit");
    m.nothing_beside();
    works_again(&m, &token);
}

#[test]
fn in_a_read_only_directory() {
    let m = Machine::new();
    m.write_config(ODD);
    let Some(mount) = Mount::read_only(&m.config_dir()) else { return };
    let token = m.mint();
    refused_at_once(&m, ODD, &token, m.add(&token, "box --json"), "writable");
    drop(mount);
    works_again(&m, &token);
}

#[test]
fn without_permission() {
    let m = Machine::new();
    m.write_config(ODD);
    m.chmod(m.config(), 0o644);
    let token = m.mint();
    m.file("token.json", &token.blob());
    if !open_to_nobody(&m) {
        return;
    }
    let ran = as_nobody(&m, ["storage", "add", "box", "box", "--token-file", "token.json", "--json"]);
    refused_at_once(&m, ODD, &token, ran, "sudo chown -R");

    m.chmod(m.config(), 0o600);
    let ran = as_nobody(&m, ["storage", "list", "--json"]);
    refused(&m, ODD, &token, ran, "config_unreadable", "let this user read");
}

const NOBODY: u32 = 65534;

/// Lets another user read everything in this home, and keep a state of his own.
fn open_to_nobody(m: &Machine) -> bool {
    if !mounts::can_become_another() {
        return false;
    }
    let state = m.at("state");
    fs::create_dir(&state).expect("a directory");
    chown(&state, Some(NOBODY), Some(NOBODY)).expect("chown");
    mounts::open_to_all(m.path());
    // The build directory may be closed to others.
    m.install(PLUTON, "pluton");
    true
}

/// pluton as a user who may not write beside rclone.conf.
fn as_nobody(m: &Machine, args: impl Args) -> Ran {
    let mut command = mounts::as_user(m, NOBODY, "--clear-groups", args);
    command.env("XDG_STATE_HOME", m.at("state"));
    command.into()
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let m = Machine::new();
    let fifo = m.at("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()));
    let token = m.mint();
    for path in [fifo.to_str().expect("UTF-8"), "/dev/zero"] {
        for args in ["storage list --json", "storage refresh --all --json"] {
            let ran = m.pluton(args.and(["--rclone-config", path]));
            let error = ran.refused(9, "config_unreadable");
            assert!(error.to_string().contains("not a regular file"), "{error}");
        }
        let ran = m.add(&token, "box".and(["--rclone-config", path, "--json"]));
        assert_eq!(ran.code, 9, "{ran:?}");
        m.pluton(["doctor", "--offline", "--rclone-config", path]).fails(1);
    }
    assert!(m.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn with_a_directory_in_the_way() {
    let m = Machine::new();
    fs::create_dir_all(m.config()).expect("a directory");
    let token = m.mint();
    let (ran, list) = (m.add(&token, "box --json"), m.pluton("storage list --json"));
    for ran in [ran, list] {
        let error = ran.refused(9, "config_unreadable");
        assert!(error["remedy"].to_string().contains("--rclone-config"), "{error}");
    }
    assert!(m.sandbox.is_live_refresh(&token.refresh));
    assert!(names_in(m.config()).is_empty());
}

#[test]
fn with_the_single_file_mounted() {
    let m = Machine::new();
    m.write_config(ODD);
    let outside = m.file("mounted.conf", ODD);
    let Some(mount) = Mount::bind(Path::new(&outside), &m.config()) else { return };
    let token = m.mint();
    for ran in [m.add(&token, "box --json"), m.put(&token, "box --json")] {
        refused(&m, ODD, &token, ran, "config_unwritable", "mount the directory");
    }
    drop(mount);
    works_again(&m, &token);
    m.nothing_beside();
}

#[test]
fn with_an_immutable_file() {
    let m = Machine::new();
    m.write_config(ODD);
    let token = m.mint();
    for path in [m.config(), m.config_dir()] {
        let Some(immutable) = Immutable::new(&path) else { return };
        let advice = format!("chattr -i -a '{}'", path.display());
        refused_at_once(&m, ODD, &token, m.add(&token, "box --json"), &advice);
        m.pluton("doctor --offline").fails(1).prints("chattr");
        drop(immutable);
    }
    works_again(&m, &token);
    m.nothing_beside();
}

#[test]
fn where_a_renewed_token_would_have_no_room_box_is_not_asked() {
    let m = Machine::new();
    m.write_config(ODD);
    let state = m.at(".local/state");
    fs::create_dir_all(&state).expect("a directory");
    let Some(disk) = Mount::tmpfs(&state, "size=64k") else { return };
    mounts::fill(&state.join("filler"));
    let token = m.mint();
    let document = m.add(&token, "box --json").fails(1).document();
    assert!(document["error"]["remedy"].to_string().contains("free some space"), "{document}");
    assert!(m.sandbox.is_live_refresh(&token.refresh));
    assert_eq!(m.config_text(), ODD);
    drop(disk);
    works_again(&m, &token);
}
