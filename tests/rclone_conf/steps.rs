//! One system call at a time, through strace: pluton is killed at each call that changes the disk, calls fail, and
//! other programs write between pluton's read and its exchange.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use box_sandbox::Token;

use crate::ODD;
use crate::pure::document::Document;
use crate::support::{Args, Machine, PLUTON, Ran, names_in, refresh_token, section, skip, until, wait_for};

/// Every system call that changes a file or directory, except creating one, which the first write follows.
const CHANGES: [&str; 11] =
    ["write", "fsync", "fchmod", "mkdir", "rename", "renameat", "renameat2", "linkat", "unlink", "unlinkat", "rmdir"];

/// pluton under strace, which is its child and not its parent: what is started here is pluton itself.
fn traced(m: &Machine, inject: &str, args: impl Args) -> Command {
    let calls = inject.split(':').next().expect("calls");
    let (trace, inject) = (format!("trace={calls}"), format!("inject={inject}"));
    let strace = ["-D", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, PLUTON];
    m.piped("strace", strace.and(args))
}

fn add(m: &Machine, inject: &str, token: &Token) -> Command {
    m.file("token.json", &token.blob());
    traced(
        m,
        inject,
        ["storage", "add", "box", "box", "--token-file", "token.json", "--no-verify", "--force", "--json"],
    )
}

/// A machine on which strace may trace.
fn traceable() -> Option<Machine> {
    let m = Machine::new();
    if Path::new("/usr/bin/strace").exists() && Ran::from(traced(&m, "fchmod:delay_enter=1", "--version")).code == 0 {
        return Some(m);
    }
    skip("there is no strace, or it may not trace");
    None
}

#[test]
fn killed_at_any_step_it_leaves_the_old_file_or_the_new_one() {
    let Some(m) = traceable() else { return };
    let with_box = format!("{ODD}\n{}", section("box", &m.mint()));
    for old in [Some(with_box.as_str()), Some(ODD), None] {
        let killed_at = |call: &&str| {
            (1..1000).take_while(|step| killed(&m, old, &format!("{call}:signal=KILL:when={step}"))).count()
        };
        let kills: usize = CHANGES.iter().map(killed_at).sum();
        assert!(kills > 10, "only {kills} steps");
    }
}

/// One add that is killed at a step, and a whole one after it. False: there is no such step any more.
fn killed(m: &Machine, old: Option<&str>, inject: &str) -> bool {
    fs::remove_dir_all(m.config_dir()).ok();
    fs::remove_dir_all(m.at(".local")).ok();
    if let Some(old) = old {
        m.write_config(old);
    }
    let token = m.mint();
    if Ran::from(add(m, inject, &token)).code == 0 {
        return false;
    }
    let now = fs::read_to_string(m.config()).ok();
    if now.as_deref() != old {
        let now = Document::parse(now.expect("a file").as_bytes()).expect("readable");
        assert_eq!(now.get("box", "token").expect("a token").expose(), token.blob());
        assert!(old.is_none() || now.has("odd one"));
    }
    m.put(&m.mint(), "next --force").ok();
    m.nothing_beside();
    true
}

#[test]
fn without_an_exchange_of_two_names_it_compares_and_renames() {
    let Some(m) = traceable() else { return };
    for errno in ["EINVAL", "ENOSYS"] {
        for old in [Some(ODD), None] {
            fs::remove_dir_all(m.config_dir()).ok();
            if let Some(old) = old {
                m.write_config(old);
            }
            let token = m.mint();
            Ran::from(add(&m, &format!("renameat2:error={errno}"), &token)).ok();
            assert!(m.config_text().starts_with(old.unwrap_or_default()));
            assert_eq!(refresh_token(&m.dump(), "box"), token.refresh);
            m.nothing_beside();
        }
    }
}

#[test]
fn a_disk_that_fails_is_told_and_the_old_file_stays() {
    let Some(m) = traceable() else { return };
    m.write_config(ODD);
    for (inject, words) in [
        ("fsync:error=EIO:when=1", "write"),
        ("renameat2:error=EXDEV", "mount the directory"),
        ("renameat2:error=EBUSY", "mount the directory"),
    ] {
        Ran::from(add(&m, inject, &m.mint())).prints(words).refused(9, "config_unwritable");
        assert_eq!(m.config_text(), ODD);
        m.nothing_beside();
    }
}

