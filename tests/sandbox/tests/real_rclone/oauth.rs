//! rclone renews tokens, and each refresh token works as Box documents it.

use std::time::{Duration, UNIX_EPOCH};

use box_sandbox::{App, AppKind, AppSpec, Page, RCLONE_CLIENT_ID, Sandbox, Settings, Token};

use crate::support::{Bench, with_each};

const TOKEN_URL: &str = "https://api.box.com/oauth2/token";

fn refresh(sandbox: &Sandbox, app: &App, token: &str) -> Page {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("refresh_token", token),
    ];
    sandbox.post_form(TOKEN_URL, &fields)
}

fn json(page: &Page) -> serde_json::Value {
    serde_json::from_str(&page.body).unwrap()
}

/// Writes a section with the app's credentials and an expired token.
fn expired(bench: &Bench, app: &App, mut token: Token) {
    token.expires_at = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let (id, secret) = (&app.client_id, &app.client_secret);
    let blob = token.blob();
    bench.configure(&format!("client_id = {id}\nclient_secret = {secret}\ntoken = {blob}"));
}

#[test]
fn an_expired_sign_in_renews_itself_again_and_again() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let first = bench.sandbox.mint(&app.client_id);
        expired(&bench, &app, first.clone());
        bench.ok(&["lsd", "bx:"]);
        assert!(!bench.sandbox.is_live_refresh(&first.refresh));

        let mut second = first.clone();
        second.refresh = bench.token()["refresh_token"].as_str().unwrap().to_owned();
        assert!(bench.sandbox.is_live_refresh(&second.refresh));
        expired(&bench, &app, second.clone());
        bench.ok(&["lsd", "bx:"]);
        assert!(!bench.sandbox.is_live_refresh(&second.refresh));
        assert_eq!(bench.grants(), 2);
    });
}

#[test]
fn rclone_s_own_app_renews_with_rclone_s_own_secret() {
    with_each(|bench| {
        let mut token = bench.sandbox.mint(RCLONE_CLIENT_ID);
        token.expires_at = UNIX_EPOCH;
        bench.configure(&format!("token = {}", token.blob()));
        bench.ok(&["lsd", "bx:"]);
        assert_eq!(bench.grants(), 1);
    });
}

#[test]
fn a_refresh_token_works_once() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let token = bench.sandbox.mint(&app.client_id);
        expired(&bench, &app, token.clone());
        bench.ok(&["lsd", "bx:"]);
        expired(&bench, &app, token);
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("invalid_grant"), "{said}");
    });
}

#[test]
fn under_the_grace_rule_a_used_refresh_token_gives_the_same_pair_until_the_new_one_is_used() {
    for grace in [false, true] {
        let sandbox = Sandbox::with(Settings { grace, ..Settings::default() });
        let app = sandbox.own_app();
        let old = sandbox.mint(&app.client_id).refresh;
        let first = json(&refresh(&sandbox, &app, &old));
        let again = refresh(&sandbox, &app, &old);
        if grace {
            assert_eq!(json(&again), first);
        } else {
            assert_eq!(json(&again)["error"], "invalid_grant");
        }
        assert_eq!(sandbox.is_live_refresh(&old), grace);
        let access = first["access_token"].as_str().unwrap();
        assert_eq!(sandbox.get_as("https://api.box.com/2.0/users/me", access).status, 200);
        assert!(!sandbox.is_live_refresh(&old));
        assert_eq!(json(&refresh(&sandbox, &app, &old))["error"], "invalid_grant");
        assert_eq!(refresh(&sandbox, &app, first["refresh_token"].as_str().unwrap()).status, 200);
    }
}

#[test]
fn a_refresh_token_works_only_for_the_app_it_was_made_for() {
    with_each(|bench| {
        let mine = bench.sandbox.own_app();
        let token = bench.sandbox.mint(RCLONE_CLIENT_ID);
        expired(&bench, &mine, token.clone());
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("invalid_grant"), "{said}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh), "another app's failure must not use it up");
    });
}

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let said = |app: &App, refresh_token: &str| {
        let page = refresh(&sandbox, app, refresh_token);
        assert_eq!(page.status, 400);
        let words = json(&page);
        let part = |name: &str| words[name].as_str().unwrap().to_owned();
        (part("error"), part("error_description"))
    };
    let grant = |words: &str| ("invalid_grant".to_owned(), words.to_owned());
    assert_eq!(said(&app, "nonsense"), grant("Invalid refresh token"));

    let token = sandbox.mint(&app.client_id);
    sandbox.expire_refresh(&token.refresh);
    let expected = grant("Refresh token has expired");
    assert_eq!(said(&app, &token.refresh), expected);

    let wrong = App { client_secret: "wrong".to_owned(), ..app };
    let (error, words) = said(&wrong, "x");
    assert_eq!(error, "invalid_client");
    assert_eq!(words, "The client credentials are invalid");

    let stranger = sandbox.app(AppSpec { authorized: false, ..AppSpec::default() });
    let (error, words) = said(&stranger, "x");
    assert_eq!(error, "unauthorized_client");
    assert_eq!(words, "This app is not authorized by the enterprise");
}

