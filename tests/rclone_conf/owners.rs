//! Root and other users use one rclone.conf in turn: no user's next renewal fails because of files that another left.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use box_sandbox::Token;

use crate::mounts;
use crate::support::{Args, Machine, PLUTON, Ran, section};

const USER: u32 = 65_534;
const OTHER: u32 = 65_533;
const GROUP: u32 = 60_001;

/// A machine that every user of the machine can run pluton and rclone in. `None` where tests are not root.
fn shared() -> Option<Machine> {
    if !mounts::can_become_another() {
        return None;
    }
    let m = Machine::new();
    mounts::open_to_all(m.path());
    mounts::open_to_all(m.sandbox.ca_file().parent().expect("a directory"));
    // The build directory may be closed to others.
    m.install(PLUTON, "pluton").install(&m.rclone, "rclone");
    Some(m)
}

/// A home of this user's in the machine's, and pluton's arguments run by them, or by root where `as_root`.
fn run(m: &Machine, user: u32, as_root: bool, args: impl Args) -> Ran {
    let home = m.at(format!("user-{user}"));
    if !home.exists() {
        fs::create_dir(&home).expect("a home");
        chown(&home, Some(user), Some(user)).expect("chown");
    }
    let mut command = mounts::as_user(m, user, &format!("--groups={GROUP}"), &args);
    if as_root {
        command = m.command(m.beside("pluton"));
        command.args(args.list()).env("RCLONE_CONFIG", m.config());
    }
    command.env("HOME", home);
    command.into()
}

/// A storage whose token has to be renewed at the next use, in an rclone.conf of this owner, group and mode.
fn expired(m: &Machine, (user, group): (u32, u32), (dir_mode, mode): (u32, u32)) -> Token {
    let token = m.mint();
    m.write_config(&section("Box", &token));
    m.after_an_hour("Box");
    for (path, mode) in [(m.config_dir(), dir_mode), (m.config(), mode)] {
        chown(&path, Some(user), Some(group)).expect("chown");
        m.chmod(&path, mode);
    }
    for parent in m.config_dir().ancestors().skip(1).take_while(|dir| *dir != m.path()) {
        m.chmod(parent, 0o755);
    }
    token
}

const REFRESH: &str = "storage refresh Box";
const EDIT: &str = "storage edit Box --list-chunk 7";

#[test]
fn what_root_did_in_a_user_s_home_does_not_end_the_user_s_renewals() {
    let Some(m) = shared() else { return };
    expired(&m, (USER, USER), (0o700, 0o600));
    for args in [EDIT, REFRESH] {
        run(&m, USER, true, args).ok();
        let conf = fs::metadata(m.config()).expect("it");
        assert_eq!((conf.uid(), conf.permissions().mode() & 0o7777), (USER, 0o600));
        run(&m, USER, false, REFRESH).ok();
        m.all_live(["Box"]);
        run(&m, USER, false, "doctor --offline").ok();
    }
}

#[test]
fn what_root_renewed_and_could_not_save_is_found_by_the_user() {
    let Some(m) = shared() else { return };
    let token = expired(&m, (USER, USER), (0o700, 0o600));
    m.sandbox.fault(box_sandbox::Fault::on("GET", "/2.0/").status(503));
    run(&m, USER, true, ["storage", "add", "box", "New", "--token", &token.blob(), "--timeout", "5s"]).says("is saved");
    m.sandbox.clear_faults();
    run(&m, USER, false, REFRESH).ok();
    m.all_live(["Box"]);
}

#[test]
fn members_of_a_group_take_turns() {
    let Some(m) = shared() else { return };
    expired(&m, (USER, GROUP), (0o2770, 0o660));
    for user in [USER, OTHER, USER, OTHER] {
        for args in [REFRESH, EDIT] {
            run(&m, user, false, args).ok();
        }
        let conf = fs::metadata(m.config()).expect("it");
        assert_eq!((conf.gid(), conf.permissions().mode() & 0o7777), (GROUP, 0o660));
    }
    m.all_live(["Box"]);
    m.nothing_beside();
}

#[test]
fn state_files_of_another_user_stop_a_renewal_before_box_is_asked() {
    let Some(m) = shared() else { return };
    for part in ["", "locks", "staged"] {
        let token = expired(&m, (USER, USER), (0o700, 0o600));
        run(&m, USER, false, "storage edit Box --list-chunk 7 --no-verify").ok();
        let state = m.at(format!("user-{USER}/.local/state/pluton"));
        fs::create_dir_all(state.join("staged")).expect("a directory");
        for part in ["", "locks", "staged"] {
            chown(state.join(part), Some(USER), Some(USER)).expect("chown");
        }
        chown(state.join(part), Some(0), Some(0)).expect("chown");
        m.chmod(state.join(part), 0o700);
        run(&m, USER, false, REFRESH).fails(1).prints(&format!("sudo chown -R \"$(id -un)\" '{}'", state.display()));
        assert!(m.sandbox.is_live_refresh(&token.refresh), "Box was asked for nothing");
        run(&m, USER, false, "doctor --offline").fails(1).prints(["belongs to another user", "chown"]);
        fs::remove_dir_all(&state).expect("gone");
    }
}

#[test]
fn without_a_home_the_state_of_another_user_is_not_used() {
    let Some(m) = shared() else { return };
    expired(&m, (USER, USER), (0o700, 0o600));
    let tmp = m.at("tmp");
    fs::create_dir(&tmp).expect("a directory");
    m.chmod(&tmp, 0o1777);
    let homeless = 54_321;
    let refresh = || -> Ran {
        let mut command = mounts::as_user(&m, homeless, "--clear-groups", REFRESH);
        command.env_remove("HOME").env("TMPDIR", &tmp);
        command.into()
    };
    for path in [m.config_dir(), m.config()] {
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
            m.chmod(&state, 0o777);
        } else {
            std::os::unix::fs::symlink(m.path(), &state).expect("another's link");
        }
        refresh().fails(1).says(["belongs to another user", "HOME"]);
    }
}
