//! `pluton doctor` reports nothing on a healthy machine, and on a broken one what is wrong and how to fix it.

use box_sandbox::rclone;
use serde_json::Value as Json;

use crate::support::{Args, Machine, with_each};

fn findings(m: &Machine, args: impl Args) -> (i32, Vec<Json>) {
    let ran = m.json("doctor".and(args));
    (ran.code, ran.document()["findings"].as_array().expect("findings").clone())
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

/// There is a warning or an error that begins so and says this.
#[track_caller]
fn tells(found: &[Json], about: &str, says: &str) {
    assert!(wrong(found).iter().any(|line| line.starts_with(about) && line.contains(says)), "{about}: {found:#?}");
}

fn healthy(m: Machine) -> Machine {
    m.add(&m.mint(), "work").ok();
    m
}

#[test]
fn a_healthy_home_has_nothing_wrong() {
    let _port = box_sandbox::authorize_port();
    with_each(|m| {
        let m = healthy(m);
        let before = m.files();
        let (code, found) = findings(&m, "");
        assert_eq!((code, wrong(&found)), (0, Vec::new()));
        assert_eq!(m.pluton("doctor --quiet").ok().stdout, "");
        assert_eq!(m.files(), before, "it changes nothing");
    });
}

#[test]
fn it_says_that_renewal_was_not_tested_and_what_tests_it() {
    let m = healthy(Machine::new());
    let untested = |found: &[Json]| found.iter().find(|finding| finding["level"] == "not_tested").cloned();
    let (code, found) = findings(&m, "--offline --strict");
    let untested_here = untested(&found).expect("something is not tested");
    assert_eq!((code, &untested_here["remedy"][0]), (0, &"pluton storage verify --all --renew".into()));
    // A developer token has nothing to renew.
    m.write_config("[b]\ntype = box\naccess_token = a\n");
    assert_eq!(untested(&findings(&m, "--offline").1), None);
}

#[test]
fn offline_it_asks_no_one() {
    let m = healthy(Machine::new());
    m.sandbox.clear_requests();
    findings(&m, "--offline");
    assert!(m.sandbox.requests().is_empty());
}

#[test]
fn each_thing_that_is_broken_is_named_with_a_remedy() {
    let spent = r#"{"access_token":"tok-secret-a","refresh_token":"tok-secret-r","expiry":"2020-01-01T00:00:00Z"}"#;
    for (keys, about, says) in [
        ("", "b", "no token"),
        ("token = {\"access_token\":\"tok-secret-a\"}", "b", "no refresh token"),
        ("token = SPENT", "b", "60 days"),
        ("client_id = x\ntoken = SPENT", "b", "no client_secret"),
        ("token = SPENT\n[c]\ntype = box\ntoken = SPENT", "c", "shares its refresh token"),
        ("list_chunk = 5000\ntoken = SPENT", "b", "list_chunk"),
        ("box_config_file = /nowhere/c.json\nbox_sub_type = enterprise", "b", "cannot be read"),
        ("box_config_file = ~/c.json", "b", "is not an absolute path"),
        ("client_credentials = true\nclient_id = x\nclient_secret = tok-secret-s", "b", "subject"),
        ("access_token = tok-secret-a", "b", "60 minutes"),
        ("token = `open", "rclone.conf", "line 3"),
    ] {
        let m = Machine::new();
        let config = format!("[b]\ntype = box\n{}\n", keys.replace("SPENT", spent));
        m.write_config(&config);
        let (code, found) = findings(&m, "--offline");
        let is_error = found.iter().any(|finding| finding["level"] == "error");
        assert_eq!(code, i32::from(is_error), "{config}");
        assert_eq!(findings(&m, "--offline --strict").0, 1, "{config}");
        tells(&found, about, says);
        assert!(found.iter().filter(|f| !is_fine(f)).all(|f| f["remedy"].is_array()), "{found:#?}");
        m.pluton("doctor --offline").omits("tok-secret");
    }
}

#[test]
fn a_copy_of_a_token_in_another_rclone_conf_is_found() {
    let m = healthy(Machine::new());
    m.file(".rclone.conf", &m.config_text().replace("[work]", "[copy]"));
    let (code, found) = findings(&m, "--offline");
    assert_eq!(code, 1);
    tells(&found, r#"work: it shares its refresh token with "copy" in ~/.rclone.conf"#, "");
}

#[test]
fn what_others_can_read_and_what_masks_is_named_without_its_value() {
    let mut m = healthy(Machine::new());
    m.chmod(m.config(), 0o644);
    m.set("RCLONE_BOX_TOKEN", "tok-secret-env");
    m.pluton("doctor --offline --strict").fails(1);
    m.pluton("doctor --offline").ok().prints(["RCLONE_BOX_TOKEN", "chmod 600"]).omits("tok-secret");
}

#[test]
fn a_clock_that_is_off_is_measured() {
    let m = healthy(Machine::new());
    m.sandbox.change(|settings| settings.clock_skew = 300);
    let (code, found) = findings(&m, "");
    assert_eq!(code, 1);
    tells(&found, "clock", "behind");
}

#[test]
fn an_rclone_that_is_missing_and_a_network_that_is_not_there_are_named() {
    let mut m = healthy(Machine::new());
    m.set("PLUTON_RCLONE", "/nowhere/rclone")
        .set("HTTPS_PROXY", "http://127.0.0.1:1")
        .set("https_proxy", "http://127.0.0.1:1");
    let (code, found) = findings(&m, "");
    assert_eq!(code, 1);
    tells(&found, "rclone: ", "/nowhere/rclone");
    tells(&found, "network: api.box.com", "the proxy in HTTPS_PROXY");
    let quiet = m.pluton("doctor --quiet").fails(1).stdout;
    assert!(quiet.contains("/nowhere/rclone") && !quiet.contains('✓'), "{quiet}");
    // Nobody is sent from here to here.
    assert!(!found.iter().any(|finding| finding["remedy"].to_string().contains("pluton doctor")), "{found:#?}");
}

#[test]
fn a_name_that_rclone_does_not_accept_is_found_before_a_backup_fails() {
    with_each(|m| {
        let refused = |name: &str| {
            m.write_config("");
            m.quick(name);
            wrong(&findings(&m, "--offline").1).into_iter().find(|line| line.starts_with(&format!("{name}: ")))
        };
        assert!(refused("Box (work)").is_some_and(|line| line.contains("does not accept `(`")));
        assert_eq!(refused("Büro").is_none(), m.rclone == rclone::newest(), "{}", m.rclone.display());
        assert_eq!(refused("My Box"), None);
    });
}

/// A hotel's page answers whatever is asked, and with a certificate that this machine was told to trust.
#[test]
fn a_login_page_of_the_network_is_not_taken_for_box() {
    let m = healthy(Machine::new());
    for status in [200, 302, 511] {
        let page = box_sandbox::Fault::on("*", "/").status(status).body("<html>Sign in</html>");
        m.sandbox.fault(page.header("Content-Type", "text/html").header("Location", "https://api.box.com/login"));
        tells(&findings(&m, "").1, "network: api.box.com", "something other than Box");
        m.sandbox.clear_faults();
    }
}

#[test]
fn fix_makes_rclone_conf_private_only_when_told_to() {
    let _port = box_sandbox::authorize_port();
    let m = healthy(Machine::new());
    m.chmod(m.config(), 0o644);
    let error = m.json("doctor --offline --fix").refused(2, "input_required");
    assert!(error["remedy"].to_string().contains("--yes"), "{error}");
    assert_eq!(m.mode(m.config()), 0o644);
    let (code, found) = findings(&m, "--offline --fix --yes");
    assert_eq!((code, wrong(&found)), (0, Vec::new()));
    assert!(found.iter().any(|finding| finding["about"] == "fixed"), "{found:#?}");
    assert_eq!(m.mode(m.config()), 0o600);
    let before = m.files();
    let (code, found) = findings(&m, "--offline --fix");
    assert_eq!((code, m.files()), (0, before), "there is nothing to agree to: {found:#?}");
}

#[test]
fn fix_removes_only_those_leftovers_that_hold_nothing_more() {
    let m = healthy(Machine::new());
    let text = m.config_text();
    let beside = |name: &str, text: &str| {
        m.file(&format!(".config/rclone/{name}"), text);
        let file = std::fs::File::options().write(true).open(m.at(".config/rclone").join(name));
        let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        file.and_then(|file| file.set_modified(old)).expect("an hour ago");
    };
    beside("rclone.conf101", &text[..text.len() / 2]);
    beside("rclone.conf102", &text);
    beside(".rclone.conf.pluton-draft-x", &text[..9]);
    beside(".rclone.conf.pluton-1-2-x", "[lost]\ntype = local\n");
    beside("rclone.conf103", "[other]\ntype = local\n");
    beside("rclone.conf.old", &text);
    m.pluton("doctor --offline --fix --yes");
    let left: Vec<String> = m.files().into_iter().filter(|file| file.contains("rclone.conf")).collect();
    let names = ["rclone.conf", "rclone.conf.old", "rclone.conf103"];
    assert_eq!(left, names.map(|name| format!(".config/rclone/{name}")));
    assert_eq!(m.config_text(), format!("{}\n\n[lost]\ntype = local\n", text.trim_end()));
    tells(&findings(&m, "--offline").1, "", "rclone.conf103");
}

#[test]
fn whether_anything_renews_what_rclone_cannot_is_seen() {
    let m = Machine::new();
    m.add_jwt(&m.sandbox.jwt_app(), "'My Box'").ok();
    let said = || -> Vec<String> {
        let (code, found) = findings(&m, "--offline");
        assert_eq!(code, 0, "{found:#?}");
        found.iter().map(|finding| format!("{} {}", finding["level"], finding["message"])).collect()
    };
    let has = |level: &str, words: &str| {
        let said = said();
        assert!(said.iter().any(|line| line.contains(level) && line.contains(words)), "{words}: {said:#?}");
    };
    has("warning", "nothing that renews it was found");
    // A timer of systemd: there, then set to start.
    let unit = |name: &str, text: &str| m.file(&format!(".config/systemd/user/{name}"), text);
    let command = format!("/usr/bin/pluton storage refresh --all --rclone-config {}", m.config().display());
    let service = format!("[Service]\nExecStart={command}\n");
    unit("pluton-refresh.service", &service);
    has("warning", "is not started");
    unit("timers.target.wants/pluton-refresh.timer", "");
    has("ok", "renewed by ~/.config/systemd/user/pluton-refresh.service");
    // The same for another rclone.conf.
    unit("pluton-refresh.service", &service.replace("rclone.conf", "other.conf"));
    has("warning", "nothing that renews it was found");
    // A crontab: one that may not be read, none, another's, and one that renews it.
    let crontab = |script: &str| {
        m.script("crontab", script);
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
