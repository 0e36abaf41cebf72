//! `pluton apply` creates and updates what a file declares, and a second run changes nothing.

use box_sandbox::{App, Sandbox, rclone};

use crate::support::Home;

const FILE: &str = "storages.toml";

fn own_app(app: &App, more: &str) -> String {
    format!(
        "[storage.\"Team Box\"]\nprovider = \"box\"\nclient_id = \"{}\"\nclient_secret = {{ env = \"TEAM_SECRET\" }}\n\
         token = {{ file = \"token.txt\" }}\n{more}\n",
        app.client_id
    )
}

/// A home with an app's secret in the environment and its token in a file.
fn team(sandbox: &Sandbox, program: &std::path::Path) -> (Home, App) {
    let app = sandbox.own_app();
    let mut home = Home::new(sandbox, program);
    home.set("TEAM_SECRET", &app.client_secret);
    home.file("token.txt", &sandbox.mint(&app.client_id).block());
    home.file(FILE, &own_app(&app, "list_chunk = 500"));
    (home, app)
}

#[test]
fn what_is_declared_is_added_proven_and_then_left_alone() {
    for program in rclone::both() {
        let sandbox = Sandbox::start();
        let (home, app) = team(&sandbox, &program);
        let ran = home.pluton(&["apply", FILE]).ok();
        assert!(ran.stdout.contains("Team Box: added"), "{ran:?}");
        assert_eq!(home.dump()["Team Box"]["list_chunk"], "500");
        assert_eq!(home.dump()["Team Box"]["client_id"], app.client_id.as_str());
        let before = home.config_text();
        let (code, json) = home.json(&["apply", FILE]);
        assert_eq!((code, &json["changed"]), (0, &false.into()), "{json}");
        assert_eq!(home.config_text(), before);
    }
}

#[test]
fn a_token_that_was_renewed_since_is_not_rolled_back() {
    let sandbox = Sandbox::start();
    let (home, _) = team(&sandbox, &rclone::newest());
    home.pluton(&["apply", FILE]).ok();
    home.after_an_hour("Team Box");
    assert_eq!(home.rclone(&["lsd", "Team Box:"]).code, 0);
    let renewed = home.token("Team Box");
    home.pluton(&["apply", FILE]).ok();
    assert_eq!(home.token("Team Box"), renewed);
    assert!(sandbox.is_live_refresh(renewed["refresh_token"].as_str().expect("has one")));
}

#[test]
fn a_new_declared_token_is_taken() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    home.pluton(&["apply", FILE]).ok();
    let old = home.token("Team Box");
    home.file("token.txt", &sandbox.mint(&app.client_id).blob());
    let ran = home.pluton(&["apply", FILE]).ok();
    assert!(ran.stdout.contains("changed token"), "{ran:?}");
    let new = home.token("Team Box");
    assert_ne!(new["refresh_token"], old["refresh_token"]);
    assert!(sandbox.is_live_refresh(new["refresh_token"].as_str().expect("has one")));
}

#[test]
fn an_option_that_differs_is_changed_and_proven_with_the_same_sign_in() {
    for program in rclone::both() {
        let sandbox = Sandbox::start();
        let (home, app) = team(&sandbox, &program);
        home.pluton(&["apply", FILE]).ok();
        home.file(FILE, &own_app(&app, "list_chunk = 600\nroot_folder_id = 0"));
        let (code, json) = home.json(&["apply", FILE, "--check"]);
        assert_eq!(code, 10, "{json}");
        assert_eq!(json["storages"][0]["action"], "change");
        assert_eq!(home.dump()["Team Box"]["list_chunk"], "500", "a check changes nothing");
        home.pluton(&["apply", FILE]).ok();
        assert_eq!(home.dump()["Team Box"]["list_chunk"], "600");
        assert!(sandbox.is_live_refresh(home.token("Team Box")["refresh_token"].as_str().expect("has one")));
        home.file(FILE, &own_app(&app, "list_chunk = 700\nroot_folder_id = 4242"));
        let ran = home.pluton(&["apply", FILE]).fails(7);
        assert!(ran.stdout.contains("4242"), "{ran:?}");
        assert_eq!(home.dump()["Team Box"]["list_chunk"], "600", "what is not proven is not saved");
        assert!(sandbox.is_live_refresh(home.token("Team Box")["refresh_token"].as_str().expect("has one")));
    }
}

#[test]
fn an_option_is_changed_beside_an_rclone_that_renews_the_token() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    home.pluton(&["apply", FILE]).ok();
    for chunk in 501..506 {
        home.file(FILE, &own_app(&app, &format!("list_chunk = {chunk}")));
        std::thread::scope(|scope| {
            scope.spawn(|| home.pluton(&["apply", FILE]).ok());
            scope.spawn(|| home.pluton(&["storage", "refresh", "Team Box"]).ok());
        });
        assert_eq!(home.dump()["Team Box"]["list_chunk"], chunk.to_string());
        let token = home.token("Team Box");
        assert!(sandbox.is_live_refresh(token["refresh_token"].as_str().expect("has one")), "{chunk}: lost");
    }
}

