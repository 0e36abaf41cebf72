//! Network failures on the way to Box that `tests/diagnosis` has no golden texts for: a storage is saved only if Box
//! answered in the end, and pluton's own requests fail as rclone's do.

use std::time::Duration;

use box_sandbox::{App, Fault};

use crate::ODD;
use crate::support::{Args, Machine, Ran, interrupt, until, with_each};

const LISTING: &str = "/2.0/folders/";
const TOKEN: &str = "/api/oauth2/token";

#[test]
fn a_box_that_is_down_says_so_with_any_status() {
    with_each(|m| {
        for status in [500, 502, 504] {
            m.sandbox.fault(Fault::on("GET", LISTING).status(status));
            let args = "Box --no-refresh-check --json";
            m.refuses(|| m.add(&m.mint(), args), 8, "box_unavailable");
            m.sandbox.clear_faults();
        }
    });
}

/// What adds a storage for one person through an app, whose requests pluton sends itself.
fn client_credentials(m: &Machine, more: &str) -> (App, Vec<String>) {
    let app = m.sandbox.client_credentials_app();
    let args = m.client_credentials_args(&app, &format!("user:{}", app.user_id)).and("ccg").and(more);
    (app, args)
}

#[test]
fn client_credentials_meet_the_same_bad_days() {
    let m = Machine::new();
    let (app, args) = client_credentials(&m, "--json --timeout 2s");
    let on = || Fault::on("POST", "/oauth2/token");
    for (fault, code) in [
        (on().status(503), "box_unavailable"),
        (on().status(429), "rate_limited"),
        (on().reset(), "network"),
        (on().delay(Duration::from_secs(600)), "timeout"),
    ] {
        m.sandbox.fault(fault);
        let error = m.refuses(|| m.pluton(&args), 8, code);
        assert!(!error.to_string().contains(&app.client_secret), "{error}");
        m.sandbox.clear_faults();
    }
    m.pluton(&args).ok();
}

#[test]
fn the_time_limit_of_config_toml_is_one_for_client_credentials_too() {
    let m = Machine::new();
    let (_, args) = client_credentials(&m, "--json");
    m.file(".config/pluton/config.toml", "timeout = '2s'\n");
    // Sooner than the limit that holds without it.
    m.sandbox.fault(Fault::on("POST", "/oauth2/token").delay(Duration::from_secs(10)));
    m.refuses(|| m.pluton(&args), 8, "timeout");
}

#[test]
fn ctrl_c_ends_a_request_of_pluton_s_own() {
    let m = Machine::new();
    m.write_config(ODD);
    let (_, args) = client_credentials(&m, "");
    m.sandbox.fault(Fault::on("POST", "/oauth2/token").delay(Duration::from_secs(600)));
    let child = m.start(args);
    until("the request", || !m.sandbox.requests().is_empty());
    interrupt(&child);
    Ran::from(child).fails(130);
    assert_eq!(m.config_text(), ODD);
    assert_eq!(m.staged(), Vec::<String>::new());
}

#[test]
fn one_bad_moment_is_no_failure() {
    with_each(|m| {
        m.sandbox.fault(Fault::on("GET", LISTING).status(503).times(1));
        m.add(&m.mint(), "one").ok();
        // rclone asks twice for one token: with a header first, then with a form.
        m.sandbox.fault(Fault::on("POST", TOKEN).status(503).times(2));
        m.add(&m.mint(), "two").ok();
        m.sandbox.fault(Fault::on("GET", LISTING).reset().times(1));
        m.add(&m.mint(), "three").ok();
        m.all_live(["one", "two", "three"]);
    });
}

#[test]
fn a_renewal_whose_answer_is_lost_is_not_taken_for_a_success() {
    with_each(|m| {
        m.write_config(ODD);
        let token = m.mint();
        // Box has renewed it; rclone asks again, and is told that the token is spent, or gets the same answer again.
        m.sandbox.fault(Fault::on("POST", TOKEN).answer_lost().times(2));
        if m.sandbox.has_grace() {
            m.add(&token, "Box").ok();
            return m.works_after_an_hour("Box");
        }
        m.refuses(|| m.add(&token, "Box --json"), 6, "refresh_token_invalid");
        assert!(!m.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn client_credentials_do_not_go_to_a_server_that_is_not_trusted() {
    let mut m = Machine::new();
    m.unset("RCLONE_CA_CERT").unset("SSL_CERT_FILE");
    let (_, args) = client_credentials(&m, "--json");
    m.refuses(|| m.pluton(&args), 8, "tls");
    assert!(m.sandbox.requests().is_empty());
}
