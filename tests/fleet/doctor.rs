//! `pluton doctor` reports nothing on a healthy home, and on a broken one what is wrong and how to fix it.

use std::os::unix::fs::PermissionsExt;

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, rclone};
use serde_json::Value as Json;

use crate::support::Home;

fn findings(home: &Home, args: &[&str]) -> (i32, Vec<Json>) {
    let (code, json) = home.json(&[&["doctor"], args].concat());
    (code, json["findings"].as_array().expect("findings").clone())
}

fn is_fine(finding: &Json) -> bool {
    finding["level"] == "ok" || finding["level"] == "not_tested"
}

/// The messages of warnings and errors, with what they are about.
fn wrong(findings: &[Json]) -> Vec<String> {
    let bad = findings.iter().filter(|finding| !is_fine(finding));
    bad.map(|finding| {
        format!("{}: {}", finding["about"].as_str().expect("text"), finding["message"].as_str().expect("text"))
    })
    .collect()
}

fn healthy(sandbox: &Sandbox, program: &std::path::Path) -> Home {
    let home = Home::new(sandbox, program);
    home.file("token", &sandbox.mint(RCLONE_CLIENT_ID).blob());
    home.pluton(&["storage", "add", "box", "work", "--token-file", "token"]).ok();
    home
}

#[test]
fn a_healthy_home_has_nothing_wrong() {
    let _port = box_sandbox::authorize_port();
    for program in rclone::both() {
        let sandbox = Sandbox::start();
        let home = healthy(&sandbox, &program);
        let before = home.files();
        let (code, found) = findings(&home, &[]);
        assert_eq!((code, wrong(&found)), (0, Vec::new()));
        assert_eq!(home.files(), before, "it changes nothing");
    }
}

#[test]
fn it_says_that_renewal_was_not_tested_and_what_tests_it() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    let untested = |found: &[Json]| found.iter().find(|finding| finding["level"] == "not_tested").cloned();
    let (code, found) = findings(&home, &["--offline", "--strict"]);
    let untested_here = untested(&found).expect("something is not tested");
    assert_eq!((code, &untested_here["remedy"][0]), (0, &"pluton storage verify --all --renew".into()));
    // A developer token has nothing to renew.
    home.write_config("[b]\ntype = box\naccess_token = a\n");
    assert_eq!(untested(&findings(&home, &["--offline"]).1), None);
}

#[test]
fn offline_it_asks_no_one() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    sandbox.clear_requests();
    findings(&home, &["--offline"]);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn each_thing_that_is_broken_is_named_with_a_remedy() {
    let sandbox = Sandbox::start();
    let spent = r#"{"access_token":"tok-secret-a","refresh_token":"tok-secret-r","expiry":"2020-01-01T00:00:00Z"}"#;
    for (config, about, says) in [
        ("[b]\ntype = box\n".to_owned(), "b", "no token"),
        ("[b]\ntype = box\ntoken = {\"access_token\":\"tok-secret-a\"}\n".to_owned(), "b", "no refresh token"),
        (format!("[b]\ntype = box\ntoken = {spent}\n"), "b", "60 days"),
        (format!("[b]\ntype = box\nclient_id = x\ntoken = {spent}\n"), "b", "no client_secret"),
        (
            format!("[a]\ntype = box\ntoken = {spent}\n[b]\ntype = box\ntoken = {spent}\n"),
            "b",
            "shares its refresh token",
        ),
        (format!("[b]\ntype = box\nlist_chunk = 5000\ntoken = {spent}\n"), "b", "list_chunk"),
        (
            "[b]\ntype = box\nbox_config_file = /nowhere/c.json\nbox_sub_type = enterprise\n".to_owned(),
            "b",
            "cannot be read",
        ),
        ("[b]\ntype = box\nbox_config_file = ~/c.json\n".to_owned(), "b", "is not an absolute path"),
        (
            "[b]\ntype = box\nclient_credentials = true\nclient_id = x\nclient_secret = tok-secret-s\n".to_owned(),
            "b",
            "subject",
        ),
        ("[b]\ntype = box\naccess_token = tok-secret-a\n".to_owned(), "b", "60 minutes"),
        ("[b]\ntype = box\ntoken = `open\n".to_owned(), "rclone.conf", "line 3"),
    ] {
        let home = Home::new(&sandbox, &rclone::newest());
        home.write_config(&config);
        std::fs::set_permissions(home.config(), PermissionsExt::from_mode(0o600)).expect("the mode");
        let (code, found) = findings(&home, &["--offline"]);
        let bad = wrong(&found);
        let is_error = found.iter().any(|finding| finding["level"] == "error");
        assert_eq!(code, i32::from(is_error), "{config}");
        assert_eq!(findings(&home, &["--offline", "--strict"]).0, 1, "{config}");
        assert!(bad.iter().any(|line| line.starts_with(about) && line.contains(says)), "{config}\n{bad:#?}");
        assert!(found.iter().filter(|f| !is_fine(f)).all(|f| f["remedy"].is_array()), "{found:#?}");
        let text = home.pluton(&["doctor", "--offline"]);
        assert!(!text.stdout.contains("tok-secret") && !text.stderr.contains("tok-secret"), "{text:?}");
    }
}

