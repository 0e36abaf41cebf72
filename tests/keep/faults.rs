//! Box is down or refuses, or pluton is killed at the worst moment: no token is lost, and the error says what to do.

use std::fs::{self, File};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use box_sandbox::{Fault, Sandbox, rclone};

use crate::life::{Life, hasty, with_each};
use crate::support::{PLUTON, wait_for};

const DOWN: &str = "could not be kept signed in: Box has a problem at the moment";

/// Token requests that were sent, answered or not.
fn asked(life: &Life) -> usize {
    life.sandbox.requests().iter().filter(|request| request.path.ends_with("/oauth2/token")).count()
}

pub(crate) fn a_command_outlives_an_hour_without_box_and_is_signed_in_again_after_it() {
    with_each(hasty, |life| {
        life.jwt("JWT");
        life.own_app("OAuth");
        let script = "touch ready; for i in $(seq 900); do [ -e over ] && break; sleep 0.1; done; rclone lsd JWT: && rclone lsd OAuth:";
        let said = life.home.path().join("said");
        let mut command = life.home.command(PLUTON);
        command.args(["run", "JWT", "OAuth", "--", "sh", "-c", script]).stdout(Stdio::piped());
        let child = command.stderr(File::create(&said).expect("a file")).spawn().expect("pluton starts");
        let told = |words: &str| {
            let said = fs::read_to_string(&said).expect("what it said");
            ["JWT", "OAuth"].map(|name| said.matches(&format!("{name:?} {words}")).count())
        };
        wait_for("the command", || life.home.path().join("ready").exists().then_some(()));
        life.sandbox.fault(Fault::on("*", "/").status(503));
        wait_for("a warning for each", || (!told(DOWN).contains(&0)).then_some(()));
        life.sandbox.clear_faults();
        life.sandbox.clear_requests();
        wait_for("a renewal of each", || (life.grants() >= 2).then_some(()));
        wait_for("them in rclone.conf", || {
            let live = |name: &str| {
                let token = life.home.token(name)["access_token"].as_str().unwrap_or_default().to_owned();
                life.sandbox.is_live_access(&token)
            };
            (live("JWT") && live("OAuth")).then_some(())
        });
        life.home.file("over", "");
        let output = child.wait_with_output().expect("pluton ends");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
        assert_eq!((told(DOWN), told("is signed in again")), ([1, 1], [1, 1]));
    });
}

pub(crate) fn a_refusal_in_the_middle_is_told_once_and_the_command_goes_on() {
    with_each(hasty, |life| {
        life.own_app("Box");
        let script =
            "touch ready; for i in $(seq 900); do [ -e over ] && break; sleep 0.1; done; echo ended by itself; exit 3";
        let child = life.home.start(&["run", "Box", "--", "sh", "-c", script]);
        wait_for("the command", || life.home.path().join("ready").exists().then_some(()));
        life.sandbox.revoke_all();
        let before = asked(&life);
        wait_for("a renewal that fails", || (asked(&life) > before).then_some(()));
        // Longer than it takes to try once more, if it did.
        thread::sleep(Duration::from_secs(20));
        let tries = asked(&life) - before;
        assert!(tries <= 10, "Box was asked {tries} times for a token that it had refused");
        life.home.file("over", "");
        let output = child.wait_with_output().expect("pluton ends");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b"ended by itself\n"[..]), "{stderr}");
        assert_eq!(stderr.matches("could not be kept signed in").count(), 1, "{stderr}");
        assert!(stderr.contains("pluton storage authorize \"Box\""), "{stderr}");
    });
}

#[test]
fn a_command_starts_while_box_is_down_if_its_token_lives() {
    let life = Life::with(Sandbox::with_lifetime(Duration::from_secs(600)), &rclone::newest());
    life.quick("Box");
    life.expired("over");
    for path in ["/oauth2/token", "/api/oauth2/token"] {
        life.sandbox.fault(Fault::on("POST", path).status(503));
    }
    let ran = life.run(&["Box"], "rclone lsd Box:").ok();
    assert!(ran.stdout.lines().count() == 3 && ran.stderr.contains("tries again"), "{ran:?}");
    life.pluton(&["run", "over", "--wait", "0s", "--", "echo", "started"]).fails(8);
}