/// Starts an add whose exchanges come late, and waits until the first is due.
fn start_slowly(m: &Machine, token: &Token) -> Child {
    let child = add(m, "renameat2:delay_enter=400000", token).spawn().expect("strace starts");
    wait_for("the file to be exchanged", || ready(m).pop());
    child
}

/// Files that are about to be exchanged, or were.
fn ready(m: &Machine) -> Vec<PathBuf> {
    let names = names_in(m.config_dir()).into_iter();
    let ready = names.filter(|name| name.starts_with(".rclone.conf.pluton-") && !name.contains("draft"));
    ready.map(|name| m.config_dir().join(name)).collect()
}

/// Saves as rclone does: a new file, moved into place.
fn save(m: &Machine, text: &str) {
    let new = m.config_dir().join("rclone.conf4711");
    fs::write(&new, text).expect("a file");
    fs::rename(new, m.config()).expect("moved");
}

#[test]
fn what_another_program_saves_between_the_look_and_the_exchange_is_kept() {
    let Some(m) = traceable() else { return };
    m.write_config(&format!("{ODD}\n{}", section("other", &m.mint())));
    let (token, newer) = (m.mint(), m.mint());
    let child = start_slowly(&m, &token);
    save(&m, &format!("{ODD}\n; and a note\n{}[third]\ntype = local\n", section("other", &newer)));
    Ran::from(child).ok();
    let dump = m.dump();
    assert_eq!(refresh_token(&dump, "other"), newer.refresh);
    assert_eq!(refresh_token(&dump, "box"), token.refresh);
    assert_eq!(dump["third"]["type"], "local");
    assert!(m.config_text().contains("\n; and a note\n"));
    m.nothing_beside();
}

#[test]
fn what_came_out_of_the_exchange_survives_a_kill_at_once() {
    let Some(m) = traceable() else { return };
    m.write_config(&format!("{ODD}\n{}", section("other", &m.mint())));
    // rclone's newer token ends later than the old one.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (token, newer) = (m.mint(), m.mint());
    let mut child = start_slowly(&m, &token);
    save(&m, &format!("{ODD}\n{}[third]\ntype = local\n", section("other", &newer)));
    until("the exchange", || m.config_text().contains("[box]"));
    child.kill().expect("it is there");
    child.wait().expect("it is gone");
    assert_eq!(ready(&m).len(), 1);
    m.put(&m.mint(), "next").ok();
    let dump = m.dump();
    assert_eq!(refresh_token(&dump, "other"), newer.refresh);
    assert_eq!(dump["third"]["type"], "local");
    m.nothing_beside();
}

#[test]
fn a_remote_of_the_same_name_that_comes_in_between_is_not_overwritten() {
    let Some(m) = traceable() else { return };
    m.write_config(ODD);
    m.file("token.json", &m.mint().blob());
    let args = "storage add box box --token-file token.json --no-verify --json";
    let child = traced(&m, "renameat2:delay_enter=400000", args).spawn().expect("strace starts");
    wait_for("the file to be exchanged", || ready(&m).pop());
    let theirs = format!("{ODD}[box]\ntype = local\n");
    save(&m, &theirs);
    Ran::from(child).refused(5, "storage_exists");
    assert_eq!(m.config_text(), theirs);
    m.nothing_beside();
}

#[test]
fn an_rclone_killed_in_the_middle_of_its_save_is_waited_for_and_then_named() {
    let m = Machine::new();
    m.write_config(ODD);
    fs::rename(m.config(), m.config_dir().join("rclone.conf.old123")).expect("moved");
    std::thread::sleep(std::time::Duration::from_millis(10));
    fs::write(m.config_dir().join("rclone.conf456"), format!("{ODD}[new]\ntype = local\n")).expect("a file");
    let token = m.mint();
    let error = m.put(&token, "box --json").refused(9, "config_conflict");
    let remedy = error["remedy"][0].as_str().expect("a remedy");
    let command = remedy.split_once("mv ").expect("a command").1;
    m.shell(&format!("mv {command}")).ok();
    m.put(&token, "box").ok();
    assert!(m.config_text().starts_with(&format!("{ODD}[new]\n")));
}
