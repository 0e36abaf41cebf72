//! The account's owner and free space are reported after a sign-in, in `show` and in `verify`.

use std::time::Duration;

use box_sandbox::{Account, Fault, RCLONE_CLIENT_ID, Sandbox};

use crate::life::{Life, with_each};

const ADD: [&str; 6] = ["storage", "add", "box", "Box", "--token-file", "-"];

#[test]
fn a_sign_in_says_whose_account_it_is() {
    with_each(Sandbox::start, |life| {
        let account = life.sandbox.account();
        life.sandbox.set_account(Account {
            space_amount: 1 << 40,
            space_used: 3 << 30,
            max_upload_size: 5 << 30,
            ..account
        });
        let token = life.sandbox.mint(RCLONE_CLIENT_ID).blob();
        let ran = life.home.pluton_with_stdin(&ADD, &token).ok();
        let words = "Test Person <person@example.com>, 3 GiB of 1 TiB used, files up to 5 GiB";
        assert!(ran.stdout.contains(words) && !ran.stderr.contains("warning"), "{ran:?}");
        let ran = life.pluton(&["storage", "show", "Box"]).ok();
        assert!(ran.stdout.contains(words) && ran.stdout.contains("Example Ltd"), "{ran:?}");
        let ran = life.pluton(&["storage", "verify", "Box"]).ok();
        assert!(ran.stdout.contains(", person@example.com, 3 GiB of 1 TiB used, "), "{ran:?}");
        let (_, document) = life.home.json(&["storage", "show", "Box"]);
        let account = &document["storage"]["account"];
        assert_eq!(
            (account["login"].as_str(), account["space_amount"].as_u64()),
            (Some("person@example.com"), Some(1 << 40))
        );
        life.sandbox.clear_requests();
        assert!(!life.pluton(&["storage", "show", "Box", "--offline"]).ok().stdout.contains("Test Person"));
        assert_eq!(life.sandbox.requests().len(), 0);
    });
}

#[test]
fn what_is_too_small_for_backups_is_said() {
    let life = Life::new();
    life.quick("Box");
    let account = life.sandbox.account();
    let tiny = Account { space_used: account.space_amount - (100 << 20), max_upload_size: 50 << 20, ..account };
    life.sandbox.set_account(tiny);
    for args in [["storage", "show", "Box"], ["storage", "verify", "Box"]] {
        let ran = life.pluton(&args).ok();
        assert!(ran.stderr.contains("100 MiB left") && ran.stderr.contains("50 MiB"), "{ran:?}");
    }
    life.jwt("JWT");
    let (_, document) = life.home.json(&["storage", "verify", "JWT"]);
    assert_eq!(document["storages"][0]["warnings"][0]["code"], "service_account_space", "{document}");
    assert!(document["storages"][0]["account"]["login"].as_str().expect("a login").starts_with("AutomationUser_"));
}

#[test]
fn an_impersonating_storage_is_the_person_it_acts_as() {
    let life = Life::new();
    let app = life.sandbox.jwt_app();
    let file = app.config_file.display();
    life.section("JWT", &format!("box_config_file = {file}\nbox_sub_type = enterprise\nimpersonate = {}", app.user_id));
    let (code, document) = life.home.json(&["storage", "verify", "JWT"]);
    assert_eq!(
        (code, document["storages"][0]["account"]["login"].as_str()),
        (0, Some("person@example.com")),
        "{document}"
    );
}

