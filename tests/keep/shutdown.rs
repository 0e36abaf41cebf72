//! When pluton is told to end while Box answers a renewal, it waits for the answer, so that the only live token is not
//! lost.

use std::fs;
use std::process::Child;
use std::time::Duration;

use box_sandbox::{Fault, RCLONE_CLIENT_ID, Sandbox, Token};

use crate::life::{Life, with_each};
use crate::support::{Ran, hang_up, interrupt, is_alive, terminate, wait_for, wait_until_gone};

const WAITING: &str = "waiting for Box to answer the renewal, so that the sign-in is not lost";
const TOKEN: &str = "/api/oauth2/token";

/// Each command that has rclone renew a token: `T` is a file with one.
const COMMANDS: [&[&str]; 7] = [
    &["storage", "refresh", "Box"],
    &["storage", "verify", "Box"],
    &["storage", "edit", "Box", "--list-chunk", "5"],
    &["run", "Box", "--", "touch", "started"],
    &["storage", "add", "box", "New", "--token-file", "T"],
    &["storage", "authorize", "Box", "--token-file", "T"],
    &["apply", "declared.toml"],
];

/// A storage whose token has expired, and another token in the file `T`. Returns the token that `args` renews.
fn prepare(life: &Life, args: &[&str]) -> Token {
    life.home.write_config("");
    let saved = life.expired("Box");
    let fresh = life.sandbox.mint(RCLONE_CLIENT_ID);
    life.home.file("T", &fresh.blob());
    life.home.file("declared.toml", "[storage.New]\nprovider = 'box'\ntoken = { file = 'T' }\n");
    if args.contains(&"T") || args.contains(&"declared.toml") { fresh } else { saved }
}

/// Starts pluton, and returns once Box has replaced `given` and keeps its answer back for so long.
fn started(life: &Life, args: &[&str], given: &Token, delay: Duration) -> Child {
    // rclone asks twice: Box refuses the first way in which it names its app.
    life.sandbox.fault(Fault::on("POST", TOKEN).times(1));
    life.sandbox.fault(Fault::on("POST", TOKEN).delay(delay));
    let child = life.home.start(args);
    wait_for("the token's end", || life.sandbox.is_renewed(&given.refresh).then_some(()));
    child
}

fn ended(life: &Life, child: Child) -> Ran {
    let ran = Ran::from(child.wait_with_output().expect("pluton ends"));
    life.sandbox.clear_faults();
    for child in life.home.children() {
        wait_until_gone(child.split(' ').next().expect("a process ID"));
    }
    ran
}

/// The interrupted command can be run again, and the storage works then.
fn goes_on(life: &Life, args: &[&str]) {
    let ran = life.pluton(args);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    let name = if args.contains(&"New") || args.contains(&"apply") { "New" } else { "Box" };
    life.is_signed_in(name);
    life.pluton(&["storage", "refresh", name]).ok();
    life.is_signed_in(name);
}

#[test]
fn ctrl_c_while_box_answers_a_renewal_loses_no_sign_in() {
    with_each(Sandbox::start, |life| {
        life.home.log_children();
        for args in COMMANDS {
            let given = prepare(&life, args);
            let child = started(&life, args, &given, Duration::from_secs(2));
            interrupt(&child);
            let ran = ended(&life, child).fails(130);
            assert!(ran.stderr.contains(&format!("{WAITING}; press Ctrl-C again to stop anyway")), "{args:?}: {ran:?}");
            assert!(!life.home.path().join("started").exists());
            goes_on(&life, args);
            fs::remove_file(life.home.path().join("started")).ok();
        }
    });
}

#[test]
fn sigterm_and_sighup_while_box_answers_lose_no_sign_in_either() {
    let life = Life::new();
    life.home.log_children();
    for stop in [terminate, hang_up] {
        for args in [COMMANDS[0], COMMANDS[4]] {
            let given = prepare(&life, args);
            let child = started(&life, args, &given, Duration::from_secs(2));
            // A service manager may send both, one after the other.
            stop(&child);
            stop(&child);
            ended(&life, child).fails(130);
            goes_on(&life, args);
        }
    }
}

#[test]
fn a_time_limit_while_box_answers_loses_no_sign_in() {
    with_each(Sandbox::start, |life| {
        life.home.log_children();
        // The token that came is saved, and with it a renewal is done; an addition is not proven.
        for (args, code) in [(COMMANDS[0], 0), (COMMANDS[4], 8)] {
            let given = prepare(&life, args);
            // An rclone that has the token is still listing when it is ended.
            life.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(Duration::from_secs(60)));
            // Enough for an rclone on a busy machine to ask Box, and less than Box takes.
            let child = started(&life, &[args, &["--timeout", "3s"]].concat(), &given, Duration::from_secs(8));
            let ran = ended(&life, child).fails(code);
            assert!(ran.stderr.contains(WAITING), "{ran:?}");
            goes_on(&life, args);
        }
    });
}

#[test]
fn a_second_ctrl_c_ends_the_wait_for_box() {
    let life = Life::new();
    life.home.log_children();
    let given = prepare(&life, COMMANDS[0]);
    let mut child = started(&life, COMMANDS[0], &given, Duration::from_secs(600));
    // Sent until it counts as a second one.
    wait_for("the end", || {
        interrupt(&child);
        child.try_wait().expect("a status")
    });
    let ran = ended(&life, child).fails(130);
    assert!(ran.stderr.contains("press Ctrl-C again"), "{ran:?}");
}

#[test]
fn a_box_that_never_answers_is_not_waited_for_without_end() {
    let life = Life::new();
    life.home.log_children();
    let given = prepare(&life, COMMANDS[0]);
    let child = started(&life, COMMANDS[0], &given, Duration::from_secs(600));
    interrupt(&child);
    ended(&life, child).fails(130);
}

#[test]
fn run_ends_with_its_command_and_leaves_a_renewal_to_the_next_run() {
    // Renewed anew some seconds after the command has started.
    let hasty = || Sandbox::with_lifetime(Duration::from_secs(26));
    with_each(hasty, |life| {
        life.quick("Box");
        life.home.log_children();
        let child =
            life.home.start(&["run", "Box", "--", "sh", "-c", "touch ready; until [ -e over ]; do sleep 0.1; done"]);
        wait_for("the command", || life.home.path().join("ready").exists().then_some(()));
        let given = life.refresh_token("Box");
        life.sandbox.fault(Fault::on("POST", TOKEN).times(1));
        life.sandbox.fault(Fault::on("POST", TOKEN).delay(Duration::from_secs(8)));
        wait_for("a renewal", || life.sandbox.is_renewed(&given).then_some(()));
        life.home.file("over", "");
        let ran = Ran::from(child.wait_with_output().expect("pluton ends")).ok();
        assert_eq!(ran.stderr, "");
        let children = life.home.children();
        let rclone = children.last().and_then(|child| child.split(' ').next()).expect("an rclone");
        assert!(is_alive(rclone), "pluton waited for Box: {children:?}");
        assert_eq!(life.refresh_token("Box"), given);
        life.sandbox.clear_faults();
        // The next one waits for it, and saves what it got.
        life.pluton(&["storage", "verify", "Box"]).ok();
        life.is_signed_in("Box");
        assert_ne!(life.refresh_token("Box"), given);
        wait_until_gone(rclone);
        life.pluton(&["storage", "refresh", "Box"]).ok();
        life.is_signed_in("Box");
    });
}
