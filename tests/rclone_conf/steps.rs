//! One system call at a time, through strace: pluton is killed at each call that changes the disk, calls fail, and
//! other programs write between pluton's read and its exchange.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use box_sandbox::{Token, rclone};

use crate::pure::document::Document;
use crate::support::skip;
use crate::support::{PLUTON, Ran, wait_for};
use crate::world::{ODD, World, names_in, refresh_token, section};

/// Every system call that changes a file or directory, except creating one, which the first write follows.
const CHANGES: [&str; 11] =
    ["write", "fsync", "fchmod", "mkdir", "rename", "renameat", "renameat2", "linkat", "unlink", "unlinkat", "rmdir"];

/// pluton under strace, which is its child and not its parent: what is started here is pluton itself.
fn traced(world: &World, inject: &str, args: &[&str]) -> Command {
    let mut command = world.home.command("strace");
    let calls = inject.split(':').next().expect("calls");
    command.args([
        "-D",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("trace={calls}"),
        "-e",
        &format!("inject={inject}"),
    ]);
    command.arg(PLUTON).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn add(world: &World, inject: &str, token: &Token) -> Command {
    let file = world.home.file("token.json", &token.blob());
    traced(world, inject, &["storage", "add", "box", "box", "--token-file", &file, "--no-verify", "--force", "--json"])
}

fn can_trace(world: &World) -> bool {
    let can = traced(world, "fchmod:delay_enter=1", &["--version"]).output().is_ok_and(|ran| ran.status.success());
    if !can {
        skip("there is no strace, or it may not trace");
    }
    can
}

#[test]
fn killed_at_any_step_it_leaves_the_old_file_or_the_new_one() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    let with_box = format!("{ODD}\n{}", section("box", &world.token()));
    for old in [Some(with_box.as_str()), Some(ODD), None] {
        let killed_at = |call: &&str| {
            (1..1000).take_while(|step| killed(&world, old, &format!("{call}:signal=KILL:when={step}"))).count()
        };
        let kills: usize = CHANGES.iter().map(killed_at).sum();
        assert!(kills > 10, "only {kills} steps");
    }
}

/// One add that is killed at a step, and a whole one after it. False: there is no such step any more.
fn killed(world: &World, old: Option<&str>, inject: &str) -> bool {
    fs::remove_dir_all(world.dir()).ok();
    fs::remove_dir_all(world.home.path().join(".local")).ok();
    if let Some(old) = old {
        world.home.write_config(old);
    }
    let token = world.token();
    let ran = add(world, inject, &token).output().expect("it ends");
    if ran.status.success() {
        return false;
    }
    let now = fs::read_to_string(world.home.config()).ok();
    if now.as_deref() != old {
        let now = Document::parse(now.expect("a file").as_bytes()).expect("readable");
        assert_eq!(now.get("box", "token").expect("a token").expose(), token.blob());
        assert!(old.is_none() || now.has("odd one"));
    }
    world.put("next", &world.token(), &["--force"]).ok();
    world.nothing_beside();
    true
}

#[test]
fn without_an_exchange_of_two_names_it_compares_and_renames() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    for errno in ["EINVAL", "ENOSYS"] {
        for old in [Some(ODD), None] {
            fs::remove_dir_all(world.dir()).ok();
            if let Some(old) = old {
                world.home.write_config(old);
            }
            let token = world.token();
            let ran = add(&world, &format!("renameat2:error={errno}"), &token).output().expect("it ends");
            Ran::from(ran).ok();
            assert!(world.home.config_text().starts_with(old.unwrap_or_default()));
            assert_eq!(refresh_token(&world.home.dump(), "box"), token.refresh);
            world.nothing_beside();
        }
    }
}

#[test]
fn a_disk_that_fails_is_told_and_the_old_file_stays() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    world.home.write_config(ODD);
    for (inject, words) in [
        ("fsync:error=EIO:when=1", "write"),
        ("renameat2:error=EXDEV", "mount the directory"),
        ("renameat2:error=EBUSY", "mount the directory"),
    ] {
        let ran = Ran::from(add(&world, inject, &world.token()).output().expect("it ends")).fails(9);
        assert_eq!(ran.document()["error"]["code"], "config_unwritable");
        assert!(ran.stdout.contains(words), "{ran:?}");
        assert_eq!(world.home.config_text(), ODD);
        world.nothing_beside();
    }
}

