//! rclone renews tokens, and each grant of the token endpoint works as Box documents it.

use std::time::UNIX_EPOCH;

use box_sandbox::{App, AppKind, AppSpec, RCLONE_CLIENT_ID, Sandbox, Settings, Token};

use crate::support::{Bench, USERS_ME, get, grant, with_each};

const LSD: [&str; 2] = ["lsd", "bx:"];

/// Writes a section with the app's credentials and an expired token.
fn expired(bench: &Bench, app: &App, token: &Token) {
    let (id, secret) = (&app.client_id, &app.client_secret);
    let blob = Token { expires_at: UNIX_EPOCH, ..token.clone() }.blob();
    bench.configure(&format!("client_id = {id}\nclient_secret = {secret}\ntoken = {blob}"));
}

#[test]
fn an_expired_sign_in_renews_itself_again_and_again_but_each_refresh_token_works_once() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let first = bench.sandbox.mint(&app.client_id);
        expired(&bench, &app, &first);
        bench.ok(&LSD);
        assert!(!bench.sandbox.is_live_refresh(&first.refresh));

        let refresh = bench.token()["refresh_token"].as_str().unwrap().to_owned();
        assert!(bench.sandbox.is_live_refresh(&refresh));
        expired(&bench, &app, &Token { refresh: refresh.clone(), ..first.clone() });
        bench.ok(&LSD);
        assert!(!bench.sandbox.is_live_refresh(&refresh));
        assert_eq!(bench.grants(), 2);

        expired(&bench, &app, &first);
        bench.fails(&LSD, "invalid_grant");
    });
}

#[test]
fn under_the_grace_rule_a_used_refresh_token_gives_the_same_pair_until_the_new_one_is_used() {
    for grace in [false, true] {
        let sandbox = Sandbox::with(Settings { grace, ..Settings::default() });
        let app = sandbox.own_app();
        let refresh = |token: &str| grant(&sandbox, &app, "refresh_token", &[("refresh_token", token)]).1;
        let old = sandbox.mint(&app.client_id).refresh;
        let first = refresh(&old);
        let again = refresh(&old);
        if grace {
            assert_eq!(again, first);
        } else {
            assert_eq!(again["error"], "invalid_grant");
        }
        assert_eq!(sandbox.is_live_refresh(&old), grace);
        let access = first["access_token"].as_str().unwrap();
        assert_eq!(sandbox.get_as(USERS_ME, access).status, 200);
        assert!(!sandbox.is_live_refresh(&old));
        assert_eq!(refresh(&old)["error"], "invalid_grant");
        assert!(refresh(first["refresh_token"].as_str().unwrap())["access_token"].is_string());
    }
}

#[test]
fn a_refresh_token_works_only_for_the_app_it_was_made_for() {
    with_each(|bench| {
        let mine = bench.sandbox.own_app();
        let token = bench.sandbox.mint(RCLONE_CLIENT_ID);
        expired(&bench, &mine, &token);
        bench.fails(&LSD, "invalid_grant");
        assert!(bench.sandbox.is_live_refresh(&token.refresh), "another app's failure must not use it up");
    });
}

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let old = sandbox.mint(&app.client_id).refresh;
    sandbox.expire_refresh(&old);
    let wrong = App { client_secret: "wrong".to_owned(), ..app.clone() };
    let stranger = sandbox.app(AppSpec { authorized: false, ..AppSpec::default() });
    for (app, token, error, description) in [
        (&app, "nonsense", "invalid_grant", "Invalid refresh token"),
        (&app, &*old, "invalid_grant", "Refresh token has expired"),
        (&wrong, "x", "invalid_client", "The client credentials are invalid"),
        (&stranger, "x", "unauthorized_client", "This app is not authorized by the enterprise"),
    ] {
        let (status, body) = grant(&sandbox, app, "refresh_token", &[("refresh_token", token)]);
        assert_eq!(status, 400);
        assert_eq!((&body["error"], &body["error_description"]), (&error.into(), &description.into()));
    }
}

#[test]
fn an_expired_access_token_gets_401_and_a_reason_in_a_header() {
    with_each(|bench| {
        let token = bench.sign_in();
        bench.sandbox.expire_access_tokens();
        assert!(!bench.sandbox.is_live_access(&token.access));
        bench.fails(&LSD, "401 Unauthorized");
    });
}

#[test]
fn revoking_one_token_ends_its_sign_in_and_no_other() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let (one, other) = (sandbox.mint(&app.client_id), sandbox.mint(&app.client_id));
    let is_live = |token: &Token| {
        let live = sandbox.is_live_access(&token.access);
        assert_eq!(sandbox.is_live_refresh(&token.refresh), live);
        live
    };
    let fields = [("client_id", &*app.client_id), ("client_secret", &app.client_secret), ("token", &one.refresh)];
    assert_eq!(sandbox.post_form("https://api.box.com/oauth2/revoke", &fields).status, 200);
    assert!(!is_live(&one) && is_live(&other));
    sandbox.revoke_all();
    assert!(!is_live(&other));
}

#[test]
fn client_credentials_need_a_subject_and_an_app_of_that_kind() {
    let sandbox = Sandbox::start();
    let app = sandbox.client_credentials_app();
    let ask = |app: &App, kind, id| {
        grant(&sandbox, app, "client_credentials", &[("box_subject_type", kind), ("box_subject_id", id)])
    };
    for (kind, id) in [("", ""), ("enterprise", "1"), ("user", &app.enterprise_id)] {
        let (status, body) = ask(&app, kind, id);
        assert_eq!(status, 400);
        assert_eq!(body["error"], "invalid_grant");
        assert_eq!(body["error_description"], "Grant credentials are invalid");
    }
    for (kind, id) in [("enterprise", &app.enterprise_id), ("user", &app.user_id)] {
        let (status, body) = ask(&app, kind, id);
        assert_eq!(status, 200);
        assert!(body["refresh_token"].is_null());
        assert!(sandbox.is_live_access(body["access_token"].as_str().unwrap()));
    }
    assert_eq!(ask(&sandbox.own_app(), "enterprise", &app.enterprise_id).1["error"], "unauthorized_client");
}

#[test]
fn users_are_looked_up_only_by_apps_that_may_manage_them() {
    let sandbox = Sandbox::start();
    let look_up = |manage_users: bool| {
        let app = sandbox.app(AppSpec { kind: AppKind::ClientCredentials, manage_users, ..AppSpec::default() });
        let subject = [("box_subject_type", "enterprise"), ("box_subject_id", &*app.enterprise_id)];
        let (_, token) = grant(&sandbox, &app, "client_credentials", &subject);
        let url = "https://api.box.com/2.0/users?filter_term=Person@example.com&fields=login";
        get(&sandbox, url, token["access_token"].as_str().unwrap())
    };
    assert_eq!(look_up(false)["code"], "insufficient_scope");
    let found = look_up(true);
    assert_eq!((&found["total_count"], &found["entries"][0]["login"]), (&1.into(), &"person@example.com".into()));
}
