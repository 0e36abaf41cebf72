//! An rclone.conf that cannot be written, because of a read-only mount or because the file itself is a mount point.

use std::path::Path;
use std::process::{Command, Stdio};

use box_sandbox::Sandbox;

use crate::life::{Life, hasty, with_each};
use crate::support::{PLUTON, Ran, skip, wait_for};

/// Runs pluton where rclone.conf's directory is read-only. `None` where this system allows no mounts.
fn in_read_only(life: &Life, args: &[&str]) -> Option<Ran> {
    mounted(life, &read_only(life), args)
}

fn read_only(life: &Life) -> String {
    let dir = life.home.config().parent().expect("a directory").to_owned();
    format!("mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}'", dir.display())
}

/// Runs pluton where rclone.conf is a mount of its own, as a container sees a file that was handed to it.
fn as_mounted_file(life: &Life, args: &[&str]) -> Option<Ran> {
    let conf = life.home.config();
    mounted(life, &format!("mount --bind '{0}' '{0}'", conf.display()), args)
}

fn mounted(life: &Life, mount: &str, args: &[&str]) -> Option<Ran> {
    Some(mounted_command(life, mount, args)?.output().expect("unshare runs").into())
}

fn mounted_command(life: &Life, mount: &str, args: &[&str]) -> Option<Command> {
    if !Path::new("/usr/bin/unshare").exists() || !may_mount() {
        skip("this machine does not let the tests mount");
        return None;
    }
    let mut command = life.home.command("/usr/bin/unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", &format!("{mount} && exec \"$0\" \"$@\""), PLUTON])
        .args(args);
    Some(command)
}

fn may_mount() -> bool {
    let mut command = std::process::Command::new("/usr/bin/unshare");
    command.args(["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
    command.output().is_ok_and(|output| output.status.success())
}

const LONG: &str = "for i in 1 2 3 4; do rclone lsd Box: || exit 9; sleep 10; done; rclone lsd Box:";

pub(crate) fn a_run_works_on_a_private_copy_and_says_what_that_means() {
    with_each(hasty, |life| {
        let given = life.own_app("Box").1;
        life.jwt("JWT");
        let before = life.home.config_text();
        let Some(ran) = in_read_only(&life, &["run", "Box", "JWT", "--", "sh", "-c", LONG]) else { return };
        let ran = ran.ok();
        assert_eq!(ran.stdout.lines().count(), 15, "{ran:?}");
        assert!(ran.stderr.contains("private copy") && ran.stderr.contains("\"Box\""), "{ran:?}");
        assert!(!ran.stderr.contains("\"JWT\""), "{ran:?}");
        assert_eq!(life.home.config_text(), before);
        assert!(life.sandbox.is_renewed(&given.refresh), "nothing was renewed");
        // The next run on this machine goes on with what the first one renewed, and so do two at once.
        let again = ["run", "Box", "--", "rclone", "lsd", "Box:"];
        for _ in 0..2 {
            assert_eq!(in_read_only(&life, &again).expect("as before").ok().stdout.lines().count(), 3);
        }
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| in_read_only(&life, &again).expect("as before").ok());
            }
        });
        let left: Vec<String> = life.home.files().into_iter().filter(|file| file.contains("/copies/")).collect();
        assert_eq!(left, Vec::<String>::new());
        // Once rclone.conf can be written again, the live token comes back to it.
        life.pluton(&["storage", "refresh", "Box"]).ok();
        life.is_signed_in("Box");
    });
}

#[test]
fn a_file_that_is_mounted_by_itself_is_run_from_a_copy() {
    with_each(Sandbox::start, |life| {
        life.jwt("Box");
        let before = life.home.config_text();
        let Some(ran) = as_mounted_file(&life, &["run", "Box", "--", "rclone", "lsf", "Box:"]) else { return };
        assert!(ran.ok().stderr.contains("private copy"));
        assert_eq!(life.home.config_text(), before);
    });
}