#[test]
fn a_copy_of_a_token_in_another_rclone_conf_is_found() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    home.file(".rclone.conf", &home.config_text().replace("[work]", "[copy]"));
    let (code, found) = findings(&home, &["--offline"]);
    assert_eq!(code, 1);
    let says = r#"work: it shares its refresh token with "copy" in ~/.rclone.conf"#;
    assert!(wrong(&found).iter().any(|line| line.starts_with(says)), "{found:#?}");
}

#[test]
fn what_others_can_read_and_what_masks_is_named_without_its_value() {
    let sandbox = Sandbox::start();
    let mut home = healthy(&sandbox, &rclone::newest());
    std::fs::set_permissions(home.config(), PermissionsExt::from_mode(0o644)).expect("the mode");
    home.set("RCLONE_BOX_TOKEN", "tok-secret-env");
    home.pluton(&["doctor", "--offline", "--strict"]).fails(1);
    let ran = home.pluton(&["doctor", "--offline"]).ok();
    assert!(ran.stdout.contains("RCLONE_BOX_TOKEN") && ran.stdout.contains("chmod 600"), "{ran:?}");
    assert!(!ran.stdout.contains("tok-secret"), "{ran:?}");
}

#[test]
fn a_clock_that_is_off_is_measured() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    sandbox.change(|settings| settings.clock_skew = 300);
    let (code, found) = findings(&home, &[]);
    assert_eq!(code, 1);
    assert!(wrong(&found).iter().any(|line| line.starts_with("clock") && line.contains("behind")), "{found:#?}");
}

#[test]
fn an_rclone_that_is_missing_and_a_network_that_is_not_there_are_named() {
    let sandbox = Sandbox::start();
    let mut home = healthy(&sandbox, &rclone::newest());
    home.set("PLUTON_RCLONE", "/nowhere/rclone")
        .set("HTTPS_PROXY", "http://127.0.0.1:1")
        .set("https_proxy", "http://127.0.0.1:1");
    let (code, found) = findings(&home, &[]);
    let bad = wrong(&found);
    assert_eq!(code, 1);
    for (about, what) in [("rclone: ", "/nowhere/rclone"), ("network: api.box.com", "the proxy in HTTPS_PROXY")] {
        assert!(bad.iter().any(|line| line.starts_with(about) && line.contains(what)), "{about}: {bad:#?}");
    }
    // Nobody is sent from here to here.
    assert!(!found.iter().any(|finding| finding["remedy"].to_string().contains("pluton doctor")), "{found:#?}");
}

#[test]
fn a_name_that_rclone_does_not_accept_is_found_before_a_backup_fails() {
    let name = |program: &std::path::Path, name: &str| {
        let sandbox = Sandbox::start();
        let home = Home::new(&sandbox, program);
        home.write_config(&format!("[{name}]\ntype = box\ntoken = {}\n", sandbox.mint(RCLONE_CLIENT_ID).blob()));
        wrong(&findings(&home, &["--offline"]).1).into_iter().find(|line| line.starts_with(&format!("{name}: ")))
    };
    for program in rclone::both() {
        let accepts_umlauts = program == rclone::newest();
        assert!(name(&program, "Box (work)").is_some_and(|line| line.contains("does not accept `(`")));
        assert_eq!(name(&program, "Büro").is_none(), accepts_umlauts, "{}", program.display());
        assert_eq!(name(&program, "My Box"), None);
    }
}

/// A hotel's page answers whatever is asked, and with a certificate that this machine was told to trust.
#[test]
fn a_login_page_of_the_network_is_not_taken_for_box() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    for status in [200, 302, 511] {
        let page = box_sandbox::Fault::on("*", "/").status(status).body("<html>Sign in</html>");
        sandbox.fault(page.header("Content-Type", "text/html").header("Location", "https://api.box.com/login"));
        let found = wrong(&findings(&home, &[]).1);
        let network = found.iter().find(|message| message.starts_with("network: api.box.com"));
        assert!(network.is_some_and(|message| message.contains("something other than Box")), "{status}: {found:?}");
        sandbox.clear_faults();
    }
}