#[test]
fn a_refresh_that_was_killed_while_box_answered_loses_nothing() {
    let next: [&[&str]; 3] =
        [&["storage", "refresh", "Box"], &["run", "Box", "--", "rclone", "lsd", "Box:"], &["storage", "verify", "Box"]];
    with_each(Sandbox::start, |life| {
        for args in next {
            let name_free = life.home.config_text();
            life.home.write_config(name_free.split("[Box]").next().unwrap_or_default());
            let given = life.expired("Box");
            life.sandbox.clear_requests();
            life.sandbox.fault(Fault::on("POST", "/api/oauth2/token").delay(Duration::from_secs(3)));
            let mut child = life.home.start(&["storage", "refresh", "Box"]);
            wait_for("the token's end", || life.sandbox.is_renewed(&given.refresh).then_some(()));
            child.kill().expect("pluton is killed");
            child.wait().expect("it ends");
            assert_eq!(life.refresh_token("Box"), given.refresh, "it was too late to kill it");
            life.sandbox.clear_faults();
            life.pluton(args).ok();
            life.is_signed_in("Box");
        }
    });
}

#[test]
fn an_answer_that_is_lost_once_is_a_refusal_and_one_that_is_always_lost_is_the_network_s() {
    with_each(Sandbox::start, |life| {
        // Where Box gives the same pair again, rclone's second request has it.
        let grace = life.sandbox.has_grace();
        let once = if grace { (1, 0, None) } else { (1, 6, Some("refresh_token_invalid")) };
        for (times, code, error) in [once, (u32::MAX, 8, Some("network"))] {
            life.home.write_config("");
            let given = life.expired("Box");
            // rclone asks twice: Box refuses the first way in which it names its app.
            life.sandbox.fault(Fault::on("POST", "/api/oauth2/token").times(1));
            life.sandbox.fault(Fault::on("POST", "/api/oauth2/token").answer_lost().times(times));
            let before = life.home.config_text();
            let ran = life.pluton(&["storage", "refresh", "Box", "--wait", "0s", "--json"]).fails(code);
            assert_eq!(ran.document()["storages"][0]["error"]["code"].as_str(), error, "{ran:?}");
            assert!(life.sandbox.is_renewed(&given.refresh), "its answer was never made");
            assert_eq!(life.home.config_text() == before, error.is_some());
            life.sandbox.clear_faults();
            if grace {
                life.is_signed_in("Box");
            }
        }
    });
}

/// As a proxy may answer, or an address that the token endpoint redirects to.
#[test]
fn a_renewed_token_that_box_does_not_know_is_not_saved() {
    with_each(Sandbox::start, |life| {
        for verb in ["refresh", "verify"] {
            life.home.write_config("");
            life.expired("Box");
            let before = life.home.config_text();
            let body = r#"{"access_token":"foreign-access","refresh_token":"foreign-refresh","expires_in":3600,"token_type":"bearer"}"#;
            let fault = Fault::on("POST", "/api/oauth2/token").body(body).header("Content-Type", "application/json");
            life.sandbox.fault(fault);
            let ran = life.pluton(&["storage", verb, "Box", "--json"]);
            let document = ran.document();
            let error = &document["storages"][0]["error"];
            assert_eq!((ran.code, error["code"].as_str()), (6, Some("token_invalid")), "{ran:?}");
            assert_eq!(life.home.config_text(), before, "{verb}");
            assert!(error["message"].as_str().is_some_and(|text| text.contains("does not know")), "{ran:?}");
            life.sandbox.clear_faults();
            life.pluton(&["storage", "refresh", "Box"]).ok();
            life.is_signed_in("Box");
        }
    });
}

#[test]
fn a_renewed_token_is_saved_although_box_was_gone_afterwards() {
    with_each(Sandbox::start, |life| {
        let old = life.expired("Box");
        life.sandbox.fault(Fault::on("GET", "/2.0/").reset());
        life.pluton(&["storage", "refresh", "Box"]);
        life.sandbox.clear_faults();
        assert_ne!(life.refresh_token("Box"), old.refresh);
        life.is_signed_in("Box");
    });
}

#[test]
fn a_client_secret_is_not_sent_where_the_token_endpoint_redirects_to_nor_without_https() {
    let life = Life::new();
    life.client_credentials("Box");
    for status in [302, 307] {
        let fault = Fault::on("POST", "/oauth2/token").status(status);
        life.sandbox.fault(fault.header("Location", "https://api.box.com/2.0/elsewhere"));
        let ran = life.pluton(&["storage", "refresh", "Box", "--json", "--wait", "0s"]);
        assert_eq!(ran.code, 8, "{ran:?}");
        assert!(!life.sandbox.requests().iter().any(|request| request.path.contains("elsewhere")));
        life.sandbox.clear_faults();
    }
    life.client_credentials_with("Plain", "\ntoken_url = http://api.box.com/oauth2/token");
    let ran = life.pluton(&["storage", "refresh", "Plain", "--json"]);
    assert_eq!((ran.code, life.grants()), (2, 0), "{ran:?}");
}
