//! Many processes that share one sign-in: Box is asked once, and no token is lost.

use std::thread;

use crate::slow;
use crate::support::{Args, Machine, Ran, hasty, with_each, with_each_of};

fn at_once(m: &Machine, count: usize, args: impl Args) -> Vec<Ran> {
    let children: Vec<_> = (0..count).map(|_| m.start(&args)).collect();
    children.into_iter().map(Ran::from).collect()
}

#[test]
fn ten_refreshes_at_once_ask_box_once() {
    with_each_of(slow, |m| {
        m.expired("OAuth");
        m.jwt("JWT");
        m.client_credentials("CCG");
        for name in ["OAuth", "JWT", "CCG"] {
            m.sandbox.clear_requests();
            let mut renewed = 0;
            for ran in at_once(&m, 10, ["storage", "refresh", name]) {
                let ran = ran.ok();
                renewed += usize::from(!ran.stdout.contains("another process"));
            }
            assert_eq!((m.grants(), renewed), (1, 1), "{name}");
            m.is_signed_in(name);
        }
    });
}

#[test]
fn six_runs_at_once_on_one_expired_sign_in_all_succeed() {
    with_each_of(hasty, |m| {
        m.expired("Box");
        for ran in at_once(&m, 6, ["run", "Box", "--", "rclone", "lsd", "Box:"]) {
            assert_eq!(ran.ok().stdout.lines().count(), 3);
        }
        m.is_signed_in("Box");
    });
}

#[test]
fn a_plain_rclone_beside_a_refresh_costs_no_sign_in() {
    with_each(|m| {
        for round in 0..3 {
            let name = format!("Box {round}");
            m.expired(&name);
            thread::scope(|scope| {
                scope.spawn(|| m.rclone(["lsd", &format!("{name}:")]));
                let ran = m.pluton(["storage", "refresh", &name]);
                assert!([0, 6].contains(&ran.code), "{ran:?}");
            });
            let token = m.refresh_token(&name);
            assert!(m.sandbox.is_live_refresh(&token), "{name}");
        }
    });
}

#[test]
fn storages_that_share_a_token_through_a_dotted_name_keep_it() {
    let m = Machine::new();
    m.expired("box");
    m.section("box.reports", "root_folder_id = 0");
    m.pluton("storage verify --all").ok();
    m.pluton("storage refresh box.reports").ok();
    m.is_signed_in("box");
    assert_eq!(m.grants(), 2);
    assert!(!m.config_text().split("[box.reports]").nth(1).expect("it").contains("token"));
}
