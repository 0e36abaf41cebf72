//! Many processes that share one sign-in: Box is asked once, and no token is lost.

use std::thread;
use std::time::Duration;

use box_sandbox::{Fault, Sandbox};

use crate::life::{Life, hasty, with_each};
use crate::support::Ran;

fn at_once(life: &Life, count: usize, args: &[&str]) -> Vec<Ran> {
    let children: Vec<_> = (0..count).map(|_| life.home.start(args)).collect();
    children.into_iter().map(|child| child.wait_with_output().expect("pluton ends").into()).collect()
}

/// So slow that all have begun before the first has its token.
fn slow() -> Sandbox {
    let sandbox = Sandbox::start();
    for path in ["/oauth2/token", "/api/oauth2/token"] {
        sandbox.fault(Fault::on("POST", path).delay(Duration::from_secs(2)));
    }
    sandbox
}

#[test]
fn ten_refreshes_at_once_ask_box_once() {
    with_each(slow, |life| {
        life.expired("OAuth");
        life.jwt("JWT");
        life.client_credentials("CCG");
        for name in ["OAuth", "JWT", "CCG"] {
            life.sandbox.clear_requests();
            let mut renewed = 0;
            for ran in at_once(&life, 10, &["storage", "refresh", name]) {
                let ran = ran.ok();
                renewed += usize::from(!ran.stdout.contains("another process"));
            }
            assert_eq!((life.grants(), renewed), (1, 1), "{name}");
            life.is_signed_in(name);
        }
    });
}

#[test]
fn six_runs_at_once_on_one_expired_sign_in_all_succeed() {
    with_each(hasty, |life| {
        life.expired("Box");
        for ran in at_once(&life, 6, &["run", "Box", "--", "rclone", "lsd", "Box:"]) {
            assert_eq!(ran.ok().stdout.lines().count(), 3);
        }
        life.is_signed_in("Box");
    });
}

#[test]
fn a_plain_rclone_beside_a_refresh_costs_no_sign_in() {
    with_each(Sandbox::start, |life| {
        for round in 0..3 {
            let name = format!("Box {round}");
            life.expired(&name);
            thread::scope(|scope| {
                scope.spawn(|| life.home.rclone(&["lsd", &format!("{name}:")]));
                let ran = life.pluton(&["storage", "refresh", &name]);
                assert!([0, 6].contains(&ran.code), "{ran:?}");
            });
            let token = life.refresh_token(&name);
            assert!(life.sandbox.is_live_refresh(&token), "{name}");
        }
    });
}

#[test]
fn storages_that_share_a_token_through_a_dotted_name_keep_it() {
    let life = Life::new();
    life.expired("box");
    life.section("box.reports", "root_folder_id = 0");
    life.pluton(&["storage", "verify", "--all"]).ok();
    life.pluton(&["storage", "refresh", "box.reports"]).ok();
    life.is_signed_in("box");
    assert_eq!(life.grants(), 2);
    assert!(!life.home.config_text().split("[box.reports]").nth(1).expect("it").contains("token"));
}
