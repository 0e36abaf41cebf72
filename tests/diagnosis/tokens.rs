//! Errors of the token: missing, broken, expired, already used, or of another app.

use std::time::Duration;

use box_sandbox::{AppSpec, Token};

use crate::case::{case, check};
use crate::support::{Machine, aged};

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn there_is_none_or_a_broken_one() {
    check([
        case("no_token", 6, "token_invalid", |m| m.verify("")),
        case("token_unreadable", 6, "token_invalid", |m| m.verify("token = {broken")),
    ]);
}

#[test]
fn an_access_token_is_over_and_nothing_renews_it() {
    check([
        case("no_refresh_token", 6, "token_expired", |m| {
            m.verify_token(&Token { refresh: String::new(), ..aged(m.mint(), HOUR) }, "")
        }),
        case("access_token_over", 6, "token_expired", |m| {
            let token = m.mint();
            m.sandbox.expire_access_tokens();
            m.file("token", &token.access);
            m.add_with("--access-token-file token").omits(&token.access)
        }),
        case("access_token_over_saved", 6, "token_expired", |m| {
            let token = m.mint();
            m.sandbox.expire_access_tokens();
            m.verify(&format!("access_token = {}", token.access)).omits(&token.access)
        }),
        // Ended before its time; the suggested first step does help.
        case("access_token_ended", 6, "token_expired", |m| {
            let token = m.mint();
            m.sandbox.expire_access_tokens();
            let ran = m.verify_token(&token, "");
            for args in ["storage refresh work", "storage verify work"] {
                m.pluton(args).ok();
            }
            ran
        }),
    ]);
}

#[test]
fn its_refresh_token_was_used_or_nobody_used_it_for_60_days() {
    check([
        case("refresh_token_used", 6, "refresh_token_invalid", |m| {
            let token = m.mint();
            Machine::add(m, &token, "first").ok();
            m.add(&token, "")
        }),
        case("refresh_token_used_saved", 6, "refresh_token_invalid", |m| {
            let token = aged(m.mint(), HOUR);
            m.sandbox.revoke_all();
            m.verify_token(&token, "")
        }),
        case("refresh_token_expired", 6, "refresh_token_invalid", |m| {
            let token = aged(m.mint(), HOUR * 24 * 61);
            m.sandbox.expire_refresh(&token.refresh);
            m.verify_token(&token, "")
        }),
    ]);
}

#[test]
fn it_is_of_another_app() {
    check([
        case("refresh_token_of_another_client", 6, "refresh_token_invalid", |m| {
            let (mine, other) = (m.app(AppSpec::default()), m.sandbox.own_app());
            m.add_own(&m.sandbox.mint(&other.client_id), &mine.client_id, &mine.client_secret, "")
        }),
        case("refresh_token_of_an_own_app", 6, "refresh_token_invalid", |m| {
            let app = m.app(AppSpec::default());
            m.add(&m.sandbox.mint(&app.client_id), "")
        }),
    ]);
}
