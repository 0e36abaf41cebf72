//! rclone copes with faults of Box as it does with the real one.

use std::time::{Duration, Instant};

use box_sandbox::{Fault, Settings, rclone};

use crate::support::{Bench, with_each};

const LSD: [&str; 2] = ["lsd", "bx:"];

#[test]
fn a_fault_happens_as_often_as_told_and_rclone_gets_over_it() {
    with_each(|bench| {
        bench.sign_in();
        let busy = Fault::on("GET", "/2.0/folders").status(503).body("busy");
        bench.sandbox.fault(busy.header("Retry-After", "1").times(3));
        bench.sandbox.fault(Fault::on("GET", "/2.0/folders").reset().times(1));
        assert_eq!(bench.folders().len(), 3);
        let answers: Vec<u16> = bench.sandbox.requests().iter().map(|request| request.status).collect();
        assert_eq!(answers, [503, 503, 503, 0, 200]);
    });
}

#[test]
fn a_fault_lasts_until_cleared() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.fault(Fault::on("*", "/2.0/").status(500));
        bench.fails(&LSD, "500");
        bench.sandbox.clear_faults();
        bench.ok(&LSD);
    });
}

#[test]
fn an_answer_is_as_late_as_told() {
    let late = Duration::from_millis(500);
    let all = Settings { delay: late, ..Settings::default() };
    for (settings, fault) in [(Settings::default(), Some(Fault::on("GET", "/2.0/folders").delay(late))), (all, None)] {
        let bench = Bench::new(&rclone::newest(), settings);
        bench.sign_in();
        if let Some(fault) = fault {
            bench.sandbox.fault(fault);
        }
        let started = Instant::now();
        assert_eq!(bench.folders().len(), 3);
        assert!(started.elapsed() >= late);
    }
}

#[test]
fn an_answer_lost_after_the_work_costs_the_refresh_token() {
    with_each(|bench| {
        let token = bench.sign_in_an_hour_ago();
        bench.sandbox.fault(Fault::on("POST", "/api/oauth2/token").answer_lost());
        bench.fails(&LSD, "");
        // The grace rule exists for just this.
        assert_eq!(bench.sandbox.is_live_refresh(&token.refresh), bench.sandbox.has_grace());
        assert_eq!(bench.token()["refresh_token"], token.refresh);
    });
}

#[test]
fn a_proxy_lets_in_only_who_it_knows() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
        bench.fails(&LSD, "Proxy Authentication Required");
        let url = bench.sandbox.proxy_url().replace("://", "://me:right@");
        let output = bench.command().env("HTTPS_PROXY", &url).env("https_proxy", &url).args(LSD).output();
        assert!(output.expect("run rclone").status.success());
        bench.sandbox.change(|settings| settings.proxy_refuses = Some(503));
        bench.fails(&LSD, "Service Unavailable");
    });
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
            bench.fails(&LSD, r#"Error "trashed" (404)"#);
        }
        bench.sign_in();
        bench.ok(&["mkdir", "bx:Old"]);
        assert_eq!(bench.folders().len(), 4);
    });
}