#[test]
fn one_bad_storage_does_not_stop_the_others() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    let jwt = sandbox.jwt_app();
    let more = format!(
        "[storage.a-missing]\nprovider = \"box\"\ntoken = {{ env = \"NOWHERE\" }}\n\
         [storage.b-reused]\nprovider = \"box\"\ntoken = {{ file = \"spent.txt\" }}\n\
         [storage.jwt]\nprovider = \"box\"\nbox_config_file = {:?}\n",
        jwt.config_file
    );
    home.file("spent.txt", r#"{"access_token":"a","refresh_token":"long-gone","expiry":"2026-01-01T00:00:00Z"}"#);
    home.file(FILE, &own_app(&app, &more));
    let (code, json) = home.json(&["apply", FILE]);
    assert_eq!(code, 6, "{json}");
    let outcome = |name: &str| {
        let steps = json["storages"].as_array().expect("steps");
        steps.iter().find(|step| step["name"] == name).map(|step| step["error"]["code"].clone())
    };
    assert_eq!(outcome("a-missing"), Some("input_required".into()));
    assert_eq!(outcome("b-reused"), Some("refresh_token_invalid".into()));
    assert_eq!(outcome("jwt"), Some(serde_json::Value::Null));
    let dump = home.dump();
    assert!(dump.get("jwt").is_some() && dump.get("Team Box").is_some() && dump.get("b-reused").is_none(), "{dump}");
}

#[test]
fn two_files_applied_at_once_are_both_remembered() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    home.file("second.txt", &sandbox.mint(&app.client_id).block());
    home.file("second.toml", &own_app(&app, "").replace("Team Box", "Second").replace("token.txt", "second.txt"));
    std::thread::scope(|scope| {
        scope.spawn(|| home.pluton(&["apply", FILE]).ok());
        scope.spawn(|| home.pluton(&["apply", "second.toml"]).ok());
    });
    let before = home.config_text();
    for file in [FILE, "second.toml"] {
        // A forgotten one would bring back the spent token.
        let (code, json) = home.json(&["apply", file]);
        assert_eq!((code, &json["changed"]), (0, &false.into()), "{json}");
    }
    assert_eq!(home.config_text(), before);
}

#[test]
fn prune_removes_only_what_this_file_made() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    let jwt = sandbox.jwt_app();
    let declared = format!("[storage.jwt]\nprovider = \"box\"\nbox_config_file = {:?}\n", jwt.config_file);
    home.file(FILE, &own_app(&app, &declared));
    home.pluton(&["apply", FILE]).ok();
    home.pluton(&["storage", "add", "box", "mine", "--box-config-file", jwt.config_file.to_str().expect("UTF-8")]).ok();
    home.file(FILE, &own_app(&app, ""));
    home.pluton(&["apply", FILE]).ok();
    assert!(home.dump().get("jwt").is_some(), "only --prune removes");
    home.pluton(&["apply", FILE, "--prune", "--check"]).fails(10);
    let ran = home.pluton(&["apply", FILE, "--prune"]).ok();
    assert!(ran.stdout.contains("jwt: removed"), "{ran:?}");
    let dump = home.dump();
    assert!(dump.get("jwt").is_none() && dump.get("mine").is_some() && dump.get("Team Box").is_some(), "{dump}");
}

#[test]
fn secrets_come_from_commands_and_from_systemd_s_credentials() {
    let sandbox = Sandbox::start();
    let mut home = Home::new(&sandbox, &rclone::newest());
    let app = sandbox.client_credentials_app();
    home.file("secret", &format!("{}\n", app.client_secret));
    let dir = home.path().to_owned();
    home.set("CREDENTIALS_DIRECTORY", dir);
    for source in [r#"{ credential = "secret" }"#, r#"{ command = ["cat", "secret"] }"#] {
        home.file(
            FILE,
            &format!(
                "[storage.ccg]\nprovider = \"box\"\nclient_id = \"{}\"\nclient_secret = {source}\nclient_credentials = true\n\
                 box_subject_type = \"enterprise\"\nbox_subject_id = \"{}\"\n",
                app.client_id, app.enterprise_id
            ),
        );
        home.pluton(&["apply", FILE]).ok();
        assert_eq!(home.dump()["ccg"]["client_secret"], app.client_secret.as_str());
    }
}

#[test]
fn a_secret_written_into_the_file_is_refused_and_never_shown() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    home.file(FILE, "[storage.x]\nprovider = \"box\"\ntoken = \"hunter2hunter2\"\n");
    let ran = home.pluton(&["apply", FILE]).fails(2);
    assert!(ran.stderr.contains("by reference") && ran.stderr.contains("line"), "{ran:?}");
    assert!(!ran.stderr.contains("hunter2"), "{ran:?}");
}

#[test]
fn the_schema_names_every_key_and_is_json() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    let ran = home.pluton(&["apply", "--print-schema"]).ok();
    let schema: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let text = schema.to_string();
    for key in ["client_secret", "box_config_file", "list_chunk", "credential", "provider"] {
        assert!(text.contains(key), "{key}");
    }
}

#[test]
fn an_apply_file_names_a_user_to_act_as_by_id() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    home.file(FILE, &own_app(&app, "impersonate = \"person@example.com\""));
    let (code, json) = home.json(&["apply", FILE]);
    let error = &json["storages"][0]["error"];
    assert_eq!((code, &error["code"]), (2, &"invalid_value".into()), "{json}");
    assert!(error.to_string().contains("numeric ID"), "{json}");
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn a_wrong_value_is_to_be_corrected_in_the_file() {
    let sandbox = Sandbox::start();
    let (home, app) = team(&sandbox, &rclone::newest());
    home.file(FILE, &own_app(&app, "list_chunk = 0"));
    let ran = home.pluton(&["apply", FILE]).fails(2);
    assert!(ran.stdout.contains("correct list_chunk of [storage.\"Team Box\"] in "), "{ran:?}");
    assert!(!ran.stdout.contains("--list-chunk"), "{ran:?}");
    for (line, remedy) in [
        ("list_chunk = = 1", "correct that line"),
        ("list_chunk = many", "correct that line"),
        ("root = 1", "pluton apply --print-schema"),
    ] {
        home.file(FILE, &own_app(&app, line));
        let ran = home.pluton(&["apply", FILE]).fails(2);
        assert!(ran.stderr.contains(remedy) && !ran.stderr.contains("by reference"), "{ran:?}");
    }
}
