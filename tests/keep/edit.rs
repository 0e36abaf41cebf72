//! `storage edit` changes options of an existing storage, and verifies them before they are saved.

use box_sandbox::{AppSpec, Fault};

use serde_json::json;

use crate::support::{Args, Machine, Ran, hasty, with_each};

#[test]
fn options_are_set_and_taken_out_and_nothing_else_is_touched() {
    with_each(|m| {
        let folder = m.sandbox.create_folder("0", "Backups");
        m.sandbox.create_folder(&folder, "inside");
        m.quick("Box");
        let text = m.config_text();
        m.write_config(&format!("; top\n{text}list_chunk = 500\nempty =\n; mine\nowned_by = \nfoo: bar\n"));
        let ran = m.pluton(["storage", "edit", "Box", "--root-folder-id", &folder, "--unset", "list_chunk"]).ok();
        ran.prints("Saved the changes to [Box]");
        let expected = format!("; top\n{text}empty =\n; mine\nowned_by = \nfoo: bar\nroot_folder_id = {folder}\n");
        assert_eq!(m.config_text(), expected);
        assert_eq!(m.rclone("lsf Box:").ok().stdout, "inside/\n");
        m.json(["storage", "edit", "Box", "--root-folder-id", &folder])
            .holds(&json!({ "outcome": "unchanged", "changed": false }));
        assert_eq!(m.config_text(), expected);
    });
}

#[test]
fn an_edit_that_does_not_work_is_not_saved_but_its_new_token_is() {
    with_each(|m| {
        for prepare in [|m: &Machine| drop(m.expired("Box")), |m: &Machine| drop(m.jwt("Box"))] {
            m.write_config("");
            prepare(&m);
            let error = m.json("storage edit Box --root-folder-id 4711").refused(7, "folder_not_found");
            assert!(error["notes"].to_string().contains("options were not changed"), "{error}");
            assert!(m.dump()["Box"]["root_folder_id"].is_null());
            m.is_signed_in("Box");
        }
    });
}

#[test]
fn a_user_is_looked_up_for_an_edit_too() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    m.jwt_with("svc", &app, "\nimpersonate = 999");
    let edit = |login: &str| m.json(["storage", "edit", "svc", "--impersonate", login]);
    let before = m.dump()["svc"]["impersonate"].clone();
    edit("nobody@example.com").refused(2, "invalid_value");
    assert_eq!(m.dump()["svc"]["impersonate"], before);
    edit("person@example.com").ok();
    assert_eq!(m.dump()["svc"]["impersonate"], app.user_id.as_str());
    assert_eq!(m.rclone("lsf svc:").ok().stdout.lines().count(), 3);
}

#[test]
fn where_tokens_come_from_is_proven_by_getting_one() {
    let m = Machine::new();
    let url = "https://api.box.com/oauth2/token";
    m.quick("quick");
    m.client_credentials("ccg");
    m.pluton("storage refresh ccg").ok();
    for name in ["quick", "ccg"] {
        m.sandbox.clear_requests();
        m.pluton(["storage", "edit", name, "--token-url", url]).ok();
        assert_eq!(m.grants(), 1, "{name}");
        m.is_signed_in(name);
        let before = m.config_text();
        m.pluton(["storage", "edit", name, "--token-url", "https://api.box.com/not-there"]);
        assert_eq!(m.config_text(), before, "{name}");
        m.is_signed_in(name);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let m = Machine::new();
    m.quick("Box");
    let before = m.config_text();
    for (args, code) in [
        ("Box", 2),
        ("Box --list-chunk 0", 2),
        ("Box --unset token", 2),
        ("Box --list-chunk 7 --unset list_chunk", 2),
        ("nobody --list-chunk 7", 4),
    ] {
        m.pluton("storage edit".and(args)).fails(code);
    }
    assert_eq!(m.config_text(), before);
    // A key is also taken as its flag is spelled.
    m.pluton("storage edit Box --list-chunk 7").ok();
    m.pluton("storage edit Box --unset list-chunk").ok();
    assert_eq!(m.dump()["Box"].get("list_chunk"), None);
    m.write_config(&before);
    m.sandbox.clear_requests();
    // Without proof nothing is asked.
    m.sandbox.fault(Fault::on("*", "/").status(503));
    m.pluton("storage edit Box --list-chunk 7 --no-verify").ok();
    assert_eq!(m.config_text(), format!("{before}list_chunk = 7\n"));
    assert_eq!(m.sandbox.requests().len(), 0);
}

#[test]
fn a_token_that_another_process_renews_meanwhile_is_kept() {
    let m = Machine::of(hasty());
    m.own_app("Box");
    m.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(std::time::Duration::from_secs(3)).times(2));
    let child = m.start("storage edit Box --list-chunk 7");
    let listed = || m.sandbox.requests().iter().any(|request| request.path.starts_with("/2.0/folders"));
    crate::support::until("its renewal", || m.grants() == 1 && listed());
    m.pluton("storage refresh Box").ok();
    let renewed = m.refresh_token("Box");
    Ran::from(child).ok();
    assert_eq!((m.refresh_token("Box"), m.dump()["Box"]["list_chunk"].as_str()), (renewed, Some("7")));
    m.is_signed_in("Box");
}
