//! Full or read-only disks and directories: exit 9, the old file complete, and a renewed token never lost.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use box_sandbox::Token;
use serde_json::Value as Json;

use crate::mounts::{self, Immutable, Mount};
use crate::support::skip;
use crate::support::{PLUTON, Ran};
use crate::world::{ODD, World, names_in};

/// The run failed this way, reported in JSON; rclone.conf is unchanged, and the token or its successor is valid and can
/// be found.
#[track_caller]
fn refused(world: &World, before: &[u8], token: &Token, ran: &Ran, code: &str) -> Json {
    let document = ran.document();
    assert_eq!((ran.code, document["error"]["code"].as_str()), (9, Some(code)), "{ran:?}");
    assert_ne!(document["error"]["remedy"], Json::Array(Vec::new()), "{document}");
    assert_eq!(world.bytes(), before);
    if !world.sandbox.is_live_refresh(&token.refresh) {
        assert_eq!(world.staged().len(), 1);
        assert!(document["error"]["notes"].to_string().contains(&world.staged()[0]), "{document}");
    }
    document["error"].clone()
}

/// Once the cause is gone, the same command continues with whichever token is live.
#[track_caller]
fn works_again(world: &World, token: &Token) {
    world.add("box", token, &[]).ok();
    world.all_live(&["box"]);
    assert!(world.home.config_text().starts_with(ODD));
    assert!(world.staged().is_empty());
}

/// The hints that the user reads.
fn remedy(error: &Json) -> String {
    error["remedy"].to_string()
}

#[test]
fn on_a_full_disk() {
    let world = World::new();
    world.home.write_config(ODD);
    let Some(disk) = Mount::tmpfs(&world.dir(), "size=64k") else { return };
    world.home.write_config(&format!("{ODD}{}", "; much of this\n".repeat(2000)));
    let before = world.bytes();
    let filler = world.dir().join("filler");
    mounts::fill(&filler);
    let token = world.token();
    let error = refused(&world, &before, &token, &world.add("box", &token, &["--json"]), "config_unwritable");
    assert!(remedy(&error).contains("free some space"), "{error}");
    assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
    assert_eq!(names_in(&world.dir()), ["filler", "rclone.conf"]);
    fs::remove_file(filler).expect("space again");
    works_again(&world, &token);
    world.nothing_beside();
    drop(disk);
}

#[test]
fn where_the_size_of_files_is_limited() {
    let world = World::new();
    world.home.write_config(&format!("{ODD}{}", "; much of this\n".repeat(20_000)));
    let before = world.bytes();
    let token = world.token();
    let file = world.home.file("token.json", &token.blob());
    let mut command = world.home.command("bash");
    command.args(["-c", "ulimit -f 200; exec \"$@\"", "bash", PLUTON]);
    command.args(["storage", "add", "box", "box", "--token-file", &file, "--json"]);
    let ran = command.output().expect("bash runs").into();
    let error = refused(&world, &before, &token, &ran, "config_unwritable");
    assert!(remedy(&error).contains("ulimit"), "{error}");
    assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
    world.nothing_beside();
    works_again(&world, &token);
}

#[test]
fn in_a_read_only_directory() {
    let world = World::new();
    world.home.write_config(ODD);
    let Some(mount) = Mount::read_only(&world.dir()) else { return };
    let token = world.token();
    let error = refused(&world, ODD.as_bytes(), &token, &world.add("box", &token, &["--json"]), "config_unwritable");
    assert!(remedy(&error).contains("writable"), "{error}");
    assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
    drop(mount);
    works_again(&world, &token);
}

#[test]
fn without_permission() {
    let world = World::new();
    world.home.write_config(ODD);
    let token = world.token();
    world.home.file("token.json", &token.blob());
    if !open_to_nobody(&world) {
        return;
    }
    let ran = as_nobody(&world, &["storage", "add", "box", "box", "--token-file", "token.json", "--json"]);
    let error = refused(&world, ODD.as_bytes(), &token, &ran, "config_unwritable");
    assert!(remedy(&error).contains("sudo chown -R"), "{error}");
    assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");

    fs::set_permissions(world.home.config(), fs::Permissions::from_mode(0o600)).expect("chmod");
    let ran = as_nobody(&world, &["storage", "list", "--json"]);
    let error = refused(&world, ODD.as_bytes(), &token, &ran, "config_unreadable");
    assert!(remedy(&error).contains("let this user read"), "{error}");
}

const NOBODY: u32 = 65534;