#[test]
fn fix_makes_rclone_conf_private_only_when_told_to() {
    let _port = box_sandbox::authorize_port();
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    std::fs::set_permissions(home.config(), PermissionsExt::from_mode(0o644)).expect("the mode");
    let (code, json) = home.json(&["doctor", "--offline", "--fix"]);
    assert_eq!((code, &json["error"]["code"]), (2, &"input_required".into()), "{json}");
    assert!(json["error"]["remedy"].to_string().contains("--yes"), "{json}");
    assert_eq!(home.mode(home.config()), 0o644);
    let (code, found) = findings(&home, &["--offline", "--fix", "--yes"]);
    assert_eq!((code, wrong(&found)), (0, Vec::new()));
    assert!(found.iter().any(|finding| finding["about"] == "fixed"), "{found:#?}");
    assert_eq!(home.mode(home.config()), 0o600);
    let before = home.files();
    let (code, found) = findings(&home, &["--offline", "--fix"]);
    assert_eq!((code, home.files()), (0, before), "there is nothing to agree to: {found:#?}");
}

#[test]
fn fix_removes_only_those_leftovers_that_hold_nothing_more() {
    let sandbox = Sandbox::start();
    let home = healthy(&sandbox, &rclone::newest());
    let text = home.config_text();
    let beside = |name: &str, text: &str| {
        home.file(&format!(".config/rclone/{name}"), text);
        let file = std::fs::File::options().write(true).open(home.path().join(".config/rclone").join(name));
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        file.and_then(|file| file.set_modified(old)).expect("an hour ago");
    };
    beside("rclone.conf101", &text[..text.len() / 2]);
    beside("rclone.conf102", &text);
    beside(".rclone.conf.pluton-draft-x", &text[..9]);
    beside(".rclone.conf.pluton-1-2-x", "[lost]\ntype = local\n");
    beside("rclone.conf103", "[other]\ntype = local\n");
    beside("rclone.conf.old", &text);
    home.pluton(&["doctor", "--offline", "--fix", "--yes"]);
    let left: Vec<String> = home.files().into_iter().filter(|file| file.contains("rclone.conf")).collect();
    let names = ["rclone.conf", "rclone.conf.old", "rclone.conf103"];
    assert_eq!(left, names.map(|name| format!(".config/rclone/{name}")));
    assert_eq!(home.config_text(), format!("{}\n\n[lost]\ntype = local\n", text.trim_end()));
    let (_, found) = findings(&home, &["--offline"]);
    assert!(wrong(&found).iter().any(|line| line.contains("rclone.conf103")), "{found:#?}");
}

#[test]
fn whether_anything_renews_what_rclone_cannot_is_seen() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    let app = sandbox.jwt_app();
    let file = app.config_file.to_str().expect("UTF-8");
    home.pluton(&["storage", "add", "box", "My Box", "--box-config-file", file]).ok();
    let said = || -> Vec<String> {
        let (code, found) = findings(&home, &["--offline"]);
        assert_eq!(code, 0, "{found:#?}");
        found.iter().map(|finding| format!("{} {}", finding["level"], finding["message"])).collect()
    };
    let has = |level: &str, words: &str| {
        let said = said();
        assert!(said.iter().any(|line| line.contains(level) && line.contains(words)), "{words}: {said:#?}");
    };
    has("warning", "nothing that renews it was found");
    // A timer of systemd: there, then set to start.
    let units = home.path().join(".config/systemd/user");
    std::fs::create_dir_all(units.join("timers.target.wants")).expect("a directory");
    let config = home.config();
    let service =
        format!("[Service]\nExecStart=/usr/bin/pluton storage refresh --all --rclone-config {}\n", config.display());
    std::fs::write(units.join("pluton-refresh.service"), &service).expect("a unit");
    has("warning", "is not started");
    std::fs::write(units.join("timers.target.wants/pluton-refresh.timer"), "").expect("a unit");
    has("ok", "renewed by ~/.config/systemd/user/pluton-refresh.service");
    // The same for another rclone.conf.
    std::fs::write(units.join("pluton-refresh.service"), service.replace("rclone.conf", "other.conf")).expect("a unit");
    has("warning", "nothing that renews it was found");
    // A crontab: one that may not be read, none, another's, and one that renews it.
    let crontab = |script: &str| {
        let path = home.path().join("bin/crontab");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a mode");
    };
    crontab("echo 'You are not allowed to use this program' >&2; exit 1");
    has("not_tested", "crontab -l");
    crontab("echo 'no crontab for me' >&2; exit 1");
    assert!(!said().iter().any(|line| line.contains("crontab -l")));
    crontab("echo '# 0 3 * * * pluton run \"My Box\" -- restic'; echo '0 3 * * * pluton run \"My Box 2\" -- restic'");
    has("warning", "nothing that renews it was found");
    crontab("echo '0 3 * * * pluton run \"My Box\" -- restic backup'");
    has("ok", "renewed by crontab");
}