#[test]
fn an_account_is_shown_however_box_writes_its_numbers() {
    let life = Life::new();
    life.quick("Box");
    let answer = |space: &str| {
        format!(
            r#"{{"id":"7","name":"Ada","login":"ada@example.com","space_amount":{space},"space_used":2.147483648E9,"max_upload_size":5.36870912e10}}"#
        )
    };
    for (space, words) in [
        ("1.0e+18", "Ada <ada@example.com>, 2 GiB of 888 PiB used, files up to 50 GiB"),
        ("\"1.0e+18\"", "Ada <ada@example.com>, 2 GiB of 888 PiB used, files up to 50 GiB"),
        ("1e300", "Ada <ada@example.com>, 2 GiB of 15.9 EiB used, files up to 50 GiB"),
        ("-1", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
        ("null", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
        ("\"much\"", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
    ] {
        life.sandbox.clear_faults();
        life.sandbox.fault(Fault::on("GET", "/2.0/users/me").body(&answer(space)));
        let ran = life.pluton(&["storage", "show", "Box"]).ok();
        assert!(ran.stdout.contains(words), "{space}: {ran:?}");
        assert_eq!(ran.stderr.contains("could not be understood: space_amount"), space.contains("much"), "{ran:?}");
        let (_, document) = life.home.json(&["storage", "verify", "Box"]);
        assert_eq!(document["storages"][0]["account"]["max_upload_size"], 50_u64 << 30, "{document}");
    }
}

#[test]
fn no_answer_is_no_failure_and_is_said() {
    let life = Life::new();
    let me = || Fault::on("GET", "/2.0/users/me");
    let faults = [
        me().status(500),
        me().status(200).body("{}"),
        me().body("<html>"),
        me().reset(),
        me().delay(Duration::from_secs(60)),
    ];
    for fault in faults {
        life.sandbox.clear_faults();
        life.sandbox.fault(fault);
        life.home.write_config("");
        let token = life.sandbox.mint(RCLONE_CLIENT_ID).blob();
        let ran = life.home.pluton_with_stdin(&ADD, &token).ok();
        assert!(ran.stdout.contains("Saved as [Box]") && !ran.stdout.contains("Signed in as"), "{ran:?}");
        for command in ["verify", "show"] {
            let ran = life.pluton(&["storage", command, "Box"]).ok();
            assert!(ran.stderr.contains("Box did not say whose account this is"), "{ran:?}");
            assert!(!ran.stderr.contains('\u{7}') && ran.stderr.len() < 400, "{ran:?}");
            assert!(!ran.stderr.trim_end().ends_with(':'), "{ran:?}");
        }
    }
}

#[test]
fn a_nearly_full_account_is_said_with_its_trash_and_how_to_empty_it() {
    let life = Life::new();
    life.quick("Box");
    let account = life.sandbox.account();
    let fill = |percent: u64| {
        life.sandbox.set_account(Account { space_amount: 100 << 30, space_used: percent << 30, ..account.clone() });
    };
    let big = life.home.file("big", &"x".repeat(3 << 20));
    life.home.rclone(&["copy", &big, "Box:"]).ok();
    life.home.rclone(&["delete", "Box:"]).ok();
    fill(80);
    for args in [&["storage", "verify", "Box"][..], &["storage", "verify", "Box", "--fail-above", "90%"], &["doctor"]] {
        let ran = life.pluton(args).ok();
        assert!(!ran.stderr.contains("left") && !ran.stdout.contains("left"), "{ran:?}");
    }
    fill(93);
    let ran = life.pluton(&["storage", "verify", "Box"]).ok();
    let words = "only 6.9 GiB left, 93% is used, 3 MiB of it in the trash; to empty it: https://app.box.com/trash";
    assert!(ran.stderr.contains(words), "{ran:?}");
    let ran = life.pluton(&["doctor", "--strict"]).fails(1);
    assert!(ran.stdout.contains("! Box: ") && ran.stdout.contains(words), "{ran:?}");
    for (most, code) in [("90%", 1), ("92", 1), ("93", 0), ("100%", 0), ("101", 2), ("much", 2)] {
        let ran = life.pluton(&["storage", "verify", "Box", "--fail-above", most]).fails(code);
        assert_eq!(ran.stdout.contains("93% of the space"), code == 1, "{most}: {ran:?}");
    }
    let (code, document) = life.home.json(&["storage", "verify", "--all", "--fail-above", "90"]);
    assert_eq!((code, document["storages"][0]["error"]["code"].as_str()), (1, Some("storage_full")), "{document}");
    life.sandbox.fault(Fault::on("GET", "/2.0/users/me").status(500));
    let ran = life.pluton(&["storage", "verify", "Box", "--fail-above", "90"]).fails(1);
    assert!(ran.stdout.contains("did not say how full"), "nobody knows is no reason to be quiet: {ran:?}");
}

#[test]
fn a_service_account_is_told_what_it_sees_and_how_to_see_more() {
    with_each(Sandbox::start, |life| {
        let app = life.sandbox.jwt_app();
        let file = app.config_file.to_str().expect("UTF-8");
        let ran = life.pluton(&["storage", "add", "box", "svc", "--box-config-file", file]).ok();
        let login = format!("AutomationUser_{}@boxdevedition.com", app.service_user_id);
        let words =
            format!("share it with {login}, role Editor, then: `pluton storage edit \"svc\" --root-folder-id ID`");
        assert!(ran.stderr.contains("is empty") && ran.stderr.contains(&words), "{ran:?}");

        let folder = life.sandbox.create_folder("0", "Backups");
        life.sandbox.share(&folder, &app.service_user_id);
        let ran = life.pluton(&["storage", "show", "svc"]).ok();
        assert!(ran.stdout.contains(&format!("Backups ({folder})")) && !ran.stderr.contains("is empty"), "{ran:?}");
        let (_, document) = life.home.json(&["storage", "verify", "svc"]);
        let shared = serde_json::json!([{"id": folder, "name": "Backups"}]);
        assert_eq!(document["storages"][0]["account"]["shared_folders"], shared, "{document}");
        life.pluton(&["storage", "edit", "svc", "--root-folder-id", &folder]).ok();
        let (_, document) = life.home.json(&["storage", "show", "svc"]);
        assert!(document["storage"]["account"]["shared_folders"].is_null(), "{document}");
    });
}