/// Lets another user read everything in this home, and keep a state of his own.
fn open_to_nobody(world: &World) -> bool {
    if !mounts::is_root() || !Path::new("/usr/bin/setpriv").exists() {
        skip("only root can become another user");
        return false;
    }
    let state = world.home.path().join("state");
    fs::create_dir(&state).expect("a directory");
    chown(&state, Some(NOBODY), Some(NOBODY)).expect("chown");
    mounts::open_to_all(world.home.path());
    // The build directory may be closed to others.
    let installed = Command::new("install").args(["-m", "755", PLUTON]).arg(world.home.beside("pluton")).status();
    installed.is_ok_and(|status| status.success())
}

/// pluton as a user who may not write beside rclone.conf.
fn as_nobody(world: &World, args: &[&str]) -> Ran {
    let mut command = world.home.command("/usr/bin/setpriv");
    command.args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]);
    command.arg(world.home.beside("pluton")).args(args);
    command.env("XDG_STATE_HOME", world.home.path().join("state")).env("RCLONE_CONFIG", world.home.config());
    command.output().expect("setpriv runs").into()
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let world = World::new();
    let fifo = world.home.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().is_ok_and(|status| status.success()));
    let token = world.token();
    for path in [fifo.to_str().expect("UTF-8"), "/dev/zero"] {
        for args in [&["storage", "list", "--json"][..], &["storage", "refresh", "--all", "--json"]] {
            let ran = world.home.pluton(&[args, &["--rclone-config", path]].concat());
            let document = ran.document();
            assert_eq!((ran.code, document["error"]["code"].as_str()), (9, Some("config_unreadable")), "{ran:?}");
            assert!(document.to_string().contains("not a regular file"), "{document}");
        }
        let ran = world.add("box", &token, &["--rclone-config", path, "--json"]);
        assert_eq!(ran.code, 9, "{ran:?}");
        world.home.pluton(&["doctor", "--offline", "--rclone-config", path]).fails(1);
    }
    assert!(world.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn with_a_directory_in_the_way() {
    let world = World::new();
    fs::create_dir_all(world.home.config()).expect("a directory");
    let token = world.token();
    let (ran, list) = (world.add("box", &token, &["--json"]), world.home.pluton(&["storage", "list", "--json"]));
    for ran in [ran, list] {
        let document = ran.document();
        assert_eq!((ran.code, document["error"]["code"].as_str()), (9, Some("config_unreadable")), "{ran:?}");
        assert!(remedy(&document["error"]).contains("--rclone-config"), "{document}");
    }
    assert!(world.sandbox.is_live_refresh(&token.refresh));
    assert!(names_in(&world.home.config()).is_empty());
}

#[test]
fn with_the_single_file_mounted() {
    let world = World::new();
    world.home.write_config(ODD);
    let outside = world.home.file("mounted.conf", ODD);
    let Some(mount) = Mount::bind(Path::new(&outside), &world.home.config()) else { return };
    let token = world.token();
    let error = refused(&world, ODD.as_bytes(), &token, &world.add("box", &token, &["--json"]), "config_unwritable");
    assert!(remedy(&error).contains("mount the directory"), "{error}");
    let ran = world.put("box", &token, &["--json"]);
    refused(&world, ODD.as_bytes(), &token, &ran, "config_unwritable");
    drop(mount);
    works_again(&world, &token);
    world.nothing_beside();
}

#[test]
fn with_an_immutable_file() {
    let world = World::new();
    world.home.write_config(ODD);
    let token = world.token();
    for path in [world.home.config(), world.dir()] {
        let Some(immutable) = Immutable::new(&path) else { return };
        let ran = world.add("box", &token, &["--json"]);
        let error = refused(&world, ODD.as_bytes(), &token, &ran, "config_unwritable");
        let advice = format!("chattr -i -a '{}'", path.display());
        assert!(remedy(&error).contains(&advice), "{error}");
        assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
        let found = world.home.pluton(&["doctor", "--offline"]).fails(1);
        assert!(found.stdout.contains("chattr"), "{found:?}");
        drop(immutable);
    }
    works_again(&world, &token);
    world.nothing_beside();
}

#[test]
fn where_a_renewed_token_would_have_no_room_box_is_not_asked() {
    let world = World::new();
    world.home.write_config(ODD);
    let state = world.home.path().join(".local/state");
    fs::create_dir_all(&state).expect("a directory");
    let Some(disk) = Mount::tmpfs(&state, "size=64k") else { return };
    mounts::fill(&state.join("filler"));
    let token = world.token();
    let ran = world.add("box", &token, &["--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(remedy(&ran.document()["error"]).contains("free some space"), "{ran:?}");
    assert!(world.sandbox.is_live_refresh(&token.refresh));
    assert_eq!(world.bytes(), ODD.as_bytes());
    drop(disk);
    works_again(&world, &token);
}
