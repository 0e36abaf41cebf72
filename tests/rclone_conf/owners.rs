//! Root and other users use one rclone.conf in turn: no user's next renewal fails because of files that another left.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use box_sandbox::Token;

use crate::mounts;
use crate::support::{PLUTON, Ran, skip};
use crate::world::World;

const USER: u32 = 65_534;
const OTHER: u32 = 65_533;
const GROUP: u32 = 60_001;

/// A world that every user of the machine can run pluton and rclone in. `None` where tests are not root.
fn world() -> Option<World> {
    if !mounts::is_root() || !Path::new("/usr/bin/setpriv").exists() {
        skip("only root can become another user");
        return None;
    }
    let world = World::new();
    mounts::open_to_all(world.home.path());
    mounts::open_to_all(world.sandbox.ca_file().parent().expect("a directory"));
    // The build directory may be closed to others.
    for (from, name) in [(PathBuf::from(PLUTON), "pluton"), (box_sandbox::rclone::newest(), "rclone")] {
        let to = world.home.beside(name);
        let _ = fs::remove_file(&to);
        assert!(Command::new("install").args(["-m", "755"]).arg(from).arg(to).status().expect("install").success());
    }
    Some(world)
}

/// A home of this user's in the world's, and pluton's arguments run by them, or by root where `as_root`.
fn run(world: &World, user: u32, as_root: bool, args: &[&str]) -> Ran {
    let home = world.home.path().join(format!("user-{user}"));
    if !home.exists() {
        fs::create_dir(&home).expect("a home");
        chown(&home, Some(user), Some(user)).expect("chown");
    }
    let mut command = if as_root {
        world.home.command(world.home.beside("pluton"))
    } else {
        let mut command = world.home.command("/usr/bin/setpriv");
        command.args([format!("--reuid={user}"), format!("--regid={user}"), format!("--groups={GROUP}")]);
        command.arg(world.home.beside("pluton"));
        command
    };
    command.args(args).env("HOME", home).env("RCLONE_CONFIG", world.home.config());
    command.output().expect("it runs").into()
}

/// A storage whose token has to be renewed at the next use, in an rclone.conf of this owner, group and mode.
fn expired(world: &World, (user, group): (u32, u32), (dir_mode, mode): (u32, u32)) -> Token {
    let token = world.token();
    let blob = token.blob();
    let (before, rest) = blob.split_once("\"expiry\":\"").expect("an expiry");
    let (_, after) = rest.split_once('"').expect("its end");
    let old = format!("{before}\"expiry\":\"2020-01-01T00:00:00Z\"{after}");
    world.home.write_config(&format!("[Box]\ntype = box\ntoken = {old}\n"));
    for (path, mode) in [(world.dir(), dir_mode), (world.home.config(), mode)] {
        chown(&path, Some(user), Some(group)).expect("chown");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
    }
    for parent in world.dir().ancestors().skip(1).take_while(|dir| *dir != world.home.path()) {
        fs::set_permissions(parent, fs::Permissions::from_mode(0o755)).expect("chmod");
    }
    token
}

const REFRESH: [&str; 3] = ["storage", "refresh", "Box"];
const EDIT: [&str; 5] = ["storage", "edit", "Box", "--list-chunk", "7"];

#[test]
fn what_root_did_in_a_user_s_home_does_not_end_the_user_s_renewals() {
    let Some(world) = world() else { return };
    expired(&world, (USER, USER), (0o700, 0o600));
    for args in [&EDIT[..], &REFRESH] {
        run(&world, USER, true, args).ok();
        let conf = fs::metadata(world.home.config()).expect("it");
        assert_eq!((conf.uid(), conf.permissions().mode() & 0o7777), (USER, 0o600));
        run(&world, USER, false, &REFRESH).ok();
        world.all_live(&["Box"]);
        run(&world, USER, false, &["doctor", "--offline"]).ok();
    }
}

