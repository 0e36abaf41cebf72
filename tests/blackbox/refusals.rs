//! Box says no: the exit code and error code say why, rclone.conf is as it was, and nothing is left behind.

use box_sandbox::{AppSpec, Fault};

use crate::bench::{Bench, ODD, with_each};

/// A run of `add` with an app of one's own, its secret from a file.
macro_rules! own_app {
    ($bench:expr, $token:expr, $id:expr, $secret:expr) => {{
        let secret = $bench.home.file("secret", $secret);
        $bench.add($token, &["own", "--client-id", $id, "--client-secret-file", &secret, "--json"])
    }};
}

#[test]
fn a_token_of_another_client_is_found_out_before_it_is_saved() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let (one, other) = (bench.sandbox.own_app(), bench.sandbox.own_app());
        let token = bench.sandbox.mint(&other.client_id);
        let run = |bench: &Bench| own_app!(bench, &token, &one.client_id, &one.client_secret);
        let error = bench.refused(run, 6, "refresh_token_invalid");
        assert!(error["message"].as_str().is_some_and(|words| words.contains(&one.client_id)), "{error}");
        assert!(!error.to_string().contains(&one.client_secret), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh), "it was not used up");
    });
}

#[test]
fn a_token_of_an_own_app_needs_that_app_s_id() {
    let bench = Bench::new();
    let app = bench.sandbox.own_app();
    let token = bench.sandbox.mint(&app.client_id);
    let error = bench.refused(|bench| bench.add(&token, &["Box", "--json"]), 6, "refresh_token_invalid");
    assert!(error["remedy"].to_string().contains("--client-id"), "{error}");
}

#[test]
fn a_used_refresh_token_is_refused() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let token = bench.token();
        bench.add(&token, &["first"]).ok();
        let error = bench.refused(|bench| bench.add(&token, &["second", "--json"]), 6, "refresh_token_invalid");
        assert!(!error.to_string().contains(&token.refresh), "{error}");
        bench.works_after_an_hour("first");
    });
}

#[test]
fn a_sign_in_that_is_over_is_refused() {
    let bench = Bench::new();
    let token = bench.token();
    bench.sandbox.expire_refresh(&token.refresh);
    bench.refused(|bench| bench.add(&token, &["Box", "--json"]), 6, "refresh_token_invalid");
}

#[test]
fn a_wrong_secret_is_refused_and_uses_no_token_up() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let app = bench.sandbox.own_app();
        let token = bench.sandbox.mint(&app.client_id);
        let run = |bench: &Bench| own_app!(bench, &token, &app.client_id, "wrong-secret");
        let error = bench.refused(run, 6, "client_invalid");
        assert!(!error.to_string().contains("wrong-secret"), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn an_unknown_client_id_is_refused_and_named() {
    with_each(|bench| {
        let token = bench.token();
        let run = |bench: &Bench| own_app!(bench, &token, "nosuchclient", "good-secret");
        let error = bench.refused(run, 6, "client_invalid");
        assert!(error["message"].as_str().is_some_and(|words| words.contains("nosuchclient")), "{error}");
        assert!(!error.to_string().contains("good-secret"), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn an_app_that_the_enterprise_has_not_authorized_is_the_admin_s_to_mend() {
    with_each(|bench| {
        let app = bench.sandbox.app(AppSpec { authorized: false, ..AppSpec::default() });
        let token = bench.sandbox.mint(&app.client_id);
        let run = |bench: &Bench| own_app!(bench, &token, &app.client_id, &app.client_secret);
        let error = bench.refused(run, 6, "app_not_authorized");
        assert_eq!(error["who"], "your Box admin");
    });
}

#[test]
fn a_service_account_is_refused_for_each_thing_that_may_be_wrong_with_it() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let add = |bench: &Bench, config: &str, more: &[&str]| {
            let file = bench.home.file("app.json", config);
            let args = [&["storage", "add", "box", "svc", "--json", "--box-config-file", &file], more].concat();
            bench.home.pluton(&args)
        };
        let good = bench.sandbox.jwt_app().config;
        let unauthorized = bench.sandbox.jwt_app_with(AppSpec { authorized: false, ..AppSpec::default() }).config;
        let mut wrong_key = good.clone();
        wrong_key["boxAppSettings"]["appAuth"]["publicKeyID"] = "nokey".into();
        let mut wrong_passphrase = good.clone();
        wrong_passphrase["boxAppSettings"]["appAuth"]["passphrase"] = "notthisone".into();
        let mut no_enterprise = good.clone();
        no_enterprise["enterpriseID"].take();
        for (config, more, code) in [
            (unauthorized.to_string(), &[][..], "app_not_authorized"),
            (wrong_key.to_string(), &[], "jwt_invalid"),
            (wrong_passphrase.to_string(), &[], "jwt_invalid"),
            (no_enterprise.to_string(), &[], "jwt_invalid"),
            ("{".to_owned(), &[], "jwt_invalid"),
            (good.to_string(), &["--box-sub-type", "user"], "jwt_invalid"),
        ] {
            let error = bench.refused(|bench| add(bench, &config, more), 6, code);
            for secret in ["BEGIN ENCRYPTED", "notthisone", good["boxAppSettings"]["clientSecret"].as_str().unwrap()] {
                assert!(!error.to_string().contains(secret), "{error}");
            }
        }
        let gone = ["storage", "add", "box", "svc", "--json", "--box-config-file", "nowhere.json"];
        bench.refused(|bench| bench.home.pluton(&gone), 6, "jwt_invalid");
    });
}

#[test]
fn a_clock_that_is_wrong_is_told_from_a_key_that_is_wrong() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        bench.sandbox.set_clock_skew(900);
        let file = app.config_file.to_str().expect("UTF-8");
        let args = ["storage", "add", "box", "svc", "--json", "--box-config-file", file];
        bench.refused(|bench| bench.home.pluton(&args), 6, "clock_skew");
    });
}