/// Starts an add whose exchanges come late, and waits until the first is due.
fn start_slowly(world: &World, token: &Token) -> Child {
    let child = add(world, "renameat2:delay_enter=400000", token).spawn().expect("strace starts");
    wait_for("the file to be exchanged", || ready(world).pop());
    child
}

/// Files that are about to be exchanged, or were.
fn ready(world: &World) -> Vec<PathBuf> {
    let names = names_in(&world.dir()).into_iter();
    let ready = names.filter(|name| name.starts_with(".rclone.conf.pluton-") && !name.contains("draft"));
    ready.map(|name| world.dir().join(name)).collect()
}

/// Saves as rclone does: a new file, moved into place.
fn save(world: &World, text: &str) {
    let new = world.dir().join("rclone.conf4711");
    fs::write(&new, text).expect("a file");
    fs::rename(new, world.home.config()).expect("moved");
}

#[test]
fn what_another_program_saves_between_the_look_and_the_exchange_is_kept() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    world.home.write_config(&format!("{ODD}\n{}", section("other", &world.token())));
    let (token, newer) = (world.token(), world.token());
    let child = start_slowly(&world, &token);
    save(&world, &format!("{ODD}\n; and a note\n{}[third]\ntype = local\n", section("other", &newer)));
    Ran::from(child.wait_with_output().expect("it ends")).ok();
    let dump = world.home.dump();
    assert_eq!(refresh_token(&dump, "other"), newer.refresh);
    assert_eq!(refresh_token(&dump, "box"), token.refresh);
    assert_eq!(dump["third"]["type"], "local");
    assert!(world.home.config_text().contains("\n; and a note\n"));
    world.nothing_beside();
}

#[test]
fn what_came_out_of_the_exchange_survives_a_kill_at_once() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    world
        .home
        .write_config(&format!("{ODD}\n{}", section("other", &world.sandbox.mint(box_sandbox::RCLONE_CLIENT_ID))));
    // rclone's newer token ends later than the old one.
    std::thread::sleep(std::time::Duration::from_millis(5));
    let (token, newer) = (world.token(), world.token());
    let mut child = start_slowly(&world, &token);
    save(&world, &format!("{ODD}\n{}[third]\ntype = local\n", section("other", &newer)));
    wait_for("the exchange", || world.home.config_text().contains("[box]").then_some(()));
    child.kill().expect("it is there");
    child.wait().expect("it is gone");
    assert_eq!(ready(&world).len(), 1);
    world.put("next", &world.token(), &[]).ok();
    let dump = world.home.dump();
    assert_eq!(refresh_token(&dump, "other"), newer.refresh);
    assert_eq!(dump["third"]["type"], "local");
    world.nothing_beside();
}

#[test]
fn a_remote_of_the_same_name_that_comes_in_between_is_not_overwritten() {
    let world = World::new();
    if !can_trace(&world) {
        return;
    }
    world.home.write_config(ODD);
    let file = world.home.file("token.json", &world.token().blob());
    let args = ["storage", "add", "box", "box", "--token-file", &file, "--no-verify", "--json"];
    let child = traced(&world, "renameat2:delay_enter=400000", &args).spawn().expect("strace starts");
    wait_for("the file to be exchanged", || ready(&world).pop());
    let theirs = format!("{ODD}[box]\ntype = local\n");
    save(&world, &theirs);
    let ran = Ran::from(child.wait_with_output().expect("it ends")).fails(5);
    assert_eq!(ran.document()["error"]["code"], "storage_exists");
    assert_eq!(world.home.config_text(), theirs);
    world.nothing_beside();
}

#[test]
fn an_rclone_killed_in_the_middle_of_its_save_is_waited_for_and_then_named() {
    let world = World::with(&rclone::newest());
    world.home.write_config(ODD);
    fs::rename(world.home.config(), world.dir().join("rclone.conf.old123")).expect("moved");
    std::thread::sleep(std::time::Duration::from_millis(10));
    fs::write(world.dir().join("rclone.conf456"), format!("{ODD}[new]\ntype = local\n")).expect("a file");
    let token = world.token();
    let ran = world.put("box", &token, &["--json"]).fails(9);
    let document = ran.document();
    assert_eq!(document["error"]["code"], "config_conflict");
    let remedy = document["error"]["remedy"][0].as_str().expect("a remedy").to_owned();
    let command = remedy.split_once("mv ").expect("a command").1;
    assert!(Command::new("sh").args(["-c", &format!("mv {command}")]).status().expect("sh runs").success());
    world.put("box", &token, &[]).ok();
    assert!(world.home.config_text().starts_with(&format!("{ODD}[new]\n")));
}
