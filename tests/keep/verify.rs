//! `storage verify` prints one line for each storage, in order, and an exit code for monitoring.

use box_sandbox::{Account, AppSpec, Fault, RCLONE_CLIENT_ID, Sandbox};
use serde_json::Value as Json;

use crate::life::{Life, outcomes, with_each};
use crate::support::{interrupt, wait_for};

/// Good and bad ones, side by side.
fn mixed(life: &Life) {
    life.quick("good");
    let over = life.expired("over");
    life.sandbox.expire_refresh(&over.refresh);
    life.jwt("service");
    let token = life.sandbox.mint(RCLONE_CLIENT_ID);
    life.section("nowhere", &format!("root_folder_id = 4711\ntoken = {}", token.blob()));
    life.section("empty", "");
    life.client_credentials("ccg");
    life.home.write_config(&format!("[files]\ntype = local\n\n{}", life.home.config_text()));
}

const MIXED: [(&str, &str); 6] = [
    ("good", "ok"),
    ("over", "refresh_token_invalid"),
    ("service", "ok"),
    ("nowhere", "folder_not_found"),
    ("empty", "token_invalid"),
    ("ccg", "ok"),
];

#[test]
fn a_value_that_rclone_reads_and_pluton_would_not_write_is_no_hindrance() {
    with_each(Sandbox::start, |life| {
        let token = life.sandbox.mint(box_sandbox::RCLONE_CLIENT_ID);
        let token = token.blob().replace(',', ",\t");
        life.section("Box", &format!("description = a\tb\nnote = `two words `\ntoken = {token}"));
        for args in [
            &["storage", "verify", "Box"][..],
            &["storage", "refresh", "Box"],
            &["storage", "edit", "Box", "--list-chunk", "7"],
            &["storage", "rename", "Box", "Box2"],
            &["run", "Box2", "--", "rclone", "lsd", "Box2:"],
            &["storage", "export", "Box2", "--format", "rclone", "--move"],
        ] {
            life.pluton(args).ok();
        }
        let token = life.sandbox.mint(box_sandbox::RCLONE_CLIENT_ID);
        life.section("Box", &format!("description = a\tb\ntoken = {}", token.blob()));
        life.pluton(&["storage", "remove", "Box", "--yes"]).ok();
    });
}

#[test]
fn each_has_its_line_in_order_and_the_worst_decides() {
    with_each(Sandbox::start, |life| {
        mixed(&life);
        for jobs in ["1", "8"] {
            let (code, document) = life.home.json(&["storage", "verify", "--all", "--jobs", jobs]);
            assert_eq!((code, &document["ok"], &document["schema"]), (7, &false.into(), &1.into()), "{document}");
            assert_eq!(outcomes(&document), MIXED.map(|(name, code)| (name.to_owned(), code.to_owned())));
            for each in document["storages"].as_array().expect("storages") {
                let is_ok = each["ok"] == true;
                assert_eq!(is_ok, each["verified"]["listed"] == true, "{each}");
                assert_eq!(is_ok, each["error"] == Json::Null, "{each}");
                assert!(is_ok || !each["error"]["remedy"].as_array().expect("remedies").is_empty(), "{each}");
            }
        }
        let ran = life.pluton(&["storage", "verify", "--all"]).fails(7);
        let heads: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with(['✓', '✗'])).collect();
        let expected = ["✓ good: ", "✗ over: ", "✓ service: ", "✗ nowhere: ", "✗ empty: ", "✓ ccg: "];
        assert!(heads.len() == 6 && heads.iter().zip(expected).all(|(line, head)| line.starts_with(head)), "{ran:?}");
        assert!(ran.stdout.contains("  next: sign in again: pluton storage authorize \"over\""), "{ran:?}");
        // Only those that were named, in that order; and only what failed where nothing else is wanted.
        let (code, document) = life.home.json(&["storage", "verify", "ccg", "over", "good"]);
        let names: Vec<String> = outcomes(&document).into_iter().map(|(name, _)| name).collect();
        assert_eq!((code, names.join(" ").as_str()), (6, "ccg over good"));
        let ran = life.pluton(&["storage", "verify", "ccg", "over", "good", "--quiet"]).fails(6);
        assert!(ran.stdout.starts_with("✗ over: ") && !ran.stdout.contains('✓'), "{ran:?}");
        life.pluton(&["storage", "verify", "good"]).ok();
        life.pluton(&["storage", "verify", "files"]).fails(4);
        life.pluton(&["storage", "verify", "nobody"]).fails(4);
        life.pluton(&["storage", "verify"]).fails(2);
    });
}

