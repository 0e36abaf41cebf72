//! Whatever pluton waits for, Ctrl-C ends the wait at once, and nothing is half done.

use std::fs;
use std::process::Child;
use std::time::Duration;

use box_sandbox::Fault;

use crate::life::Life;
use crate::support::{Ran, interrupt, wait_for};

/// Waits until the process has a file or directory of its own open below the home, as it has while it waits for a lock.
fn wait_until_at_a_lock(life: &Life, child: &Child) {
    let fds = format!("/proc/{}/fd", child.id());
    wait_for("a lock that is waited for", || {
        let open = fs::read_dir(&fds).ok()?.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
        open.filter(|path| path.starts_with(life.home.path())).last()
    });
}

fn is_over_at_once(child: Child) {
    interrupt(&child);
    let ran = Ran::from(child.wait_with_output().expect("pluton ends")).fails(130);
    assert!(ran.stderr.contains("interrupted"), "{ran:?}");
}

#[test]
fn ctrl_c_ends_the_wait_for_another_renewal() {
    let life = Life::new();
    life.expired("Box");
    let before = life.home.config_text();
    life.home.script_rclone("touch \"$HOME/renewing\"; exec sleep 600");
    let mut first = life.home.start(&["storage", "refresh", "Box"]);
    wait_for("the first renewal", || life.home.path().join("renewing").exists().then_some(()));
    for args in [&["refresh", "Box"][..], &["verify", "Box"], &["remove", "Box", "--yes"]] {
        let second = life.home.start(&[&["storage"], args].concat());
        wait_until_at_a_lock(&life, &second);
        is_over_at_once(second);
    }
    first.kill().expect("it was still at work");
    first.wait().expect("it ends");
    assert_eq!(life.home.config_text(), before);
}

#[test]
fn ctrl_c_ends_the_wait_for_another_writer_of_rclone_conf() {
    let life = Life::new();
    life.quick("Box");
    let before = life.home.config_text();
    let lock = fs::File::open(life.home.config().parent().expect("a directory")).expect("rclone.conf's directory");
    lock.lock().expect("the lock");
    let child = life.home.start(&["storage", "edit", "Box", "--list-chunk", "5", "--no-verify"]);
    wait_until_at_a_lock(&life, &child);
    is_over_at_once(child);
    assert_eq!(life.home.config_text(), before);
}

#[test]
fn ctrl_c_ends_the_wait_for_an_rclone_that_outlived_its_pluton() {
    let life = Life::new();
    let token = life.home.file("token", &life.sandbox.mint(box_sandbox::RCLONE_CLIENT_ID).blob());
    let add = ["storage", "add", "box", "Box", "--token-file", &token];
    // rclone asks twice: Box refuses the first way in which it names its app.
    life.sandbox.fault(Fault::on("POST", "/").times(1));
    life.sandbox.fault(Fault::on("POST", "/").delay(Duration::from_secs(60)));
    let mut first = life.home.start(&add);
    wait_for("the renewal", || (life.grants() > 0).then_some(()));
    first.kill().expect("it was still at work");
    first.wait().expect("it ends");
    let second = life.home.start(&add);
    wait_until_at_a_lock(&life, &second);
    is_over_at_once(second);
}
