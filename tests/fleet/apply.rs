//! `pluton apply` creates and updates what a file declares, and a second run changes nothing.

use box_sandbox::App;
use serde_json::json;

use crate::support::{Machine, with_each};

const FILE: &str = "storages.toml";
const APPLY: &str = "apply storages.toml";

fn own_app(app: &App, more: &str) -> String {
    format!(
        "[storage.\"Team Box\"]\nprovider = \"box\"\nclient_id = \"{}\"\nclient_secret = {{ env = \"TEAM_SECRET\" }}\n\
         token = {{ file = \"token.txt\" }}\n{more}\n",
        app.client_id
    )
}

/// A home with an app's secret in the environment and its token in a file.
fn team(mut m: Machine) -> (Machine, App) {
    let app = m.sandbox.own_app();
    m.set("TEAM_SECRET", &app.client_secret);
    m.file("token.txt", &m.sandbox.mint(&app.client_id).block());
    m.file(FILE, &own_app(&app, "list_chunk = 500"));
    (m, app)
}

#[test]
fn what_is_declared_is_added_proven_and_then_left_alone() {
    with_each(|m| {
        let (m, app) = team(m);
        m.pluton(APPLY).ok().prints("Team Box: added");
        assert_eq!(m.dump()["Team Box"]["list_chunk"], "500");
        assert_eq!(m.dump()["Team Box"]["client_id"], app.client_id.as_str());
        let before = m.config_text();
        m.json(APPLY).holds(&json!({ "changed": false }));
        assert_eq!(m.config_text(), before);
    });
}

#[test]
fn a_token_that_was_renewed_since_is_not_rolled_back() {
    let (m, _) = team(Machine::new());
    m.pluton(APPLY).ok();
    m.after_an_hour("Team Box");
    assert_eq!(m.rclone("lsd 'Team Box:'").code, 0);
    let renewed = m.token("Team Box");
    m.pluton(APPLY).ok();
    assert_eq!(m.token("Team Box"), renewed);
    m.all_live("Team Box");
}

#[test]
fn a_new_declared_token_is_taken() {
    let (m, app) = team(Machine::new());
    m.pluton(APPLY).ok();
    let old = m.refresh_token("Team Box");
    m.file("token.txt", &m.sandbox.mint(&app.client_id).blob());
    m.pluton(APPLY).ok().prints("changed token");
    assert_ne!(m.refresh_token("Team Box"), old);
    m.all_live("Team Box");
}

#[test]
fn an_option_that_differs_is_changed_and_proven_with_the_same_sign_in() {
    with_each(|m| {
        let (m, app) = team(m);
        m.pluton(APPLY).ok();
        m.file(FILE, &own_app(&app, "list_chunk = 600\nroot_folder_id = 0"));
        let json = m.json("apply storages.toml --check").fails(10).document();
        assert_eq!(json["storages"][0]["action"], "change");
        assert_eq!(m.dump()["Team Box"]["list_chunk"], "500", "a check changes nothing");
        m.pluton(APPLY).ok();
        assert_eq!(m.dump()["Team Box"]["list_chunk"], "600");
        m.all_live("Team Box");
        m.file(FILE, &own_app(&app, "list_chunk = 700\nroot_folder_id = 4242"));
        m.pluton(APPLY).fails(7).prints("4242");
        assert_eq!(m.dump()["Team Box"]["list_chunk"], "600", "what is not proven is not saved");
        m.all_live("Team Box");
    });
}

#[test]
fn an_option_is_changed_beside_an_rclone_that_renews_the_token() {
    let (m, app) = team(Machine::new());
    m.pluton(APPLY).ok();
    for chunk in 501..506 {
        m.file(FILE, &own_app(&app, &format!("list_chunk = {chunk}")));
        std::thread::scope(|scope| {
            scope.spawn(|| m.pluton(APPLY).ok());
            scope.spawn(|| m.pluton("storage refresh 'Team Box'").ok());
        });
        assert_eq!(m.dump()["Team Box"]["list_chunk"], chunk.to_string());
        m.all_live("Team Box");
    }
}

#[test]
fn a_file_that_declares_nothing_says_so() {
    let m = Machine::new();
    m.file(FILE, "");
    m.pluton(APPLY).ok().prints("declares no storages");
}