#[test]
fn what_may_pass_by_itself_is_the_least_of_several_failures() {
    let life = Life::new();
    let keys = "client_id = a\nclient_secret = b\nbox_subject_type = user\nbox_subject_id = 1";
    life.section("away", &format!("{keys}\ntoken_url = https://127.0.0.1:9/"));
    for args in [&["storage", "verify", "--all"][..], &["storage", "refresh", "--all", "--wait", "0s"]] {
        life.pluton(args).fails(8);
    }
    let dead = life.expired("dead");
    life.sandbox.expire_refresh(&dead.refresh);
    for args in [&["storage", "verify", "--all"][..], &["storage", "refresh", "dead", "away", "--wait", "0s"]] {
        life.pluton(args).fails(6);
    }
}

#[test]
fn writing_is_proven_by_writing() {
    with_each(Sandbox::start, |life| {
        let files = life.sandbox.files();
        life.quick("good");
        let reader = life.sandbox.app(AppSpec { read_only: true, ..AppSpec::default() });
        let token = life.sandbox.mint(&reader.client_id);
        let (id, secret) = (&reader.client_id, &reader.client_secret);
        life.section("reader", &format!("client_id = {id}\nclient_secret = {secret}\ntoken = {}", token.blob()));
        let (code, document) = life.home.json(&["storage", "verify", "good", "reader", "--check-write"]);
        assert_eq!(code, 7, "{document}");
        assert_eq!(document["storages"][0]["verified"]["written"], true);
        assert_eq!(document["storages"][1]["error"]["code"], "insufficient_scope");
        // A sign-in that may only read still passes.
        life.pluton(&["storage", "verify", "reader"]).ok();
        let account = life.sandbox.account();
        life.sandbox.set_account(Account { space_used: account.space_amount, ..account });
        let (code, document) = life.home.json(&["storage", "verify", "good", "--check-write"]);
        assert_eq!((code, document["storages"][0]["error"]["code"].as_str()), (1, Some("storage_full")), "{document}");
        assert_eq!(life.sandbox.files(), files);
    });
}

#[test]
fn an_interrupted_check_takes_its_file_away() {
    with_each(Sandbox::start, |life| {
        let files = life.sandbox.files();
        life.quick("Box");
        // The file is in Box long before rclone hears of it.
        life.sandbox.fault(Fault::on("POST", "/api/2.0/files/content").delay(std::time::Duration::from_secs(2)));
        let child = life.home.start(&["storage", "verify", "Box", "--check-write"]);
        wait_for("the file", || (life.sandbox.files() != files).then_some(()));
        interrupt(&child);
        assert_eq!(child.wait_with_output().expect("pluton ends").status.code(), Some(130));
        assert_eq!(life.sandbox.files(), files);
    });
}

#[test]
fn a_sign_in_that_ends_soon_is_an_exit_code() {
    let life = Life::new();
    life.quick("OAuth");
    life.jwt("JWT");
    life.client_credentials("CCG");
    for within in ["14d", "59d"] {
        life.pluton(&["storage", "verify", "--all", "--fail-within", within]).ok();
    }
    let (code, document) = life.home.json(&["storage", "verify", "--all", "--fail-within", "61d"]);
    assert_eq!(code, 6, "{document}");
    let expected = [("OAuth", "token_expired"), ("JWT", "ok"), ("CCG", "ok")];
    assert_eq!(outcomes(&document), expected.map(|(name, code)| (name.to_owned(), code.to_owned())));
    // A sign-in that cannot be renewed expires within the hour.
    life.access_token("developer");
    let mut token = life.sandbox.mint(RCLONE_CLIENT_ID);
    token.refresh = String::new();
    life.section("half", &format!("token = {}", token.blob()));
    for name in ["developer", "half"] {
        life.pluton(&["storage", "verify", name]).ok();
        let ran = life.pluton(&["storage", "verify", name, "--fail-within", "14d"]).fails(6);
        assert!(ran.stdout.contains("pluton storage authorize"), "{ran:?}");
    }
}

