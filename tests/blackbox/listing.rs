//! `storage list` and `storage show`: what rclone.conf says, with no rclone started and no secret shown.

use serde_json::Value as Json;

use crate::bench::{Bench, keys};

/// A home with storages that rclone itself made, and an rclone that fails the test when it is started.
fn made_by_rclone() -> Bench {
    let mut bench = Bench::new();
    let token = r#"{"access_token":"topsecretA","token_type":"bearer","refresh_token":"topsecretR","expiry":"2030-01-01T00:00:00Z"}"#;
    for args in [
        &["Quick One", "box", "token", token, "root_folder_id", "42"][..],
        &["own", "box", "client_id", "abc", "client_secret", "topsecretS", "token", token],
        &["dev", "box", "access_token", "topsecretD"],
        &["ccg", "box", "client_id", "abc", "client_secret", "topsecretS", "client_credentials", "true"],
        &["here", "local"],
    ] {
        bench.home.rclone(&[&["config", "create", "--non-interactive", "--no-output"], args].concat());
    }
    let text = bench.home.config_text();
    bench.home.write_config(&format!(
        "{text}\n[svc]\ntype = box\nbox_config_file = /x/app.json\nbox_sub_type = enterprise\n"
    ));
    assert_eq!(keys(&bench.home.dump()), ["Quick One", "ccg", "dev", "here", "own", "svc"]);
    bench.home.script_rclone("echo started >> \"$0.mark\"");
    let program = bench.home.beside("rclone");
    bench.home.set("PLUTON_RCLONE", program);
    bench.sandbox.clear_requests();
    bench
}

#[track_caller]
fn started_nothing(bench: &Bench) {
    assert!(!bench.home.beside("rclone.mark").exists(), "rclone was started");
    assert!(bench.sandbox.requests().is_empty());
}

#[test]
fn list_shows_each_box_storage_and_how_it_signs_in() {
    let bench = made_by_rclone();
    let (code, document) = bench.home.json(&["storage", "list"]);
    assert_eq!((code, &document["ok"]), (0, &true.into()), "{document}");
    let found: Vec<_> = document["storages"]
        .as_array()
        .expect("storages")
        .iter()
        .map(|storage| (storage["name"].as_str().unwrap_or_default(), storage["sign_in"].as_str().unwrap_or_default()))
        .collect();
    for pair in [
        ("Quick One", "quick"),
        ("own", "own-app"),
        ("dev", "access-token"),
        ("ccg", "client-credentials"),
        ("svc", "jwt"),
    ] {
        assert!(found.contains(&pair), "{pair:?}: {found:?}");
    }
    assert_eq!(found.len(), 5);
    assert!(!document.to_string().contains("topsecret"));

    let ran = bench.home.pluton(&["storage", "list"]).ok().keeps(&["topsecret"]);
    assert_eq!(ran.stdout.lines().filter(|line| line.starts_with("Quick One ")).count(), 1, "{ran:?}");
    assert!(!ran.stdout.contains("here"), "{ran:?}");
    started_nothing(&bench);
}

#[test]
fn list_of_nothing_says_how_to_begin() {
    let bench = Bench::new();
    let ran = bench.home.pluton(&["storage", "list"]).ok();
    assert!(ran.stdout.contains("pluton storage add box"), "{ran:?}");
    let (code, document) = bench.home.json(&["storage", "list"]);
    assert_eq!((code, &document["storages"]), (0, &serde_json::json!([])));
    assert_eq!(bench.home.files(), Vec::<String>::new());
}

#[test]
fn show_hides_every_secret_until_it_is_asked_for() {
    let bench = made_by_rclone();
    for name in ["Quick One", "own", "dev", "ccg"] {
        bench.home.pluton(&["storage", "show", name, "--offline"]).ok().keeps(&["topsecret"]);
        bench.home.pluton(&["storage", "show", name, "--offline", "--json"]).ok().keeps(&["topsecret"]);
        let ran = bench.home.pluton(&["storage", "show", name, "--offline", "--reveal"]).ok();
        assert!(ran.stdout.contains("topsecret") && !ran.stderr.contains("topsecret"), "{ran:?}");
    }
    started_nothing(&bench);
}

#[test]
fn show_tells_what_rclone_conf_says() {
    let bench = made_by_rclone();
    let show = |name: &str| -> Json {
        let (code, document) = bench.home.json(&["storage", "show", name]);
        assert_eq!(code, 0, "{document}");
        document["storage"].clone()
    };
    let quick = show("Quick One");
    assert_eq!((quick["name"].as_str(), quick["provider"].as_str()), (Some("Quick One"), Some("box")));
    assert_eq!(quick["options"]["root_folder_id"], "42");
    assert_eq!(quick["token"]["renewable"], true);
    assert_eq!(quick["token"]["access_token_expires"], "2030-01-01T00:00:00Z");
    assert_eq!(show("own")["options"]["client_id"], "abc");
    assert_eq!(show("svc")["options"]["box_config_file"], "/x/app.json");
    assert!(show("svc")["token"].is_null());
    let ran = bench.home.pluton(&["storage", "show", "Quick One"]).ok();
    for words in ["quick connect", "root_folder_id", "42"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
}

#[test]
fn show_names_the_account_where_box_answers_and_works_where_it_does_not() {
    let mut bench = Bench::new();
    bench.add(&bench.token(), &["Box"]).ok();
    let before = bench.home.config_text();
    let ran = bench.home.pluton(&["storage", "show", "Box"]).ok();
    assert!(ran.stdout.contains(&bench.sandbox.account().login), "{ran:?}");
    bench.sandbox.revoke_all();
    bench.home.pluton(&["storage", "show", "Box"]).ok();
    bench.home.set("HTTPS_PROXY", "http://127.0.0.1:9").set("https_proxy", "http://127.0.0.1:9");
    bench.home.pluton(&["storage", "show", "Box"]).ok();
    assert_eq!(bench.home.config_text(), before);
}

#[test]
fn what_is_not_there_and_what_is_no_box_are_exit_4() {
    let bench = made_by_rclone();
    for (name, code) in [("nosuch", "storage_not_found"), ("OWN", "storage_not_found"), ("here", "not_box")] {
        let (exit, document) = bench.home.json(&["storage", "show", name]);
        assert_eq!((exit, document["error"]["code"].as_str()), (4, Some(code)), "{document}");
    }
    let ran = bench.home.pluton(&["storage", "show", "OWN"]).fails(4);
    assert!(ran.stderr.contains("\"own\""), "{ran:?}");
    started_nothing(&bench);
}

#[test]
fn they_work_without_any_rclone() {
    let mut bench = made_by_rclone();
    bench.home.set("PLUTON_RCLONE", "/nowhere/rclone");
    bench.home.pluton(&["storage", "list"]).ok();
    bench.home.pluton(&["storage", "show", "own"]).ok();
}
