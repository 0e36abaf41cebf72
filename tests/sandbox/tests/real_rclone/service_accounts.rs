//! Service accounts: rclone signs the assertion, and the sandbox checks it.

use std::fs;

use box_sandbox::{App, AppSpec};
use serde_json::json;

use crate::support::{Bench, grant, with_each};

const MINT: [&str; 4] = ["config", "update", "bx", "--non-interactive"];

fn configure(bench: &Bench, app: &App, sub_type: &str) {
    bench.configure(&format!("box_config_file = {}\nbox_sub_type = {sub_type}", app.config_file.display()));
}

/// A service account whose token rclone has minted.
fn signed_in(bench: &Bench) -> App {
    let app = bench.sandbox.jwt_app();
    configure(bench, &app, "enterprise");
    bench.ok(&MINT);
    app
}

/// rclone cannot mint a token, and shows these words of Box when it tells all.
fn refused(bench: &Bench, app: &App, sub_type: &str, words: &str) {
    configure(bench, app, sub_type);
    bench.fails(&[&MINT[..], &["-vv"]].concat(), words);
    assert_eq!(bench.grants(), 0);
}

#[test]
fn a_service_account_signs_in_and_sees_its_own_root_and_what_is_shared_with_it() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        configure(&bench, &app, "enterprise");
        bench.fails(&["lsd", "bx:"], "empty token found");
        bench.ok(&MINT);
        assert_eq!(bench.grants(), 1);
        assert!(bench.token()["refresh_token"].as_str().unwrap_or("").is_empty());
        assert!(bench.folders().is_empty());
        bench.ok(&["mkdir", "bx:mine"]);
        let folder = bench.sandbox.create_folder("0", "Shared");
        bench.sandbox.create_folder(&folder, "inside");
        bench.sandbox.share(&folder, &app.service_user_id);
        assert_eq!(bench.folders(), ["Shared", "mine"]);
        assert_eq!(bench.ok(&["lsf", "bx:Shared"]), b"inside/\n");
    });
}

#[test]
fn another_subject_key_or_enterprise_and_an_app_the_admin_did_not_allow_are_refused() {
    with_each(|bench| {
        refused(&bench, &bench.sandbox.jwt_app(), "user", "Please check the 'sub' claim.");
        let stranger = bench.sandbox.jwt_app_with(AppSpec { authorized: false, ..AppSpec::default() });
        refused(&bench, &stranger, "enterprise", "not authorized by the enterprise");
        let key = "/boxAppSettings/appAuth/publicKeyID";
        for (pointer, words) in [(key, "'kid' claim"), ("/enterpriseID", "'sub' claim")] {
            let mut app = bench.sandbox.jwt_app();
            *app.config.pointer_mut(pointer).unwrap() = json!("123");
            fs::write(&app.config_file, app.config.to_string()).unwrap();
            refused(&bench, &app, "enterprise", words);
        }
    });
}

#[test]
fn an_assertion_works_once_and_not_at_all_when_tampered_with() {
    with_each(|bench| {
        let app = signed_in(&bench);
        let form = &bench.sandbox.requests()[0].form;
        let (signed, signature) = form["assertion"].rsplit_once('.').unwrap();
        let tampered = format!("{signed}A.{signature}");
        for (assertion, words) in
            [(&form["assertion"], "Please check the 'jti' claim."), (&tampered, "OAuth JWT signature is invalid.")]
        {
            let (status, body) = grant(&bench.sandbox, &app, &form["grant_type"], &[("assertion", assertion)]);
            assert_eq!((status, &body["error_description"]), (400, &words.into()));
        }
    });
}

#[test]
fn impersonating_shows_the_other_user_s_root_to_server_apps_only() {
    let bench = Bench::newest();
    let app = signed_in(&bench);
    let person = ["lsf", "bx:", "--box-impersonate", &*app.user_id];
    assert_eq!(bench.ok(&person), b"Backups/\nDocuments/\nPhotos/\n");
    bench.fails(&["lsf", "bx:", "--box-impersonate", "42"], "On-Behalf-Of User not found");
    bench.sign_in();
    bench.fails(&person, "access_denied");
}
