//! rclone copes with faults of Box as it does with the real one.

use std::time::{Duration, Instant, UNIX_EPOCH};

use box_sandbox::{Fault, RCLONE_CLIENT_ID, Sandbox, Settings};

use crate::support::{Bench, with_each};

#[test]
fn a_fault_happens_as_often_as_told_and_rclone_gets_over_it() {
    with_each(|bench| {
        bench.sign_in();
        let busy = Fault::on("GET", "/2.0/folders").status(503).body("busy");
        bench.sandbox.fault(busy.header("Retry-After", "1").times(3));
        assert_eq!(bench.folders().len(), 3);
        let answers: Vec<u16> = bench.sandbox.requests().iter().map(|r| r.status).collect();
        assert_eq!(answers, [503, 503, 503, 200]);
    });
}

#[test]
fn a_fault_lasts_until_cleared() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.fault(Fault::on("*", "/2.0/").status(500));
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "2"]);
        assert!(said.contains("500"), "{said}");
        bench.sandbox.clear_faults();
        bench.ok(&["lsd", "bx:"]);
    });
}

#[test]
fn a_dropped_connection_is_tried_again() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.fault(Fault::on("GET", "/2.0/folders").reset().times(1));
        assert_eq!(bench.folders().len(), 3);
        assert_eq!(bench.sandbox.requests()[0].status, 0);
    });
}

#[test]
fn a_late_answer_is_still_an_answer() {
    with_each(|bench| {
        bench.sign_in();
        let late = Duration::from_millis(500);
        bench.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(late));
        let started = Instant::now();
        assert_eq!(bench.folders().len(), 3);
        assert!(started.elapsed() >= late);
    });
}

#[test]
fn an_answer_lost_after_the_work_costs_the_refresh_token() {
    with_each(|bench| {
        let mut token = bench.sandbox.mint(RCLONE_CLIENT_ID);
        token.expires_at = UNIX_EPOCH;
        bench.configure(&format!("token = {}", token.blob()));
        bench.sandbox.fault(Fault::on("POST", "/api/oauth2/token").answer_lost());
        bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        // The grace rule exists for just this.
        assert_eq!(bench.sandbox.is_live_refresh(&token.refresh), bench.sandbox.has_grace());
        assert_eq!(bench.token()["refresh_token"], token.refresh);
    });
}

#[test]
fn the_token_endpoint_can_fail_too() {
    with_each(|bench| {
        let mut token = bench.sandbox.mint(RCLONE_CLIENT_ID);
        token.expires_at = UNIX_EPOCH;
        bench.configure(&format!("token = {}", token.blob()));
        bench.sandbox.fault(Fault::on("POST", "/api/oauth2/token").status(500).body("oops"));
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("oops"), "{said}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn a_proxy_lets_in_only_who_it_knows() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("Proxy Authentication Required"), "{said}");
        let url = bench.sandbox.proxy_url().replace("://", "://me:right@");
        let lsd = ["lsd", "bx:", "--config"];
        let output =
            bench.command().env("HTTPS_PROXY", &url).env("https_proxy", &url).args(lsd).arg(bench.config()).output();
        assert!(output.expect("run rclone").status.success());
        bench.sandbox.change(|settings| settings.proxy_refuses = Some(503));
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("Service Unavailable"), "{said}");
    });
}

#[test]
fn a_certificate_can_be_over() {
    for binary in box_sandbox::rclone::both() {
        let bench = Bench::new(&binary, Sandbox::with(Settings { certificate_expired: true, ..Settings::default() }));
        bench.sign_in();
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("certificate has expired"), "{said}");
        assert!(bench.sandbox.requests().is_empty());
    }
}

#[test]
fn what_is_in_the_trash_is_not_there_and_says_so() {
    with_each(|bench| {
        let token = bench.sign_in();
        let old = bench.sandbox.create_folder("0", "Old");
        let inner = bench.sandbox.create_folder(&old, "Inner");
        bench.sandbox.trash(&old);
        assert_eq!(bench.folders().len(), 3);
        for folder in [&old, &inner] {
            bench.configure(&format!("token = {}\nroot_folder_id = {folder}", token.blob()));
            let said = bench.fails(&["lsd", "bx:"]);
            assert!(said.contains(r#"Error "trashed" (404)"#), "{said}");
        }
        bench.sign_in();
        bench.ok(&["mkdir", "bx:Old"]);
        assert_eq!(bench.folders().len(), 4);
    });
}
