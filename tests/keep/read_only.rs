//! An rclone.conf that cannot be written, because of a read-only mount or because the file itself is a mount point.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::running;
use crate::support::{Args, Machine, PLUTON, Ran, hasty, skip, wait_for, with_each, with_each_of};

/// Runs pluton where rclone.conf's directory is read-only. `None` where this system allows no mounts.
fn in_read_only(m: &Machine, args: impl Args) -> Option<Ran> {
    mounted(m, &read_only(m), args)
}

fn read_only(m: &Machine) -> String {
    format!("mount --bind '{0}' '{0}' && mount -o remount,bind,ro '{0}'", m.config_dir().display())
}

/// Runs pluton where rclone.conf is a mount of its own, as a container sees a file that was handed to it.
fn as_mounted_file(m: &Machine, args: impl Args) -> Option<Ran> {
    let conf = m.config();
    mounted(m, &format!("mount --bind '{0}' '{0}'", conf.display()), args)
}

fn mounted(m: &Machine, mount: &str, args: impl Args) -> Option<Ran> {
    Some(mounted_command(m, mount, args)?.into())
}

fn mounted_command(m: &Machine, mount: &str, args: impl Args) -> Option<Command> {
    let may = || m.run("/usr/bin/unshare", "--map-root-user --mount mount -t tmpfs none /mnt").code == 0;
    if !Path::new("/usr/bin/unshare").exists() || !may() {
        skip("this machine does not let the tests mount");
        return None;
    }
    let run = ["--map-root-user", "--mount", "sh", "-c", &format!("{mount} && exec \"$0\" \"$@\""), PLUTON];
    Some(m.piped("/usr/bin/unshare", run.and(args)))
}

const LONG: &str = "for i in 1 2 3 4; do rclone lsd Box: || exit 9; sleep 10; done; rclone lsd Box:";

pub(crate) fn a_run_works_on_a_private_copy_and_says_what_that_means() {
    with_each_of(hasty, |m| {
        let given = m.own_app("Box").1;
        m.jwt("JWT");
        let before = m.config_text();
        let Some(ran) = in_read_only(&m, running("Box JWT", LONG)) else { return };
        let ran = ran.ok().says(["private copy", "\"Box\""]).omits("\"JWT\"");
        assert_eq!(ran.stdout.lines().count(), 15, "{ran:?}");
        assert_eq!(m.config_text(), before);
        assert!(m.sandbox.is_renewed(&given.refresh), "nothing was renewed");
        // The next run on this machine goes on with what the first one renewed, and so do two at once.
        let again = "run Box -- rclone lsd Box:";
        for _ in 0..2 {
            assert_eq!(in_read_only(&m, again).expect("as before").ok().stdout.lines().count(), 3);
        }
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| in_read_only(&m, again).expect("as before").ok());
            }
        });
        assert_eq!(m.copies(), Vec::<String>::new());
        // Once rclone.conf can be written again, the live token comes back to it.
        m.pluton("storage refresh Box").ok();
        m.is_signed_in("Box");
    });
}

#[test]
fn a_file_that_is_mounted_by_itself_is_run_from_a_copy() {
    with_each(|m| {
        m.jwt("Box");
        let before = m.config_text();
        let Some(ran) = as_mounted_file(&m, "run Box -- rclone lsf Box:") else { return };
        ran.ok().says("private copy");
        assert_eq!(m.config_text(), before);
    });
}

#[test]
fn nothing_else_burns_a_token_that_it_could_not_save() {
    let m = Machine::new();
    let token = m.expired("Box");
    for args in ["storage refresh Box", "storage verify Box", "storage edit Box --list-chunk 7"] {
        for run in [in_read_only, as_mounted_file] {
            let Some(ran) = run(&m, args) else { return };
            let ran = ran.fails(9);
            assert!(ran.stdout.contains("next:") || ran.stderr.contains("next:"), "{ran:?}");
        }
    }
    assert!(m.sandbox.is_live_refresh(&token.refresh));
    assert_eq!(m.grants(), 0);
    let Some(ran) = in_read_only(&m, "storage list") else { return };
    ran.ok();
}

