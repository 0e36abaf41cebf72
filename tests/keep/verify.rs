//! `storage verify` prints one line for each storage, in order, and an exit code for monitoring.

use box_sandbox::{Account, AppSpec, Fault, Token};
use serde_json::Value as Json;

use crate::support::{Args, Machine, Ran, interrupt, until, with_each};

/// Good and bad ones, side by side.
fn mixed(m: &Machine) {
    m.quick("good");
    let over = m.expired("over");
    m.sandbox.expire_refresh(&over.refresh);
    m.jwt("service");
    m.section("nowhere", &format!("root_folder_id = 4711\ntoken = {}", m.mint().blob()));
    m.section("empty", "");
    m.client_credentials("ccg");
    m.write_config(&format!("[files]\ntype = local\n\n{}", m.config_text()));
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
    with_each(|m| {
        let token = m.mint().blob().replace(',', ",\t");
        m.section("Box", &format!("description = a\tb\nnote = `two words `\ntoken = {token}"));
        for args in [
            "storage verify Box",
            "storage refresh Box",
            "storage edit Box --list-chunk 7",
            "storage rename Box Box2",
            "run Box2 -- rclone lsd Box2:",
            "storage export Box2 --format rclone --move",
        ] {
            m.pluton(args).ok();
        }
        m.section("Box", &format!("description = a\tb\ntoken = {}", m.mint().blob()));
        m.pluton("storage remove Box --yes").ok();
    });
}

#[test]
fn each_has_its_line_in_order_and_the_worst_decides() {
    with_each(|m| {
        mixed(&m);
        for jobs in ["1", "8"] {
            let document = m.json(["storage", "verify", "--all", "--jobs", jobs]).storages(7, &MIXED);
            assert_eq!(document["schema"], 1, "{document}");
            for each in document["storages"].as_array().expect("storages") {
                let is_ok = each["ok"] == true;
                assert_eq!(is_ok, each["verified"]["listed"] == true, "{each}");
                assert_eq!(is_ok, each["error"] == Json::Null, "{each}");
                assert!(is_ok || !each["error"]["remedy"].as_array().expect("remedies").is_empty(), "{each}");
            }
        }
        let ran = m.pluton("storage verify --all").fails(7);
        let heads: Vec<&str> = ran.stdout.lines().filter(|line| line.starts_with(['✓', '✗'])).collect();
        let expected = ["✓ good: ", "✗ over: ", "✓ service: ", "✗ nowhere: ", "✗ empty: ", "✓ ccg: "];
        assert!(heads.len() == 6 && heads.iter().zip(expected).all(|(line, head)| line.starts_with(head)), "{ran:?}");
        assert!(ran.stdout.contains("  next: sign in again: pluton storage authorize \"over\""), "{ran:?}");
        // Only those that were named, in that order; and only what failed where nothing else is wanted.
        m.json("storage verify ccg over good").storages(6, &[MIXED[5], MIXED[1], MIXED[0]]);
        let ran = m.pluton("storage verify ccg over good --quiet").fails(6);
        assert!(ran.stdout.starts_with("✗ over: ") && !ran.stdout.contains('✓'), "{ran:?}");
        for (name, code) in [("good", 0), ("files", 4), ("nobody", 4), ("", 2)] {
            m.pluton("storage verify".and(name)).fails(code);
        }
    });
}

#[test]
fn what_may_pass_by_itself_is_the_least_of_several_failures() {
    let m = Machine::new();
    let keys = "client_id = a\nclient_secret = b\nbox_subject_type = user\nbox_subject_id = 1";
    m.section("away", &format!("{keys}\ntoken_url = https://127.0.0.1:9/"));
    for args in ["storage verify --all", "storage refresh --all --wait 0s"] {
        m.pluton(args).fails(8);
    }
    let dead = m.expired("dead");
    m.sandbox.expire_refresh(&dead.refresh);
    for args in ["storage verify --all", "storage refresh dead away --wait 0s"] {
        m.pluton(args).fails(6);
    }
}

#[test]
fn writing_is_proven_by_writing() {
    with_each(|m| {
        let files = m.sandbox.files();
        m.quick("good");
        m.own_app_with("reader", AppSpec { read_only: true, ..AppSpec::default() });
        let expected = [("good", "ok"), ("reader", "insufficient_scope")];
        let document = m.json("storage verify good reader --check-write").storages(7, &expected);
        assert_eq!(document["storages"][0]["verified"]["written"], true);
        // A sign-in that may only read still passes.
        m.pluton("storage verify reader").ok();
        let account = m.sandbox.account();
        m.sandbox.set_account(Account { space_used: account.space_amount, ..account });
        m.json("storage verify good --check-write").refused(1, "storage_full");
        assert_eq!(m.sandbox.files(), files);
    });
}

