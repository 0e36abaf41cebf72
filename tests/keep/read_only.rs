//! An rclone.conf that cannot be written: a read-only mount, a single file that is mounted by itself.

use std::path::Path;

use box_sandbox::Sandbox;

use crate::life::{Life, hasty, with_each};
use crate::support::{PLUTON, Ran, skip};

/// Runs pluton where rclone.conf's directory is read-only. `None` where this system allows no mounts.
fn in_read_only(life: &Life, args: &[&str]) -> Option<Ran> {
    let dir = life.home.config().parent().expect("a directory").to_owned();
    mounted(life, &format!("mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}'", dir.display()), args)
}

/// Runs pluton where rclone.conf is a mount of its own, as a container sees a file that was handed to it.
fn as_mounted_file(life: &Life, args: &[&str]) -> Option<Ran> {
    let conf = life.home.config();
    mounted(life, &format!("mount --bind '{0}' '{0}'", conf.display()), args)
}

fn mounted(life: &Life, mount: &str, args: &[&str]) -> Option<Ran> {
    if !Path::new("/usr/bin/unshare").exists() || !may_mount() {
        skip("this machine does not let the tests mount");
        return None;
    }
    let mut command = life.home.command("/usr/bin/unshare");
    command
        .args(["--map-root-user", "--mount", "sh", "-c", &format!("{mount} && exec \"$0\" \"$@\""), PLUTON])
        .args(args);
    Some(command.output().expect("unshare runs").into())
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
        assert!(!life.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
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