#[test]
fn one_bad_storage_does_not_stop_the_others() {
    let (m, app) = team(Machine::new());
    let jwt = m.sandbox.jwt_app();
    let more = format!(
        "[storage.a-missing]\nprovider = \"box\"\ntoken = {{ env = \"NOWHERE\" }}\n\
         [storage.b-reused]\nprovider = \"box\"\ntoken = {{ file = \"spent.txt\" }}\n\
         [storage.jwt]\nprovider = \"box\"\nbox_config_file = {:?}\n",
        jwt.config_file
    );
    m.file("spent.txt", r#"{"access_token":"a","refresh_token":"long-gone","expiry":"2026-01-01T00:00:00Z"}"#);
    m.file(FILE, &own_app(&app, &more));
    let expected =
        [("Team Box", "ok"), ("a-missing", "input_required"), ("b-reused", "refresh_token_invalid"), ("jwt", "ok")];
    let missing = m.pluton(APPLY).fails(6);
    let told = (missing.stdout + &missing.stderr).matches("a-missing: ").count();
    assert_eq!(told, 1, "what failed is told once");
    let quiet = m.pluton("apply storages.toml --quiet").fails(6);
    assert!(quiet.stdout.contains("a-missing") && !quiet.stdout.contains("unchanged"), "{quiet:?}");
    m.json(APPLY).storages(6, &expected);
    let dump = m.dump();
    assert!(dump.get("jwt").is_some() && dump.get("Team Box").is_some() && dump.get("b-reused").is_none(), "{dump}");
}

#[test]
fn two_files_applied_at_once_are_both_remembered() {
    let (m, app) = team(Machine::new());
    m.file("second.txt", &m.sandbox.mint(&app.client_id).block());
    m.file("second.toml", &own_app(&app, "").replace("Team Box", "Second").replace("token.txt", "second.txt"));
    std::thread::scope(|scope| {
        scope.spawn(|| m.pluton(APPLY).ok());
        scope.spawn(|| m.pluton("apply second.toml").ok());
    });
    let before = m.config_text();
    for file in [FILE, "second.toml"] {
        // A forgotten one would bring back the spent token.
        m.json(["apply", file]).holds(&json!({ "changed": false }));
    }
    assert_eq!(m.config_text(), before);
}

#[test]
fn prune_removes_only_what_this_file_made() {
    let (m, app) = team(Machine::new());
    let jwt = m.sandbox.jwt_app();
    let declared = format!("[storage.jwt]\nprovider = \"box\"\nbox_config_file = {:?}\n", jwt.config_file);
    m.file(FILE, &own_app(&app, &declared));
    m.pluton(APPLY).ok();
    m.add_jwt(&jwt, "mine").ok();
    m.file(FILE, &own_app(&app, ""));
    m.pluton(APPLY).ok();
    assert!(m.dump().get("jwt").is_some(), "only --prune removes");
    m.pluton("apply storages.toml --prune --check").fails(10);
    m.pluton("apply storages.toml --prune").ok().prints("jwt: removed");
    let dump = m.dump();
    assert!(dump.get("jwt").is_none() && dump.get("mine").is_some() && dump.get("Team Box").is_some(), "{dump}");
}

#[test]
fn secrets_come_from_commands_and_from_systemd_s_credentials() {
    let mut m = Machine::new();
    let app = m.sandbox.client_credentials_app();
    m.file("secret", &format!("{}\n", app.client_secret));
    let dir = m.path().to_owned();
    m.set("CREDENTIALS_DIRECTORY", dir);
    for source in [r#"{ credential = "secret" }"#, r#"{ command = ["cat", "secret"] }"#] {
        let subject = format!("box_subject_type = 'enterprise'\nbox_subject_id = '{}'\n", app.enterprise_id);
        let client = format!("client_id = '{}'\nclient_secret = {source}\nclient_credentials = true\n", app.client_id);
        m.file(FILE, &format!("[storage.ccg]\nprovider = 'box'\n{client}{subject}"));
        m.pluton(APPLY).ok();
        assert_eq!(m.dump()["ccg"]["client_secret"], app.client_secret.as_str());
    }
}

#[test]
fn a_secret_written_into_the_file_is_refused_and_never_shown() {
    let m = Machine::new();
    m.file(FILE, "[storage.x]\nprovider = \"box\"\ntoken = \"hunter2hunter2\"\n");
    m.pluton(APPLY).fails(2).says(["by reference", "line"]).omits("hunter2");
}

#[test]
fn the_schema_names_every_key_and_is_json() {
    let m = Machine::new();
    let ran = m.pluton("apply --print-schema").ok();
    ran.document();
    ran.prints(["client_secret", "box_config_file", "list_chunk", "credential", "provider"]);
}

#[test]
fn an_apply_file_names_a_user_to_act_as_by_id() {
    let (m, app) = team(Machine::new());
    m.file(FILE, &own_app(&app, "impersonate = \"person@example.com\""));
    let error = m.json(APPLY).refused(2, "invalid_value");
    assert!(error.to_string().contains("numeric ID"), "{error}");
    assert_eq!(m.sandbox.requests().len(), 0);
}

#[test]
fn a_wrong_value_is_to_be_corrected_in_the_file() {
    let (m, app) = team(Machine::new());
    m.file(FILE, &own_app(&app, "list_chunk = 0"));
    m.pluton(APPLY).fails(2).prints("correct list_chunk of [storage.\"Team Box\"] in ").omits("--list-chunk");
    for (line, remedy) in [
        ("list_chunk = = 1", "correct that line"),
        ("list_chunk = many", "correct that line"),
        ("root = 1", "pluton apply --print-schema"),
    ] {
        m.file(FILE, &own_app(&app, line));
        m.pluton(APPLY).fails(2).says(remedy).omits("by reference");
    }
}
