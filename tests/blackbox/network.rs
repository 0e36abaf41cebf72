//! Network failures on the way to Box that `tests/diagnosis` has no golden texts for: a storage is saved only if Box
//! answered in the end, and pluton's own requests fail as rclone's do.

use std::time::Duration;

use box_sandbox::Fault;

use crate::bench::{Bench, ODD, with_each};
use crate::support::{Ran, interrupt, wait_for};

const LISTING: &str = "/2.0/folders/";
const TOKEN: &str = "/api/oauth2/token";

#[test]
fn a_box_that_is_down_says_so_with_any_status() {
    with_each(|bench| {
        for status in [500, 502, 504] {
            bench.sandbox.fault(Fault::on("GET", LISTING).status(status));
            let args = ["Box", "--no-refresh-check", "--json"];
            bench.refused(|bench| bench.add(&bench.token(), &args), 8, "box_unavailable");
            bench.sandbox.clear_faults();
        }
    });
}

#[test]
fn client_credentials_meet_the_same_bad_days() {
    let bench = Bench::new();
    let app = bench.sandbox.client_credentials_app();
    let file = bench.home.file("secret", &app.client_secret);
    let subject = format!("user:{}", app.user_id);
    let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", &subject, "--json"];
    let args = [&args[..], &["--client-id", &app.client_id, "--client-secret-file", &file, "--timeout", "2s"]].concat();
    for (fault, code) in [
        (Fault::on("POST", "/oauth2/token").status(503), "box_unavailable"),
        (Fault::on("POST", "/oauth2/token").status(429), "rate_limited"),
        (Fault::on("POST", "/oauth2/token").reset(), "network"),
        (Fault::on("POST", "/oauth2/token").delay(Duration::from_secs(600)), "timeout"),
    ] {
        bench.sandbox.fault(fault);
        let error = bench.refused(|bench| bench.home.pluton(&args), 8, code);
        assert!(!error.to_string().contains(&app.client_secret), "{error}");
        bench.sandbox.clear_faults();
    }
    bench.home.pluton(&args).ok();
}

#[test]
fn the_time_limit_of_config_toml_is_one_for_client_credentials_too() {
    let bench = Bench::new();
    let app = bench.sandbox.client_credentials_app();
    let file = bench.home.file("secret", &app.client_secret);
    let subject = format!("user:{}", app.user_id);
    std::fs::create_dir_all(bench.home.path().join(".config/pluton")).expect("a directory");
    bench.home.file(".config/pluton/config.toml", "timeout = '2s'\n");
    // Sooner than the limit that holds without it.
    bench.sandbox.fault(Fault::on("POST", "/oauth2/token").delay(Duration::from_secs(10)));
    let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", &subject, "--json"];
    let args = [&args[..], &["--client-id", &app.client_id, "--client-secret-file", &file]].concat();
    bench.refused(|bench| bench.home.pluton(&args), 8, "timeout");
}

#[test]
fn ctrl_c_ends_a_request_of_pluton_s_own() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let app = bench.sandbox.client_credentials_app();
    let file = bench.home.file("secret", &app.client_secret);
    let subject = format!("user:{}", app.user_id);
    bench.sandbox.fault(Fault::on("POST", "/oauth2/token").delay(Duration::from_secs(600)));
    let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", &subject];
    let child =
        bench.home.start(&[&args[..], &["--client-id", &app.client_id, "--client-secret-file", &file]].concat());
    wait_for("the request", || (!bench.sandbox.requests().is_empty()).then_some(()));
    interrupt(&child);
    Ran::from(child.wait_with_output().expect("pluton ends")).fails(130);
    assert_eq!(bench.home.config_text(), ODD);
    assert_eq!(bench.staged(), Vec::<String>::new());
}

#[test]
fn one_bad_moment_is_no_failure() {
    with_each(|bench| {
        bench.sandbox.fault(Fault::on("GET", LISTING).status(503).times(1));
        bench.add(&bench.token(), &["one"]).ok();
        // rclone asks twice for one token: with a header first, then with a form.
        bench.sandbox.fault(Fault::on("POST", TOKEN).status(503).times(2));
        bench.add(&bench.token(), &["two"]).ok();
        bench.sandbox.fault(Fault::on("GET", LISTING).reset().times(1));
        bench.add(&bench.token(), &["three"]).ok();
        for name in ["one", "two", "three"] {
            assert!(bench.sandbox.is_live_refresh(&bench.refresh_token(name)));
        }
    });
}

#[test]
fn a_renewal_whose_answer_is_lost_is_not_taken_for_a_success() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let token = bench.token();
        // Box has renewed it; rclone asks again, and is told that the token is spent, or gets the same answer again.
        bench.sandbox.fault(Fault::on("POST", TOKEN).answer_lost().times(2));
        if bench.sandbox.has_grace() {
            bench.add(&token, &["Box"]).ok();
            return bench.works_after_an_hour("Box");
        }
        bench.refused(|bench| bench.add(&token, &["Box", "--json"]), 6, "refresh_token_invalid");
        assert!(!bench.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn client_credentials_do_not_go_to_a_server_that_is_not_trusted() {
    let mut bench = Bench::new();
    bench.home.unset("RCLONE_CA_CERT").unset("SSL_CERT_FILE");
    let file = bench.home.file("secret", "not-for-strangers");
    let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", "user:1", "--json"];
    let args = [&args[..], &["--client-id", "abc", "--client-secret-file", &file]].concat();
    bench.refused(|bench| bench.home.pluton(&args), 8, "tls");
    assert!(bench.sandbox.requests().is_empty());
}
