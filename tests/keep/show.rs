//! `storage show` says when a token expires and when an unused sign-in expires, as text and as JSON.

use std::time::{Duration, SystemTime};

use crate::support::Machine;

const DAY: u64 = 24 * 3600;

#[test]
fn list_and_show_say_when_each_sign_in_ends() {
    let m = Machine::new();
    let mut idle = m.mint();
    // Rotated ten days ago, so there are fifty left.
    idle.expires_at = SystemTime::now() - Duration::from_secs(10 * DAY - 3600 - 60);
    m.section("idle", &format!("token = {}", idle.blob()));
    let mut fresh = m.mint();
    fresh.expires_at = SystemTime::now() + Duration::from_secs(30 * 60 + 30);
    m.section("fresh", &format!("token = {}", fresh.blob()));
    let mut dead = m.mint();
    dead.expires_at = SystemTime::now() - Duration::from_secs(70 * DAY);
    m.section("dead", &format!("token = {}", dead.blob()));
    m.client_credentials("service");
    m.pluton("storage refresh service").ok();
    m.sandbox.clear_requests();

    let ran = m.pluton("storage list").ok();
    let row = |name: &str| ran.stdout.lines().find(|line| line.starts_with(name)).expect("a line").to_owned();
    assert!(row("idle").ends_with("renewed by rclone; lasts 50 days if unused"), "{ran:?}");
    assert!(row("fresh").ends_with("renewed by rclone; lasts 59 days if unused"), "{ran:?}");
    assert!(row("dead").ends_with("expired: not used for 60 days"), "{ran:?}");
    assert!(row("service").contains("valid for "), "{ran:?}");
    assert!(!row("service").contains("unused"), "{ran:?}");

    let document = m.json("storage list").document();
    for storage in document["storages"].as_array().expect("storages") {
        let name = storage["name"].as_str().expect("a name");
        let token = &storage["token"];
        assert_eq!(token["renewable"], name != "service", "{storage}");
        assert!(token["access_token_expires"].as_str().is_some_and(|time| time.ends_with('Z')), "{storage}");
        assert_eq!(token["sign_in_expires"].is_string(), name != "service", "{storage}");
        let shown = m.json(["storage", "show", name, "--offline"]).document();
        assert_eq!(&shown["storage"]["token"], token);
    }
    for (name, says) in [
        ("idle", ["quick connect, renewed by rclone; lasts 50 days if unused", "expired 9 days ago"]),
        ("fresh", ["quick connect, renewed by rclone; lasts 59 days if unused", "valid for 30 minutes"]),
        ("dead", ["quick connect, expired: not used for 60 days", "expired 70 days ago"]),
    ] {
        let ran = m.pluton(["storage", "show", name, "--offline"]).ok();
        for (row, says) in ["sign-in", "access token"].into_iter().zip(says) {
            let shown = ran.stdout.lines().find(|line| line.trim_start().starts_with(row)).expect("a row");
            assert!(shown.ends_with(&format!("  {says}")), "{ran:?}");
        }
    }
    assert_eq!(m.sandbox.requests().len(), 0, "none of this needs Box");
}
