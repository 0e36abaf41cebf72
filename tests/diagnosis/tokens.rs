//! Errors of the token: missing, broken, expired, already used, or of another app.

use std::time::Duration;

use crate::case::{Case, side_by_side};
use crate::world::aged;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn there_is_none() {
    Case::new("no_token", 6, "token_invalid").run(|world| world.verify(""));
}

#[test]
fn it_is_broken() {
    Case::new("token_unreadable", 6, "token_invalid").run(|world| world.verify("token = {broken"));
}

#[test]
fn it_is_over_and_has_no_refresh_token() {
    Case::new("no_refresh_token", 6, "token_expired").run(|world| {
        let mut token = aged(world.token(), HOUR);
        token.refresh.clear();
        world.verify(&format!("token = {}", token.blob()))
    });
}

#[test]
fn an_access_token_is_over() {
    side_by_side(&[
        &|| {
            Case::new("access_token_over", 6, "token_expired").run(|world| {
                let token = world.token();
                world.sandbox.expire_access_tokens();
                let file = world.home.file("token", &token.access);
                world.pluton(&["storage", "add", "box", "work", "--access-token-file", &file]).keeps(&[token.access])
            });
        },
        &|| {
            Case::new("access_token_over_saved", 6, "token_expired").run(|world| {
                let token = world.token();
                world.sandbox.expire_access_tokens();
                world.verify(&format!("access_token = {}", token.access)).keeps(&[token.access])
            });
        },
    ]);
}

/// The suggested first step does help.
#[test]
fn an_access_token_was_ended_before_its_time() {
    Case::new("access_token_ended", 6, "token_expired").run(|world| {
        let token = world.token();
        world.sandbox.expire_access_tokens();
        let ran = world.verify(&format!("token = {}", token.blob()));
        world.home.pluton(&["storage", "refresh", "work"]).ok();
        world.home.pluton(&["storage", "verify", "work"]).ok();
        ran.keeps(&[token.access, token.refresh])
    });
}

#[test]
fn its_refresh_token_was_used() {
    side_by_side(&[
        &|| {
            Case::new("refresh_token_used", 6, "refresh_token_invalid").run(|world| {
                let token = world.token();
                world
                    .home
                    .pluton_with_stdin(&["storage", "add", "box", "first", "--token-file", "-"], &token.blob())
                    .ok();
                world.add(&token, &[])
            });
        },
        &|| {
            Case::new("refresh_token_used_saved", 6, "refresh_token_invalid").run(|world| {
                let token = aged(world.token(), HOUR);
                world.sandbox.revoke_all();
                world.verify(&format!("token = {}", token.blob())).keeps(&[token.access, token.refresh])
            });
        },
    ]);
}

#[test]
fn nobody_used_it_for_60_days() {
    Case::new("refresh_token_expired", 6, "refresh_token_invalid").run(|world| {
        let token = aged(world.token(), HOUR * 24 * 61);
        world.sandbox.expire_refresh(&token.refresh);
        world.verify(&format!("token = {}", token.blob())).keeps(&[token.access, token.refresh])
    });
}

#[test]
fn it_is_of_another_app() {
    side_by_side(&[
        &|| {
            Case::new("refresh_token_of_another_client", 6, "refresh_token_invalid").run(|world| {
                let (mine, other) = (world.own_app(), world.sandbox.own_app());
                let token = world.sandbox.mint(&other.client_id);
                world.add_own(&token, &mine.client_id, &mine.client_secret, &[])
            });
        },
        &|| {
            Case::new("refresh_token_of_an_own_app", 6, "refresh_token_invalid").run(|world| {
                let app = world.own_app();
                world.add(&world.sandbox.mint(&app.client_id), &[])
            });
        },
    ]);
}
