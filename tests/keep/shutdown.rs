//! When pluton is told to end while Box answers a renewal, it waits for the answer, so that the only live token is not
//! lost.

use std::fs;
use std::process::Child;
use std::time::Duration;

use box_sandbox::{Fault, Sandbox, Token};

use crate::support::{
    Args, Machine, Ran, hang_up, interrupt, is_alive, terminate, until, wait_for, wait_until_gone, with_each,
    with_each_of,
};
use crate::{UNTIL_OVER, running};

const WAITING: &str = "waiting for Box to answer the renewal, so that the sign-in is not lost";

/// Each command that has rclone renew a token: `T` is a file with one.
const COMMANDS: [&str; 7] = [
    "storage refresh Box",
    "storage verify Box",
    "storage edit Box --list-chunk 5",
    "run Box -- touch started",
    "storage add box New --token-file T",
    "storage authorize Box --token-file T",
    "apply declared.toml",
];

/// A storage whose token has expired, and another token in the file `T`. Returns the token that `args` renews.
fn prepare(m: &Machine, args: &str) -> Token {
    m.write_config("");
    let saved = m.expired("Box");
    let fresh = m.mint();
    m.file("T", &fresh.blob());
    m.file("declared.toml", "[storage.New]\nprovider = 'box'\ntoken = { file = 'T' }\n");
    if args.contains(" T") || args.contains("declared.toml") { fresh } else { saved }
}

/// Starts pluton, and returns once Box has replaced `given` and keeps its answer back for so long.
fn started(m: &Machine, args: impl Args, given: &Token, delay: Duration) -> Child {
    m.delay_renewal(delay);
    let child = m.start(args);
    until("the token's end", || m.sandbox.is_renewed(&given.refresh));
    child
}

fn ended(m: &Machine, child: Child) -> Ran {
    let ran = Ran::from(child);
    m.sandbox.clear_faults();
    m.wait_for_children();
    ran
}

/// The interrupted command can be run again, and the storage works then.
fn goes_on(m: &Machine, args: &str) {
    let ran = m.pluton(args);
    assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
    let name = if args.contains("New") || args.contains("apply") { "New" } else { "Box" };
    m.is_signed_in(name);
    m.pluton(["storage", "refresh", name]).ok();
    m.is_signed_in(name);
}

#[test]
fn ctrl_c_while_box_answers_a_renewal_loses_no_sign_in() {
    with_each(|m| {
        m.log_children();
        for args in COMMANDS {
            let given = prepare(&m, args);
            let child = started(&m, args, &given, Duration::from_secs(2));
            let children = m.children().len();
            interrupt(&child);
            let ran = ended(&m, child).fails(130);
            assert_eq!(m.children().len(), children, "{args:?}: none is started after Ctrl-C");
            assert!(ran.stderr.contains(&format!("{WAITING}; press Ctrl-C again to stop anyway")), "{args:?}: {ran:?}");
            assert!(!m.exists("started"));
            goes_on(&m, args);
            fs::remove_file(m.at("started")).ok();
        }
    });
}

#[test]
fn sigterm_and_sighup_while_box_answers_lose_no_sign_in_either() {
    let m = Machine::new();
    m.log_children();
    for stop in [terminate, hang_up] {
        for args in [COMMANDS[0], COMMANDS[4]] {
            let given = prepare(&m, args);
            let child = started(&m, args, &given, Duration::from_secs(2));
            // A service manager may send both, one after the other.
            stop(&child);
            stop(&child);
            ended(&m, child).fails(130);
            goes_on(&m, args);
        }
    }
}

#[test]
fn a_time_limit_while_box_answers_loses_no_sign_in() {
    with_each(|m| {
        m.log_children();
        // The token that came is saved, and with it a renewal is done; an addition is not proven.
        for (args, code) in [(COMMANDS[0], 0), (COMMANDS[4], 8)] {
            let given = prepare(&m, args);
            // An rclone that has the token is still listing when it is ended.
            m.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(Duration::from_secs(60)));
            // Enough for an rclone on a busy machine to ask Box, and less than Box takes.
            let child = started(&m, args.and("--timeout 3s"), &given, Duration::from_secs(8));
            ended(&m, child).fails(code).says(WAITING);
            goes_on(&m, args);
        }
    });
}

#[test]
fn a_second_ctrl_c_ends_the_wait_for_box() {
    let m = Machine::new();
    m.log_children();
    let given = prepare(&m, COMMANDS[0]);
    let mut child = started(&m, COMMANDS[0], &given, Duration::from_secs(600));
    // Sent until it counts as a second one.
    wait_for("the end", || {
        interrupt(&child);
        child.try_wait().expect("a status")
    });
    ended(&m, child).fails(130).says("press Ctrl-C again");
}

#[test]
fn a_box_that_never_answers_is_not_waited_for_without_end() {
    let m = Machine::new();
    m.log_children();
    let given = prepare(&m, COMMANDS[0]);
    let child = started(&m, COMMANDS[0], &given, Duration::from_secs(600));
    interrupt(&child);
    ended(&m, child).fails(130);
}

#[test]
fn run_ends_with_its_command_and_leaves_a_renewal_to_the_next_run() {
    // Renewed anew some seconds after the command has started.
    let hasty = || Sandbox::with_lifetime(Duration::from_secs(26));
    with_each_of(hasty, |m| {
        m.quick("Box");
        m.log_children();
        let child = m.start(running("Box", UNTIL_OVER));
        m.wait_for_file("ready");
        let given = m.refresh_token("Box");
        m.delay_renewal(Duration::from_secs(8));
        until("a renewal", || m.sandbox.is_renewed(&given));
        m.file("over", "");
        let ran = Ran::from(child).ok();
        assert_eq!(ran.stderr, "");
        let children = m.children();
        let rclone = children.last().and_then(|child| child.split(' ').next()).expect("an rclone");
        assert!(is_alive(rclone), "pluton waited for Box: {children:?}");
        assert_eq!(m.refresh_token("Box"), given);
        m.sandbox.clear_faults();
        // The next one waits for it, and saves what it got.
        m.pluton("storage verify Box").ok();
        m.is_signed_in("Box");
        assert_ne!(m.refresh_token("Box"), given);
        wait_until_gone(rclone);
        m.pluton("storage refresh Box").ok();
        m.is_signed_in("Box");
    });
}