#[test]
fn client_credentials_are_refused_for_another_subject_secret_or_kind_of_app() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let app = bench.sandbox.client_credentials_app();
    let oauth = bench.sandbox.own_app();
    for (id, secret, subject) in [
        (&app.client_id, app.client_secret.as_str(), "enterprise:1"),
        (&app.client_id, &app.client_secret, "user:999"),
        (&app.client_id, "wrong-secret", &format!("user:{}", app.user_id)),
        (&oauth.client_id, &oauth.client_secret, &format!("user:{}", app.user_id)),
    ] {
        let file = bench.home.file("secret", secret);
        let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", subject, "--json"];
        let own = ["--client-id", id, "--client-secret-file", &file];
        let error = bench.refused(|bench| bench.home.pluton(&[&args[..], &own].concat()), 6, "client_invalid");
        assert!(!error.to_string().contains(secret), "{error}");
    }
}

#[test]
fn an_access_token_that_is_over_is_refused() {
    with_each(|bench| {
        let token = bench.token();
        bench.sandbox.expire_access_tokens();
        let file = bench.home.file("token", &token.access);
        let args = ["storage", "add", "box", "dev", "--access-token-file", &file, "--json"];
        let error = bench.refused(|bench| bench.home.pluton(&args), 6, "token_expired");
        assert!(!error.to_string().contains(&token.access), "{error}");
    });
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    with_each(|bench| {
        bench.home.write_config(ODD);
        let token = bench.token();
        let args = ["Box", "--no-refresh-check", "--root-folder-id", "4711", "--json"];
        let error = bench.refused(|bench| bench.add(&token, &args), 7, "folder_not_found");
        assert!(error["message"].as_str().is_some_and(|words| words.contains("4711")), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn what_box_does_not_allow_is_told_apart() {
    with_each(|bench| {
        let token = bench.token();
        for (status, body, exit, code) in [
            (403, "insufficient_scope", 7, "insufficient_scope"),
            (403, "access_denied_insufficient_permissions", 7, "permission_denied"),
            (403, "forbidden_by_policy", 7, "permission_denied"),
            (404, "trashed", 7, "folder_not_found"),
            (401, "unauthorized", 6, "token_expired"),
        ] {
            let body = format!(r#"{{"type":"error","status":{status},"code":"{body}","message":"No"}}"#);
            let fault = Fault::on("GET", "/2.0/folders/").status(status).body(&body);
            bench.sandbox.fault(fault.header("Content-Type", "application/json"));
            bench.refused(|bench| bench.add(&token, &["Box", "--no-refresh-check", "--json"]), exit, code);
            bench.sandbox.clear_faults();
        }
    });
}

#[test]
fn what_is_empty_is_named() {
    let mut bench = Bench::new();
    let empty = bench.home.file("empty", " \n");
    for (args, named) in [
        (&["--token-file", "-"][..], "standard input (-) is empty"),
        (&["--token-file", &empty], "/empty is empty"),
        (&["--token", ""], "--token is empty"),
        (&["--access-token-file", &empty], "/empty is empty"),
        (&["--client-id", "x", "--client-secret-file", "-"], "standard input (-) is empty"),
    ] {
        let ran = bench.home.pluton(&[&["storage", "add", "box", "Box"], args].concat()).fails(2);
        assert!(ran.stderr.contains(named), "{ran:?}");
    }
    bench.home.set("PLUTON_BOX_TOKEN", "");
    for args in [&[][..], &["--client-id", "x", "--client-secret", "y"]] {
        let ran = bench.home.pluton(&[&["storage", "add", "box", "Box"], args].concat()).fails(2);
        assert!(ran.stderr.contains("PLUTON_BOX_TOKEN is set, but empty"), "{ran:?}");
    }
    assert_eq!(bench.home.config_text(), "");
}

#[test]
fn a_name_that_is_taken_is_told_only_what_the_command_can_do() {
    let bench = Bench::new();
    bench.home.write_config("[one]\ntype = box\n[two]\ntype = box\n");
    let ran = bench.home.pluton(&["storage", "rename", "one", "two"]).fails(5);
    assert!(ran.stderr.contains("choose another name") && !ran.stderr.contains("--force"), "{ran:?}");
}