#[test]
fn a_storage_that_nobody_named_is_renewed_in_the_copy_and_not_lost() {
    with_each(|m| {
        m.quick("Box");
        let given = m.expired("Other");
        let list = "run Box -- rclone lsd Other:";
        for _ in 0..2 {
            let Some(ran) = in_read_only(&m, list) else { return };
            let ran = ran.ok();
            assert!(ran.stdout.lines().count() == 3 && ran.stderr.contains("once \"Other\" is renewed"), "{ran:?}");
            assert!(!m.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
            assert_eq!(m.copies(), Vec::<String>::new());
        }
        m.pluton("storage refresh Other").ok();
        m.is_signed_in("Other");
    });
}

#[test]
fn a_token_renewed_in_the_copy_that_cannot_be_kept_elsewhere_stays_in_it_for_the_next_run() {
    with_each(|m| {
        m.quick("Box");
        let given = m.expired("Other");
        let staged = m.at(".local/state/pluton/staged");
        let script = format!("rclone lsd Other: && rm -rf '{0}' && touch '{0}'", staged.display());
        let Some(ran) = in_read_only(&m, running("Box", &script)) else { return };
        assert_eq!(ran.ok().stdout.lines().count(), 3);
        assert!(!m.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
        std::fs::remove_file(staged).expect("a file in the way");
        m.pluton("storage refresh Other").ok();
        m.is_signed_in("Other");
        assert_eq!(m.copies(), Vec::<String>::new());
    });
}

/// A run on a private copy was killed; after that its rclone renewed a token in there. False where nothing can be mounted.
fn is_left_by_a_killed_run(m: &Machine) -> bool {
    m.quick("Box");
    let given = m.expired("Other");
    let script = "touch began; while [ ! -e go ]; do sleep 0.1; done; rclone lsd Other: && echo $$ > ended";
    let Some(mut command) = mounted_command(m, &read_only(m), running("Box", script)) else { return false };
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("unshare runs");
    m.wait_for_file("began");
    child.kill().expect("pluton is killed");
    child.wait().expect("it ends");
    let left = m.copies();
    let dir = left.first().and_then(|file| file.rsplit_once('/')).expect("a copy").0.to_owned();
    assert_eq!((m.mode(&dir), m.mode(format!("{dir}/rclone.conf"))), (0o700, 0o600));
    m.file("go", "");
    let pid = wait_for("its rclone", || {
        let text = std::fs::read_to_string(m.at("ended")).unwrap_or_default();
        text.ends_with('\n').then(|| text.trim().to_owned())
    });
    crate::support::wait_until_gone(&pid);
    assert!(!m.sandbox.is_live_refresh(&given.refresh), "nothing was renewed");
    true
}

#[test]
fn a_copy_of_a_run_that_was_killed_is_private_named_and_collected_with_what_was_renewed_in_it() {
    with_each(|m| {
        if !is_left_by_a_killed_run(&m) {
            return;
        }
        m.pluton("doctor --offline").prints("private copy");
        let again = in_read_only(&m, "run Box -- rclone lsd Other:").expect("as before");
        assert_eq!(again.ok().stdout.lines().count(), 3);
        assert_eq!(m.copies(), Vec::<String>::new());
        m.pluton("storage refresh Other").ok();
        m.is_signed_in("Other");
    });
}

#[test]
fn doctor_fix_removes_such_a_copy_and_loses_nothing_of_it() {
    with_each(|m| {
        if !is_left_by_a_killed_run(&m) {
            return;
        }
        m.pluton("doctor --offline --fix --yes").prints("removed the private copies");
        assert_eq!(m.copies(), Vec::<String>::new());
        m.pluton("storage refresh Other").ok();
        m.is_signed_in("Other");
    });
}
