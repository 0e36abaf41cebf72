//! Box is down or refuses, or pluton is killed at the worst moment: no token is lost, and the error says what to do.

use std::thread;
use std::time::Duration;

use box_sandbox::{Fault, Sandbox};

use crate::support::{Machine, Ran, hasty, until, with_each, with_each_of};
use crate::{TOKENS, UNTIL_OVER, run, running, start_told};

const DOWN: &str = "could not be kept signed in: Box has a problem at the moment";

pub(crate) fn a_command_outlives_an_hour_without_box_and_is_signed_in_again_after_it() {
    with_each_of(hasty, |m| {
        m.jwt("JWT");
        m.own_app("OAuth");
        let script = format!("{UNTIL_OVER}; rclone lsd JWT: && rclone lsd OAuth:");
        let (child, said) = start_told(&m, running("JWT OAuth", &script));
        let told = |words: &str| ["JWT", "OAuth"].map(|name| said().matches(&format!("{name:?} {words}")).count());
        m.wait_for_file("ready");
        m.sandbox.fault(Fault::on("*", "/").status(503));
        until("a warning for each", || !told(DOWN).contains(&0));
        m.sandbox.clear_faults();
        m.sandbox.clear_requests();
        until("a renewal of each", || m.grants() >= 2);
        let is_live = |name: &str| m.sandbox.is_live_access(&m.access_token_of(name));
        until("them in rclone.conf", || is_live("JWT") && is_live("OAuth"));
        m.file("over", "");
        assert_eq!(Ran::from(child).ok().stdout.lines().count(), 3);
        assert_eq!((told(DOWN), told("is signed in again")), ([1, 1], [1, 1]));
    });
}

pub(crate) fn a_refusal_in_the_middle_is_told_once_and_the_command_goes_on() {
    with_each_of(hasty, |m| {
        m.own_app("Box");
        let script = format!("{UNTIL_OVER}; echo ended by itself; exit 3");
        let child = m.start(running("Box", &script));
        m.wait_for_file("ready");
        m.sandbox.revoke_all();
        let before = m.asked();
        until("a renewal that fails", || m.asked() > before);
        // Longer than it takes to try once more, if it did.
        thread::sleep(Duration::from_secs(20));
        let tries = m.asked() - before;
        assert!(tries <= 10, "Box was asked {tries} times for a token that it had refused");
        m.file("over", "");
        let ran = Ran::from(child).fails(3).says("pluton storage authorize \"Box\"");
        assert_eq!(ran.stdout, "ended by itself\n");
        assert_eq!(ran.stderr.matches("could not be kept signed in").count(), 1, "{ran:?}");
    });
}

#[test]
fn a_command_starts_while_box_is_down_if_its_token_lives() {
    let m = Machine::of(Sandbox::with_lifetime(Duration::from_secs(600)));
    m.quick("Box");
    m.expired("over");
    for path in TOKENS {
        m.sandbox.fault(Fault::on("POST", path).status(503));
    }
    let ran = run(&m, "Box", "rclone lsd Box:").ok();
    assert!(ran.stdout.lines().count() == 3 && ran.stderr.contains("tries again"), "{ran:?}");
    m.pluton("run over --wait 0s -- echo started").fails(8);
}

#[test]
fn a_refresh_that_was_killed_while_box_answered_loses_nothing() {
    with_each(|m| {
        for args in ["storage refresh Box", "run Box -- rclone lsd Box:", "storage verify Box"] {
            m.write_config("");
            let given = m.expired("Box");
            m.sandbox.clear_requests();
            m.sandbox.fault(Fault::on("POST", "/api/oauth2/token").delay(Duration::from_secs(3)));
            let mut child = m.start("storage refresh Box");
            until("the token's end", || m.sandbox.is_renewed(&given.refresh));
            child.kill().expect("pluton is killed");
            child.wait().expect("it ends");
            assert_eq!(m.refresh_token("Box"), given.refresh, "it was too late to kill it");
            m.sandbox.clear_faults();
            m.pluton(args).ok();
            m.is_signed_in("Box");
        }
    });
}

#[test]
fn an_answer_that_is_lost_once_is_a_refusal_and_one_that_is_always_lost_is_the_network_s() {
    with_each(|m| {
        // Where Box gives the same pair again, rclone's second request has it.
        let grace = m.sandbox.has_grace();
        let once = if grace { (1, 0, None) } else { (1, 6, Some("refresh_token_invalid")) };
        for (times, code, error) in [once, (u32::MAX, 8, Some("network"))] {
            m.write_config("");
            let given = m.expired("Box");
            // rclone asks twice: Box refuses the first way in which it names its app.
            m.sandbox.fault(Fault::on("POST", "/api/oauth2/token").times(1));
            m.sandbox.fault(Fault::on("POST", "/api/oauth2/token").answer_lost().times(times));
            let before = m.config_text();
            let ran = m.pluton("storage refresh Box --wait 0s --json").fails(code);
            assert_eq!(ran.document()["storages"][0]["error"]["code"].as_str(), error, "{ran:?}");
            assert!(m.sandbox.is_renewed(&given.refresh), "its answer was never made");
            assert_eq!(m.config_text() == before, error.is_some());
            m.sandbox.clear_faults();
            if grace {
                m.is_signed_in("Box");
            }
        }
    });
}

/// As a proxy may answer, or an address that the token endpoint redirects to.
#[test]
fn a_renewed_token_that_box_does_not_know_is_not_saved() {
    with_each(|m| {
        for verb in ["refresh", "verify"] {
            m.write_config("");
            m.expired("Box");
            let before = m.config_text();
            let body = r#"{"access_token":"foreign-access","refresh_token":"foreign-refresh","expires_in":3600,"token_type":"bearer"}"#;
            let fault = Fault::on("POST", "/api/oauth2/token").body(body).header("Content-Type", "application/json");
            m.sandbox.fault(fault);
            let error = m.json(["storage", verb, "Box"]).refused(6, "token_invalid");
            assert_eq!(m.config_text(), before, "{verb}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains("does not know")), "{error}");
            m.sandbox.clear_faults();
            m.pluton("storage refresh Box").ok();
            m.is_signed_in("Box");
        }
    });
}

#[test]
fn a_renewed_token_is_saved_although_box_was_gone_afterwards() {
    with_each(|m| {
        let old = m.expired("Box");
        m.sandbox.fault(Fault::on("GET", "/2.0/").reset());
        m.pluton("storage refresh Box");
        m.sandbox.clear_faults();
        assert_ne!(m.refresh_token("Box"), old.refresh);
        m.is_signed_in("Box");
    });
}

#[test]
fn a_client_secret_is_not_sent_where_the_token_endpoint_redirects_to_nor_without_https() {
    let m = Machine::new();
    m.client_credentials("Box");
    for status in [302, 307] {
        let fault = Fault::on("POST", "/oauth2/token").status(status);
        m.sandbox.fault(fault.header("Location", "https://api.box.com/2.0/elsewhere"));
        m.pluton("storage refresh Box --json --wait 0s").fails(8);
        assert!(!m.sandbox.requests().iter().any(|request| request.path.contains("elsewhere")));
        m.sandbox.clear_faults();
    }
    m.client_credentials_with("Plain", "\ntoken_url = http://api.box.com/oauth2/token");
    m.pluton("storage refresh Plain --json").fails(2);
    assert_eq!(m.grants(), 0);
}
