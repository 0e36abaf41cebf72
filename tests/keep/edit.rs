//! `storage edit` changes options of an existing storage, and verifies them before they are saved.

use box_sandbox::{AppSpec, Fault, Sandbox, rclone};

use crate::life::{Life, hasty, with_each};

#[test]
fn options_are_set_and_taken_out_and_nothing_else_is_touched() {
    with_each(Sandbox::start, |life| {
        let folder = life.sandbox.create_folder("0", "Backups");
        life.sandbox.create_folder(&folder, "inside");
        life.quick("Box");
        let text = life.home.config_text();
        life.home.write_config(&format!("; top\n{text}list_chunk = 500\nempty =\n; mine\nowned_by = \nfoo: bar\n"));
        let ran = life.pluton(&["storage", "edit", "Box", "--root-folder-id", &folder, "--unset", "list_chunk"]).ok();
        assert!(ran.stdout.contains("Saved the changes to [Box]"), "{ran:?}");
        let expected = format!("; top\n{text}empty =\n; mine\nowned_by = \nfoo: bar\nroot_folder_id = {folder}\n");
        assert_eq!(life.home.config_text(), expected);
        assert_eq!(life.home.rclone(&["lsf", "Box:"]).ok().stdout, "inside/\n");
        let (code, document) = life.home.json(&["storage", "edit", "Box", "--root-folder-id", &folder]);
        assert_eq!((code, &document["outcome"], &document["changed"]), (0, &"unchanged".into(), &false.into()));
        assert_eq!(life.home.config_text(), expected);
    });
}

#[test]
fn an_edit_that_does_not_work_is_not_saved_but_its_new_token_is() {
    with_each(Sandbox::start, |life| {
        for prepare in [|life: &Life| drop(life.expired("Box")), |life: &Life| drop(life.jwt("Box"))] {
            life.home.write_config("");
            prepare(&life);
            let (code, document) = life.home.json(&["storage", "edit", "Box", "--root-folder-id", "4711"]);
            assert_eq!((code, document["error"]["code"].as_str()), (7, Some("folder_not_found")), "{document}");
            assert!(document["error"]["notes"].to_string().contains("options were not changed"), "{document}");
            assert!(life.home.dump()["Box"]["root_folder_id"].is_null());
            life.is_signed_in("Box");
        }
    });
}

#[test]
fn a_user_is_looked_up_for_an_edit_too() {
    let life = Life::new();
    let app = life.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    life.section(
        "svc",
        &format!("box_config_file = {}\nbox_sub_type = enterprise\nimpersonate = 999", app.config_file.display()),
    );
    let edit = |login: &str| life.home.json(&["storage", "edit", "svc", "--impersonate", login]);
    let before = life.home.dump()["svc"]["impersonate"].clone();
    let (code, document) = edit("nobody@example.com");
    assert_eq!((code, document["error"]["code"].as_str()), (2, Some("invalid_value")), "{document}");
    assert_eq!(life.home.dump()["svc"]["impersonate"], before);
    assert_eq!(edit("person@example.com").0, 0);
    assert_eq!(life.home.dump()["svc"]["impersonate"], app.user_id.as_str());
    assert_eq!(life.home.rclone(&["lsf", "svc:"]).ok().stdout.lines().count(), 3);
}

#[test]
fn where_tokens_come_from_is_proven_by_getting_one() {
    let life = Life::new();
    let url = "https://api.box.com/oauth2/token";
    life.quick("quick");
    life.client_credentials("ccg");
    life.pluton(&["storage", "refresh", "ccg"]).ok();
    for name in ["quick", "ccg"] {
        life.sandbox.clear_requests();
        life.pluton(&["storage", "edit", name, "--token-url", url]).ok();
        assert_eq!(life.grants(), 1, "{name}");
        life.is_signed_in(name);
        let before = life.home.config_text();
        life.pluton(&["storage", "edit", name, "--token-url", "https://api.box.com/not-there"]);
        assert_eq!(life.home.config_text(), before, "{name}");
        life.is_signed_in(name);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    let life = Life::new();
    life.quick("Box");
    let before = life.home.config_text();
    for (args, code) in [
        (&["Box"][..], 2),
        (&["Box", "--list-chunk", "0"], 2),
        (&["Box", "--unset", "token"], 2),
        (&["Box", "--list-chunk", "7", "--unset", "list_chunk"], 2),
        (&["nobody", "--list-chunk", "7"], 4),
    ] {
        life.pluton(&[&["storage", "edit"], args].concat()).fails(code);
    }
    assert_eq!(life.home.config_text(), before);
    // A key is also taken as its flag is spelled.
    life.pluton(&["storage", "edit", "Box", "--list-chunk", "7"]).ok();
    life.pluton(&["storage", "edit", "Box", "--unset", "list-chunk"]).ok();
    assert_eq!(life.home.dump()["Box"].get("list_chunk"), None);
    life.home.write_config(&before);
    life.sandbox.clear_requests();
    // Without proof nothing is asked.
    life.sandbox.fault(Fault::on("*", "/").status(503));
    life.pluton(&["storage", "edit", "Box", "--list-chunk", "7", "--no-verify"]).ok();
    assert_eq!(life.home.config_text(), format!("{before}list_chunk = 7\n"));
    assert_eq!(life.sandbox.requests().len(), 0);
}

#[test]
fn a_token_that_another_process_renews_meanwhile_is_kept() {
    let life = Life::with(hasty(), &rclone::newest());
    life.own_app("Box");
    life.sandbox.fault(Fault::on("GET", "/2.0/folders").delay(std::time::Duration::from_secs(3)).times(2));
    let child = life.home.start(&["storage", "edit", "Box", "--list-chunk", "7"]);
    let listed = || life.sandbox.requests().iter().any(|request| request.path.starts_with("/2.0/folders"));
    crate::support::wait_for("its renewal", || (life.grants() == 1 && listed()).then_some(()));
    life.pluton(&["storage", "refresh", "Box"]).ok();
    let renewed = life.refresh_token("Box");
    assert!(child.wait_with_output().expect("pluton ends").status.success());
    assert_eq!((life.refresh_token("Box"), life.home.dump()["Box"]["list_chunk"].as_str()), (renewed, Some("7")));
    life.is_signed_in("Box");
}