#[test]
fn what_root_renewed_and_could_not_save_is_found_by_the_user() {
    let Some(world) = world() else { return };
    let token = expired(&world, (USER, USER), (0o700, 0o600));
    world.sandbox.fault(box_sandbox::Fault::on("GET", "/2.0/").status(503));
    let ran = run(&world, USER, true, &["storage", "add", "box", "New", "--token", &token.blob(), "--timeout", "5s"]);
    assert!(ran.stderr.contains("is saved"), "{ran:?}");
    world.sandbox.clear_faults();
    run(&world, USER, false, &REFRESH).ok();
    world.all_live(&["Box"]);
}

#[test]
fn members_of_a_group_take_turns() {
    let Some(world) = world() else { return };
    expired(&world, (USER, GROUP), (0o2770, 0o660));
    for user in [USER, OTHER, USER, OTHER] {
        for args in [&REFRESH[..], &EDIT] {
            run(&world, user, false, args).ok();
        }
        let conf = fs::metadata(world.home.config()).expect("it");
        assert_eq!((conf.gid(), conf.permissions().mode() & 0o7777), (GROUP, 0o660));
    }
    world.all_live(&["Box"]);
    world.nothing_beside();
}

#[test]
fn state_files_of_another_user_stop_a_renewal_before_box_is_asked() {
    let Some(world) = world() else { return };
    for part in ["", "claims", "staged"] {
        let token = expired(&world, (USER, USER), (0o700, 0o600));
        run(&world, USER, false, &["storage", "edit", "Box", "--list-chunk", "7", "--no-verify"]).ok();
        let state = world.home.path().join(format!("user-{USER}/.local/state/pluton"));
        fs::create_dir_all(state.join("staged")).expect("a directory");
        for part in ["", "claims", "staged"] {
            chown(state.join(part), Some(USER), Some(USER)).expect("chown");
        }
        chown(state.join(part), Some(0), Some(0)).expect("chown");
        fs::set_permissions(state.join(part), fs::Permissions::from_mode(0o700)).expect("chmod");
        let ran = run(&world, USER, false, &REFRESH).fails(1);
        assert!(ran.stdout.contains(&format!("sudo chown -R \"$(id -un)\" '{}'", state.display())), "{part}: {ran:?}");
        assert!(world.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
        let found = run(&world, USER, false, &["doctor", "--offline"]).fails(1);
        assert!(found.stdout.contains("belongs to another user") && found.stdout.contains("chown"), "{found:?}");
        fs::remove_dir_all(&state).expect("gone");
    }
}

#[test]
fn without_a_home_the_state_of_another_user_is_not_used() {
    let Some(world) = world() else { return };
    expired(&world, (USER, USER), (0o700, 0o600));
    let tmp = world.home.path().join("tmp");
    fs::create_dir(&tmp).expect("a directory");
    fs::set_permissions(&tmp, fs::Permissions::from_mode(0o1777)).expect("chmod");
    let homeless = 54_321;
    let refresh = || -> Ran {
        let mut command = world.home.command("/usr/bin/setpriv");
        command.args([format!("--reuid={homeless}"), format!("--regid={homeless}"), "--clear-groups".to_owned()]);
        command.arg(world.home.beside("pluton")).args(REFRESH).env_remove("HOME").env("TMPDIR", &tmp);
        command.env("RCLONE_CONFIG", world.home.config()).output().expect("it runs").into()
    };
    for path in [world.dir(), world.home.config()] {
        chown(path, Some(homeless), Some(homeless)).expect("chown");
    }
    refresh().ok();
    let state = tmp.join(format!("pluton-{homeless}"));
    assert_eq!(fs::metadata(&state).expect("it").permissions().mode() & 0o7777, 0o700);
    for plant in [true, false] {
        let _ = fs::remove_dir_all(&state);
        let _ = fs::remove_file(&state);
        if plant {
            fs::create_dir(&state).expect("another's directory");
            fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("chmod");
        } else {
            std::os::unix::fs::symlink(world.home.path(), &state).expect("another's link");
        }
        let ran = refresh().fails(1);
        assert!(ran.stderr.contains("belongs to another user") && ran.stderr.contains("HOME"), "{ran:?}");
    }
}