#[test]
fn an_rclone_that_would_list_something_else_proves_nothing() {
    with_each(Sandbox::start, |life| {
        let app = life.sandbox.jwt_app();
        let file = app.config_file.to_str().expect("UTF-8");
        let user = &app.user_id;
        life.section("as user", &format!("box_config_file = {file}\nbox_sub_type = enterprise\nimpersonate = {user}"));
        let (code, document) = life.home.json(&["storage", "verify", "as user"]);
        let error = &document["storages"][0]["error"];
        if life.home.rclone(&["version"]).stdout.contains("v1.60") {
            assert_eq!((code, &error["code"]), (3, &"rclone_too_old".into()), "{document}");
            assert!(error["message"].to_string().contains("impersonate"), "{document}");
        } else {
            assert_eq!((code, &document["storages"][0]["verified"]["folders"]), (0, &3.into()), "{document}");
        }
    });
}

#[test]
fn it_says_what_was_not_tested_and_renew_tests_it() {
    with_each(Sandbox::start, |life| {
        life.quick("good");
        let dead = life.quick("dead");
        life.jwt("service");
        life.pluton(&["storage", "refresh", "service"]).ok();
        life.sandbox.expire_refresh(&dead.refresh);
        // While its access token lives, nobody can tell by listing.
        let ran = life.pluton(&["storage", "verify", "--all"]).ok();
        assert_eq!(ran.stdout.matches("not tested: renewal").count(), 3, "{ran:?}");
        let (_, document) = life.home.json(&["storage", "verify", "--all"]);
        for each in document["storages"].as_array().expect("storages") {
            assert_eq!((&each["not_tested"][0], &each["verified"]["refreshed"]), (&"renewal".into(), &false.into()));
        }
        let (code, document) = life.home.json(&["storage", "verify", "--all", "--renew"]);
        let expected = [("good", "ok"), ("dead", "refresh_token_invalid"), ("service", "ok")];
        assert_eq!(code, 6, "{document}");
        assert_eq!(outcomes(&document), expected.map(|(name, code)| (name.to_owned(), code.to_owned())));
        for each in [&document["storages"][0], &document["storages"][2]] {
            assert_eq!((&each["verified"]["refreshed"], &each["not_tested"]), (&true.into(), &Json::Null), "{each}");
        }
        // What was renewed is saved.
        life.is_signed_in("good");
        life.is_signed_in("service");
        let ran = life.pluton(&["storage", "verify", "good", "--renew"]).ok();
        assert!(ran.stdout.contains("can be renewed") && !ran.stdout.contains("not tested"), "{ran:?}");
    });
}

#[test]
fn many_at_once_renew_one_sign_in_and_lose_none() {
    let life = Life::new();
    life.quick("Box");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| life.pluton(&["storage", "verify", "Box", "--renew"]).ok());
        }
    });
    life.is_signed_in("Box");
}

#[test]
fn what_ends_with_its_token_works_today_and_is_not_ticked() {
    let life = Life::new();
    life.access_token("hour");
    let ran = life.pluton(&["storage", "verify", "hour"]).ok();
    assert!(ran.stdout.starts_with("! hour: works"), "{ran:?}");
    assert!(ran.stderr.contains("pluton storage authorize \"hour\""), "{ran:?}");
    let (code, document) = life.home.json(&["storage", "verify", "hour", "--renew"]);
    assert_eq!((code, document["storages"][0]["error"]["code"].as_str()), (6, Some("token_expired")), "{document}");
}
