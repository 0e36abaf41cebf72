//! `pluton run` keeps sign-ins that rclone cannot renew alive for as long as its command runs.

use std::thread;
use std::time::Duration;

use box_sandbox::rclone;

use crate::run;
use crate::support::{Machine, Ran, hasty};

/// More than two lives of a token.
const LONG: Duration = Duration::from_secs(75);

/// A kind of sign-in, and what makes one.
type Case = (&'static str, fn(&Machine));

/// Lists again and again, and counts what fails.
fn listing(name: &str) -> String {
    format!(
        "end=$(($(date +%s) + {})); good=0; bad=0
         while [ $(date +%s) -lt $end ]; do
             if rclone lsd {name}: >/dev/null 2>>errors; then good=$((good + 1)); else bad=$((bad + 1)); fi
             sleep 1
         done
         echo $good $bad",
        LONG.as_secs()
    )
}

/// Good and bad listings.
#[track_caller]
fn counts(ran: &Ran) -> (u32, u32) {
    let (good, bad) = ran.stdout.trim().split_once(' ').unwrap_or_else(|| panic!("two numbers: {ran:?}"));
    (good.parse().expect("a number"), bad.parse().expect("a number"))
}

pub(crate) fn a_command_far_longer_than_its_token_never_sees_it_end() {
    let cases: [Case; 3] = [
        ("jwt", |m| drop(m.jwt("Box"))),
        ("client credentials", |m| drop(m.client_credentials("Box"))),
        ("OAuth", |m| drop(m.own_app("Box"))),
    ];
    thread::scope(|scope| {
        for binary in rclone::both() {
            for (what, prepare) in cases {
                let binary = binary.clone();
                scope.spawn(move || {
                    let m = Machine::with(hasty(), &binary);
                    prepare(&m);
                    let ran = run(&m, "Box", &listing("Box")).ok();
                    let (good, bad) = counts(&ran);
                    let errors = std::fs::read_to_string(m.at("errors")).unwrap_or_default();
                    assert!(good > 10 && bad == 0, "{what}: {good} good, {bad} bad\n{errors}");
                    assert!(m.grants() >= 3, "{what}: {} tokens in more than two lives of one", m.grants());
                    // A renewal that Box had not yet answered when the command ended is the next run's.
                    m.pluton("storage refresh Box --if-within 1s").ok();
                    m.is_signed_in("Box");
                });
            }
            scope.spawn(move || alone(&Machine::with(hasty(), &binary)));
        }
    });
}

/// Why this is needed: rclone by itself fails, with tokens as good as those.
fn alone(m: &Machine) {
    m.jwt("jwt");
    m.client_credentials("ccg");
    m.pluton("storage refresh --all").ok();
    let script = ["jwt", "ccg"].map(|name| format!("({}) &", listing(name))).join("\n") + "\nwait";
    let ran = m.run("sh", ["-c", &script]).ok();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{ran:?}");
    for line in lines {
        let (good, bad) = line.split_once(' ').expect("two numbers");
        assert!(good != "0" && bad != "0", "rclone by itself: {good} good, {bad} bad");
    }
}