#[test]
fn an_interrupted_check_takes_its_file_away() {
    with_each(|m| {
        let files = m.sandbox.files();
        m.quick("Box");
        // The file is in Box long before rclone hears of it.
        m.sandbox.fault(Fault::on("POST", "/api/2.0/files/content").delay(std::time::Duration::from_secs(2)));
        let child = m.start("storage verify Box --check-write");
        until("the file", || m.sandbox.files() != files);
        interrupt(&child);
        Ran::from(child).fails(130);
        assert_eq!(m.sandbox.files(), files);
    });
}

#[test]
fn a_sign_in_that_ends_soon_is_an_exit_code() {
    let m = Machine::new();
    m.quick("OAuth");
    m.jwt("JWT");
    m.client_credentials("CCG");
    for within in ["14d", "59d"] {
        m.pluton(["storage", "verify", "--all", "--fail-within", within]).ok();
    }
    let expected = [("OAuth", "token_expired"), ("JWT", "ok"), ("CCG", "ok")];
    m.json("storage verify --all --fail-within 61d").storages(6, &expected);
    // Fourteen seconds would be no limit at all.
    m.pluton("storage verify --all --fail-within 14").fails(2).says("add the unit, for example 14d for days");
    // A sign-in that cannot be renewed expires within the hour.
    m.access_token("developer");
    let half = Token { refresh: String::new(), ..m.mint() };
    m.section("half", &format!("token = {}", half.blob()));
    for name in ["developer", "half"] {
        m.pluton(["storage", "verify", name]).ok();
        m.pluton(["storage", "verify", name, "--fail-within", "14d"]).fails(6).prints("pluton storage authorize");
    }
}

#[test]
fn an_rclone_that_would_list_something_else_proves_nothing() {
    with_each(|m| {
        let app = m.sandbox.jwt_app();
        m.jwt_with("as user", &app, &format!("\nimpersonate = {}", app.user_id));
        let ran = m.json("storage verify 'as user'");
        if m.rclone("version").stdout.contains("v1.60") {
            let error = ran.refused(3, "rclone_too_old");
            assert!(error["message"].to_string().contains("impersonate"), "{error}");
        } else {
            assert_eq!(ran.done()["storages"][0]["verified"]["folders"], 3);
        }
    });
}

#[test]
fn it_says_what_was_not_tested_and_renew_tests_it() {
    with_each(|m| {
        m.quick("good");
        let dead = m.quick("dead");
        m.jwt("service");
        m.pluton("storage refresh service").ok();
        m.sandbox.expire_refresh(&dead.refresh);
        // While its access token lives, nobody can tell by listing.
        let ran = m.pluton("storage verify --all").ok();
        assert_eq!(ran.stdout.matches("not tested: renewal").count(), 3, "{ran:?}");
        let document = m.json("storage verify --all").document();
        for each in document["storages"].as_array().expect("storages") {
            assert_eq!((&each["not_tested"][0], &each["verified"]["refreshed"]), (&"renewal".into(), &false.into()));
        }
        let expected = [("good", "ok"), ("dead", "refresh_token_invalid"), ("service", "ok")];
        let document = m.json("storage verify --all --renew").storages(6, &expected);
        for each in [&document["storages"][0], &document["storages"][2]] {
            assert_eq!((&each["verified"]["refreshed"], &each["not_tested"]), (&true.into(), &Json::Null), "{each}");
        }
        // What was renewed is saved.
        m.is_signed_in("good");
        m.is_signed_in("service");
        m.pluton("storage verify good --renew").ok().prints("can be renewed").omits("not tested");
    });
}

#[test]
fn many_at_once_renew_one_sign_in_and_lose_none() {
    let m = Machine::new();
    m.quick("Box");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| m.pluton("storage verify Box --renew").ok());
        }
    });
    m.is_signed_in("Box");
}

#[test]
fn what_ends_with_its_token_works_today_and_is_not_ticked() {
    let m = Machine::new();
    m.access_token("hour");
    let ran = m.pluton("storage verify hour").ok();
    assert!(ran.stdout.starts_with("! hour: works"), "{ran:?}");
    assert!(ran.stderr.contains("pluton storage authorize \"hour\""), "{ran:?}");
    m.json("storage verify hour --renew").refused(6, "token_expired");
}
