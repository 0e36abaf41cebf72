//! While Box is unavailable, `run` and `refresh` retry for as long as they are allowed to.

use box_sandbox::Fault;

use crate::support::{Machine, Ran, interrupt, until, wait_for, with_each};
use crate::{TOKENS, running, start_told};

const TOLD: &str = "retrying for up to";

fn down(m: &Machine, answer: impl Fn(Fault) -> Fault) {
    for path in TOKENS {
        m.sandbox.fault(answer(Fault::on("POST", path).status(503)));
    }
}

#[test]
fn a_backup_starts_when_box_is_back() {
    with_each(|m| {
        m.jwt("JWT");
        m.client_credentials("CCG");
        m.expired("OAuth");
        down(&m, |fault| fault);
        let script = "for name in JWT CCG OAuth; do rclone lsd $name: || exit 9; done";
        let (child, said) = start_told(&m, running("JWT CCG OAuth", script));
        until("word of it", || said().contains(TOLD));
        m.sandbox.clear_faults();
        assert_eq!(Ran::from(child).ok().stdout.lines().count(), 3);
        assert_eq!(said().matches(TOLD).count(), 1, "{}", said());
    });
}

#[test]
fn a_refresh_goes_on_when_box_is_back() {
    with_each(|m| {
        m.jwt("JWT");
        m.client_credentials("CCG");
        m.expired("OAuth");
        down(&m, |fault| fault);
        let (child, said) = start_told(&m, "storage refresh --all --json");
        until("word of it", || said().contains(TOLD));
        m.sandbox.clear_faults();
        let document = Ran::from(child).done();
        assert_eq!(said().matches(TOLD).count(), 1, "{}", said());
        assert!(document["storages"].as_array().expect("storages").iter().all(|each| each["outcome"] == "renewed"));
        for name in ["JWT", "CCG", "OAuth"] {
            m.is_signed_in(name);
        }
    });
}

#[test]
fn while_one_waits_as_box_asks_another_may_try_and_ctrl_c_ends_it() {
    let m = Machine::new();
    m.client_credentials("CCG");
    down(&m, |fault| fault.header("Retry-After", "240"));
    for args in ["storage refresh CCG", "run CCG -- touch started"] {
        m.sandbox.clear_requests();
        let (mut child, said) = start_told(&m, args);
        until("word of it", || said().contains(TOLD));
        m.pluton("storage refresh CCG --wait 0s").fails(8).omits(TOLD);
        assert_eq!((child.try_wait().expect("a process").is_none(), m.asked()), (true, 2));
        interrupt(&child);
        let status = wait_for("its end", || child.try_wait().expect("a process"));
        assert_eq!(status.code(), Some(130), "{}", said());
    }
    assert!(!m.exists("started"));
}

#[test]
fn nobody_waits_for_what_will_not_pass_or_comes_too_late() {
    let m = Machine::new();
    m.client_credentials("CCG");
    down(&m, |fault| fault.header("Retry-After", "3600"));
    let ran = m.pluton("storage refresh CCG").fails(8);
    assert_eq!((ran.stderr.contains(TOLD), m.asked()), (false, 1), "{ran:?}");
    m.sandbox.clear_faults();
    let dead = m.expired("dead");
    m.sandbox.expire_refresh(&dead.refresh);
    for args in ["storage refresh dead", "run dead -- touch started"] {
        m.pluton(args).fails(6).omits(TOLD);
    }
}

#[test]
fn it_gives_up_in_the_end() {
    let m = Machine::new();
    m.client_credentials("CCG");
    down(&m, |fault| fault);
    let ran = m.pluton("run CCG --wait 2s -- touch started").fails(8);
    assert!(ran.stderr.contains(TOLD) && ran.stderr.contains("status.box.com") && m.asked() > 1, "{ran:?}");
    assert!(!m.exists("started"));
}
