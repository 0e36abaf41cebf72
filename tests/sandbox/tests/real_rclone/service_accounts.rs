//! Service accounts: rclone signs the assertion, and the sandbox checks it.

use std::fs;

use box_sandbox::{App, AppSpec, rclone};
use serde_json::json;

use crate::support::{Bench, with_each};

const MINT: [&str; 4] = ["config", "update", "bx", "--non-interactive"];

fn configure(bench: &Bench, app: &App, sub_type: &str) {
    let file = app.config_file.display();
    bench.configure(&format!("box_config_file = {file}\nbox_sub_type = {sub_type}"));
}

/// Tries to mint, and fails; what rclone says when it tells all, Box's words included.
fn refused(bench: &Bench, app: &App, sub_type: &str) -> String {
    configure(bench, app, sub_type);
    let [config, update, name, flag] = MINT;
    let said = bench.fails(&[config, update, name, flag, "-vv"]);
    assert_eq!(bench.grants(), 0);
    said
}

#[test]
fn a_service_account_signs_in_and_sees_its_own_empty_root() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        configure(&bench, &app, "enterprise");
        let said = bench.fails(&["lsd", "bx:"]);
        assert!(said.contains("empty token found"), "{said}");
        bench.ok(&MINT);
        assert_eq!(bench.grants(), 1);
        assert!(bench.token()["refresh_token"].as_str().unwrap_or("").is_empty());
        assert!(bench.folders().is_empty());
        bench.ok(&["mkdir", "bx:mine"]);
        assert_eq!(bench.folders(), ["mine"]);
    });
}

#[test]
fn a_folder_shared_with_the_service_account_appears_in_its_root() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        let folder = bench.sandbox.create_folder("0", "Shared");
        bench.sandbox.create_folder(&folder, "inside");
        bench.sandbox.share(&folder, &app.service_user_id);
        configure(&bench, &app, "enterprise");
        bench.ok(&MINT);
        assert_eq!(bench.folders(), ["Shared"]);
        assert_eq!(bench.ok(&["lsf", "bx:Shared"]), b"inside/\n");
    });
}

#[test]
fn the_wrong_sub_type_is_refused() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        let said = refused(&bench, &app, "user");
        assert!(said.contains("Please check the 'sub' claim."), "{said}");
    });
}

#[test]
fn an_unknown_key_and_another_enterprise_are_refused() {
    with_each(|bench| {
        let key = "/boxAppSettings/appAuth/publicKeyID";
        for (pointer, claim) in [(key, "kid"), ("/enterpriseID", "sub")] {
            let mut app = bench.sandbox.jwt_app();
            *app.config.pointer_mut(pointer).unwrap() = json!("123");
            fs::write(&app.config_file, app.config.to_string()).unwrap();
            let said = refused(&bench, &app, "enterprise");
            assert!(said.contains(&format!("'{claim}' claim")), "{said}");
        }
    });
}

#[test]
fn a_clock_that_is_wrong_is_refused() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        for seconds in [600, -600] {
            bench.sandbox.change(|settings| settings.clock_skew = seconds);
            let said = refused(&bench, &app, "enterprise");
            assert!(said.contains("'exp' claim"), "{seconds}: {said}");
        }
    });
}

#[test]
fn an_assertion_works_once_and_not_at_all_when_tampered_with() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        configure(&bench, &app, "enterprise");
        bench.ok(&MINT);
        let form = bench.sandbox.requests()[0].form.clone();
        let post = |assertion: &str| {
            let mut form = form.clone();
            form.insert("assertion".to_owned(), assertion.to_owned());
            let fields: Vec<_> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            let url = "https://api.box.com/oauth2/token";
            let page = bench.sandbox.post_form(url, &fields);
            assert_eq!(page.status, 400);
            page.body
        };
        let assertion = &form["assertion"];
        assert!(post(assertion).contains("'jti' claim"));
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let tampered = format!("{signed}A.{signature}");
        assert!(post(&tampered).contains("OAuth JWT signature is invalid."));
    });
}

#[test]
fn an_app_the_admin_did_not_allow_is_refused() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app_with(AppSpec { authorized: false, ..AppSpec::default() });
        let said = refused(&bench, &app, "enterprise");
        assert!(said.contains("not authorized by the enterprise"), "{said}");
    });
}

#[test]
fn impersonating_shows_the_other_user_s_root() {
    let bench = Bench::new(&rclone::newest(), box_sandbox::Sandbox::start());
    let app = bench.sandbox.jwt_app();
    configure(&bench, &app, "enterprise");
    bench.ok(&MINT);
    let names = |user: &str| bench.ok(&["lsf", "bx:", "--box-impersonate", user]);
    assert_eq!(names(&app.user_id), b"Backups/\nDocuments/\nPhotos/\n");
    let said = bench.fails(&["lsf", "bx:", "--box-impersonate", "42"]);
    assert!(said.contains("On-Behalf-Of User not found"), "{said}");

    bench.sign_in();
    let said = bench.fails(&["lsf", "bx:", "--box-impersonate", &app.user_id]);
    assert!(said.contains("access_denied"), "only server apps may: {said}");
}