#[test]
fn nothing_else_burns_a_token_that_it_could_not_save() {
    let life = Life::new();
    let token = life.expired("Box");
    for args in [
        &["storage", "refresh", "Box"][..],
        &["storage", "verify", "Box"],
        &["storage", "edit", "Box", "--list-chunk", "7"],
    ] {
        for run in [in_read_only, as_mounted_file] {
            let Some(ran) = run(&life, args) else { return };
            let ran = ran.fails(9);
            assert!(ran.stdout.contains("next:") || ran.stderr.contains("next:"), "{ran:?}");
        }
    }
    assert!(life.sandbox.is_live_refresh(&token.refresh));
    assert_eq!(life.grants(), 0);
    let Some(ran) = in_read_only(&life, &["storage", "list"]) else { return };
    ran.ok();
}

/// What is left of private copies.
fn copies(life: &Life) -> Vec<String> {
    life.home.files().into_iter().filter(|file| file.contains("/copies/")).collect()
}

#[test]
fn a_storage_that_nobody_named_is_renewed_in_the_copy_and_not_lost() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        let given = life.expired("Other");
        let list = ["run", "Box", "--", "rclone", "lsd", "Other:"];
        for _ in 0..2 {
            let Some(ran) = in_read_only(&life, &list) else { return };
            let ran = ran.ok();
            assert!(ran.stdout.lines().count() == 3 && ran.stderr.contains("once \"Other\" is renewed"), "{ran:?}");
            assert!(!life.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
            assert_eq!(copies(&life), Vec::<String>::new());
        }
        life.pluton(&["storage", "refresh", "Other"]).ok();
        life.is_signed_in("Other");
    });
}

/// A run on a private copy was killed; after that its rclone renewed a token in there. False where nothing can be mounted.
fn is_left_by_a_killed_run(life: &Life) -> bool {
    life.quick("Box");
    let given = life.expired("Other");
    let script = "touch began; while [ ! -e go ]; do sleep 0.1; done; rclone lsd Other: && echo $$ > ended";
    let run = ["run", "Box", "--", "sh", "-c", script];
    let Some(mut command) = mounted_command(life, &read_only(life), &run) else { return false };
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("unshare runs");
    wait_for("the command", || life.home.path().join("began").exists().then_some(()));
    child.kill().expect("pluton is killed");
    child.wait().expect("it ends");
    let left = copies(life);
    let dir = left.first().and_then(|file| file.rsplit_once('/')).expect("a copy").0.to_owned();
    assert_eq!((life.home.mode(&dir), life.home.mode(format!("{dir}/rclone.conf"))), (0o700, 0o600));
    life.home.file("go", "");
    let pid = wait_for("its rclone", || {
        let text = std::fs::read_to_string(life.home.path().join("ended")).unwrap_or_default();
        text.ends_with('\n').then(|| text.trim().to_owned())
    });
    crate::support::wait_until_gone(&pid);
    assert!(!life.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
    true
}

#[test]
fn a_copy_of_a_run_that_was_killed_is_private_named_and_collected_with_what_was_renewed_in_it() {
    with_each(Sandbox::start, |life| {
        if !is_left_by_a_killed_run(&life) {
            return;
        }
        let found = life.pluton(&["doctor", "--offline"]);
        assert!(found.stdout.contains("private copy"), "{found:?}");
        let again = in_read_only(&life, &["run", "Box", "--", "rclone", "lsd", "Other:"]).expect("as before");
        assert_eq!(again.ok().stdout.lines().count(), 3);
        assert_eq!(copies(&life), Vec::<String>::new());
        life.pluton(&["storage", "refresh", "Other"]).ok();
        life.is_signed_in("Other");
    });
}

#[test]
fn doctor_fix_removes_such_a_copy_and_loses_nothing_of_it() {
    with_each(Sandbox::start, |life| {
        if !is_left_by_a_killed_run(&life) {
            return;
        }
        let ran = life.pluton(&["doctor", "--offline", "--fix", "--yes"]);
        assert!(ran.stdout.contains("removed the private copies"), "{ran:?}");
        assert_eq!(copies(&life), Vec::<String>::new());
        life.pluton(&["storage", "refresh", "Other"]).ok();
        life.is_signed_in("Other");
    });
}