#[test]
fn an_expired_access_token_gets_401_and_a_reason_in_a_header() {
    with_each(|bench| {
        let token = bench.sign_in();
        bench.sandbox.expire_access_tokens();
        assert!(!bench.sandbox.is_live_access(&token.access));
        let said = bench.fails(&["lsd", "bx:", "--low-level-retries", "1"]);
        assert!(said.contains("401 Unauthorized"), "{said}");
    });
}

#[test]
fn revoking_one_token_ends_its_sign_in_and_no_other() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let (one, other) = (sandbox.mint(&app.client_id), sandbox.mint(&app.client_id));
    let page = sandbox.post_form(
        "https://api.box.com/oauth2/revoke",
        &[("client_id", &app.client_id), ("client_secret", &app.client_secret), ("token", &one.refresh)],
    );
    assert_eq!(page.status, 200);
    assert!(!sandbox.is_live_access(&one.access));
    assert!(!sandbox.is_live_refresh(&one.refresh));
    assert!(sandbox.is_live_access(&other.access) && sandbox.is_live_refresh(&other.refresh));
    sandbox.revoke_all();
    assert!(!sandbox.is_live_access(&other.access) && !sandbox.is_live_refresh(&other.refresh));
}

#[test]
fn client_credentials_need_a_subject() {
    let sandbox = Sandbox::start();
    let app = sandbox.client_credentials_app();
    let post = |subject: &[(&str, &str)]| {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", app.client_id.as_str()),
            ("client_secret", app.client_secret.as_str()),
        ];
        fields.extend(subject);
        let page = sandbox.post_form(TOKEN_URL, &fields);
        (page.status, json(&page))
    };
    let subject = |kind, id| [("box_subject_type", kind), ("box_subject_id", id)];
    let wrong = [post(&[]), post(&subject("enterprise", "1")), post(&subject("user", &app.enterprise_id))];
    for (status, body) in wrong {
        assert_eq!(status, 400);
        assert_eq!(body["error"], "invalid_grant");
        assert_eq!(body["error_description"], "Grant credentials are invalid");
    }
    for (kind, id) in [("enterprise", &app.enterprise_id), ("user", &app.user_id)] {
        let (status, body) = post(&subject(kind, id));
        assert_eq!(status, 200);
        assert!(body["refresh_token"].is_null());
        assert!(sandbox.is_live_access(body["access_token"].as_str().unwrap()));
    }
}

#[test]
fn an_app_may_only_use_its_own_kind_of_grant() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    assert_eq!(AppSpec::default().kind, AppKind::OAuth);
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
        ("box_subject_type", "enterprise"),
        ("box_subject_id", &app.enterprise_id),
    ];
    let page = sandbox.post_form(TOKEN_URL, &fields);
    assert_eq!(json(&page)["error"], "unauthorized_client");
}

#[test]
fn users_are_looked_up_only_by_apps_that_may_manage_them() {
    let sandbox = Sandbox::start();
    let look_up = |manage_users: bool| {
        let app = sandbox.app(AppSpec { kind: AppKind::ClientCredentials, manage_users, ..AppSpec::default() });
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("box_subject_type", "enterprise"),
            ("box_subject_id", &app.enterprise_id),
        ];
        let token = json(&sandbox.post_form(TOKEN_URL, &fields));
        let url = "https://api.box.com/2.0/users?filter_term=Person@example.com&fields=login";
        json(&sandbox.get_as(url, token["access_token"].as_str().unwrap()))
    };
    assert_eq!(look_up(false)["code"], "insufficient_scope");
    let found = look_up(true);
    assert_eq!((&found["total_count"], &found["entries"][0]["login"]), (&1.into(), &"person@example.com".into()));
}

#[test]
fn a_redirect_address_of_this_machine_may_have_any_port() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let ends = |redirect: &str| {
        let id = &app.client_id;
        let url = "https://account.box.com/api/oauth2/authorize?response_type=code";
        sandbox.browse(&format!("{url}&client_id={id}&redirect_uri={redirect}")).visited.pop().unwrap()
    };
    assert!(ends("http://127.0.0.1:9/").starts_with("http://127.0.0.1:9/?code="));
    assert!(ends("http://127.0.0.1:9/other").contains("account.box.com"));
}
