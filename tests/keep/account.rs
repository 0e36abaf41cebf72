//! The account's owner and free space are reported after a sign-in, in `show` and in `verify`.

use std::time::Duration;

use box_sandbox::{Account, Fault};
use serde_json::json;

use crate::support::{Machine, with_each};

#[test]
fn a_sign_in_says_whose_account_it_is() {
    with_each(|m| {
        let account = m.sandbox.account();
        let max_upload_size = 5 << 30;
        m.sandbox.set_account(Account { space_amount: 1 << 40, space_used: 3 << 30, max_upload_size, ..account });
        let words = "Test Person <person@example.com>, 3 GiB of 1 TiB used, files up to 5 GiB";
        m.add(&m.mint(), "Box").ok().prints(words).omits("warning");
        m.pluton("storage show Box").ok().prints(words).prints("Example Ltd");
        m.pluton("storage verify Box").ok().prints(", person@example.com, 3 GiB of 1 TiB used, ");
        let account = json!({ "login": "person@example.com", "space_amount": 1_u64 << 40 });
        m.json("storage show Box").holds(&json!({ "storage": { "account": account } }));
        m.sandbox.clear_requests();
        m.pluton("storage show Box --offline").ok().omits("Test Person");
        assert_eq!(m.sandbox.requests().len(), 0);
    });
}

#[test]
fn what_is_too_small_for_backups_is_said() {
    let m = Machine::new();
    m.quick("Box");
    let account = m.sandbox.account();
    let tiny = Account { space_used: account.space_amount - (100 << 20), max_upload_size: 50 << 20, ..account };
    m.sandbox.set_account(tiny);
    for args in ["storage show Box", "storage verify Box"] {
        m.pluton(args).ok().says(["100 MiB left", "50 MiB"]);
    }
    m.jwt("JWT");
    let document = m.json("storage verify JWT").document();
    assert_eq!(document["storages"][0]["warnings"][0]["code"], "service_account_space", "{document}");
    assert!(document["storages"][0]["account"]["login"].as_str().expect("a login").starts_with("AutomationUser_"));
}

#[test]
fn an_impersonating_storage_is_the_person_it_acts_as() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app();
    m.jwt_with("JWT", &app, &format!("\nimpersonate = {}", app.user_id));
    m.json("storage verify JWT").holds(&json!({ "storages": [{ "account": { "login": "person@example.com" } }] }));
}

#[test]
fn an_account_is_shown_however_box_writes_its_numbers() {
    let m = Machine::new();
    m.quick("Box");
    let ada =
        r#""id":"7","name":"Ada","login":"ada@example.com","space_used":2.147483648E9,"max_upload_size":5.36870912e10"#;
    for (space, words) in [
        ("1.0e+18", "Ada <ada@example.com>, 2 GiB of 888 PiB used, files up to 50 GiB"),
        ("\"1.0e+18\"", "Ada <ada@example.com>, 2 GiB of 888 PiB used, files up to 50 GiB"),
        ("1e300", "Ada <ada@example.com>, 2 GiB of 15.9 EiB used, files up to 50 GiB"),
        ("-1", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
        ("null", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
        ("\"much\"", "Ada <ada@example.com>, 2 GiB used, files up to 50 GiB"),
    ] {
        m.sandbox.clear_faults();
        m.sandbox.fault(Fault::on("GET", "/2.0/users/me").body(&format!("{{{ada},\"space_amount\":{space}}}")));
        let ran = m.pluton("storage show Box").ok().prints(words);
        assert_eq!(ran.stderr.contains("could not be understood: space_amount"), space.contains("much"), "{ran:?}");
        let document = m.json("storage verify Box").document();
        assert_eq!(document["storages"][0]["account"]["max_upload_size"], 50_u64 << 30, "{document}");
    }
}

#[test]
fn no_answer_is_no_failure_and_is_said() {
    let m = Machine::new();
    let me = || Fault::on("GET", "/2.0/users/me");
    let faults = [
        me().status(500),
        me().status(200).body("{}"),
        me().body("<html>"),
        me().reset(),
        me().delay(Duration::from_secs(60)),
    ];
    for fault in faults {
        m.sandbox.clear_faults();
        m.sandbox.fault(fault);
        m.write_config("");
        m.add(&m.mint(), "Box").ok().prints("Saved as [Box]").omits("Signed in as");
        for command in ["verify", "show"] {
            let ran = m.pluton(["storage", command, "Box"]).ok().says("Box did not say whose account this is");
            assert!(!ran.stderr.contains('\u{7}') && ran.stderr.len() < 400, "{ran:?}");
            assert!(!ran.stderr.trim_end().ends_with(':'), "{ran:?}");
        }
    }
}

#[test]
fn a_nearly_full_account_is_said_with_its_trash_and_how_to_empty_it() {
    let m = Machine::new();
    m.quick("Box");
    let account = m.sandbox.account();
    let fill = |percent: u64| {
        m.sandbox.set_account(Account { space_amount: 100 << 30, space_used: percent << 30, ..account.clone() });
    };
    m.file("big", &"x".repeat(3 << 20));
    m.rclone("copy big Box:").ok();
    m.rclone("delete Box:").ok();
    fill(80);
    for args in ["storage verify Box", "storage verify Box --fail-above 90%", "doctor"] {
        m.pluton(args).ok().omits("left");
    }
    fill(93);
    let words = "only 6.9 GiB left, 93% is used, 3 MiB of it in the trash; to empty it: https://app.box.com/trash";
    m.pluton("storage verify Box").ok().says(words);
    m.pluton("doctor --strict").fails(1).prints("! Box: ").prints(words);
    for (most, code) in [("90%", 1), ("92", 1), ("93", 0), ("100%", 0), ("101", 2), ("much", 2)] {
        let ran = m.pluton(["storage", "verify", "Box", "--fail-above", most]).fails(code);
        assert_eq!(ran.stdout.contains("93% of the space"), code == 1, "{most}: {ran:?}");
    }
    m.json("storage verify --all --fail-above 90").refused(1, "storage_full");
    m.sandbox.fault(Fault::on("GET", "/2.0/users/me").status(500));
    // That nobody knows is no reason to be quiet.
    m.pluton("storage verify Box --fail-above 90").fails(1).prints("did not say how full");
}

#[test]
fn a_service_account_is_told_what_it_sees_and_how_to_see_more() {
    with_each(|m| {
        let app = m.sandbox.jwt_app();
        let ran = m.add_jwt(&app, "svc").ok();
        let login = format!("AutomationUser_{}@boxdevedition.com", app.service_user_id);
        let edit = "`pluton storage edit \"svc\" --root-folder-id ID`";
        ran.says("is empty").says(&format!("share it with {login}, role Editor, then: {edit}"));

        let folder = m.sandbox.create_folder("0", "Backups");
        m.sandbox.share(&folder, &app.service_user_id);
        m.pluton("storage show svc").ok().prints(&format!("Backups ({folder})")).omits("is empty");
        let document = m.json("storage verify svc").document();
        let shared = json!([{"id": folder, "name": "Backups"}]);
        assert_eq!(document["storages"][0]["account"]["shared_folders"], shared, "{document}");
        m.pluton(["storage", "edit", "svc", "--root-folder-id", &folder]).ok();
        let document = m.json("storage show svc").document();
        assert!(document["storage"]["account"]["shared_folders"].is_null(), "{document}");
    });
}
