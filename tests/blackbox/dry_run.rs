//! `--dry-run`: every answer is checked; nothing is written or started, and Box is not contacted.

use crate::ODD;
use crate::support::{Args, Machine};

#[test]
fn a_rehearsal_touches_nothing_asks_no_one_and_shows_no_secret() {
    let m = Machine::new();
    m.log_children();
    let app = m.sandbox.own_app();
    let token = m.sandbox.mint(&app.client_id);
    let args = "own --description mine --dry-run".and(m.app_args(&app));
    let before = m.files();
    let secrets = [&app.client_secret, &token.access, &token.refresh];
    let ran = m.add(&token, &args).ok().omits(secrets);
    for line in ["[own]", "type = box", "description = mine", "token = (hidden)"] {
        assert!(ran.stdout.lines().any(|shown| shown.trim() == line), "{line}: {ran:?}");
    }
    let ran = m.add(&token, args.and("--json")).ok().omits(secrets);
    let document = ran.document();
    assert_eq!((document["outcome"].as_str(), &document["changed"]), (Some("dry_run"), &false.into()), "{document}");
    assert_eq!(document["verified"]["listed"], false);
    assert_eq!(document["storage"]["options"]["description"], "mine");
    assert_eq!(m.files(), before);
    assert!(!m.exists(".config") && !m.exists(".local"));
    m.did_nothing();
    assert!(m.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn a_rehearsal_of_each_sign_in_asks_box_nothing() {
    let m = Machine::new();
    m.write_config(ODD);
    m.log_children();
    let jwt = m.sandbox.jwt_app();
    m.file("secret", "verysecret");
    for args in [
        &["--box-config-file", jwt.config_file.to_str().expect("UTF-8")][..],
        &["--client-credentials", "--box-subject", "user:1", "--client-id", "abc", "--client-secret-file", "secret"],
        &["--access-token-file", "secret"],
        &["--authorize"],
    ] {
        let args = "storage add box Box --dry-run --json".and(args);
        let ran = m.pluton(&args).ok().omits(["verysecret", &jwt.client_secret]);
        assert_eq!(ran.document()["outcome"], "dry_run");
    }
    assert_eq!(m.config_text(), ODD);
    m.did_nothing();
}

#[test]
fn a_rehearsal_finds_the_same_faults_as_the_real_thing() {
    let m = Machine::new();
    m.refuses(|| m.add_text("{", "Box --dry-run --json"), 6, "token_invalid");
    m.refuses(|| m.add(&m.mint(), "a:b --dry-run --json"), 2, "invalid_value");
    m.refuses(|| m.add(&m.mint(), "Box --list-chunk 0 --dry-run --json"), 2, "invalid_value");
    m.add(&m.mint(), "Box").ok();
    m.write_config(&format!("{}\n[team.backups]\ntype = box\n", m.config_text()));
    m.refuses(|| m.add(&m.mint(), "Box --dry-run --json"), 5, "storage_exists");
    m.refuses(|| m.add(&m.mint(), "team --dry-run --json"), 2, "invalid_value");
    let browser = "storage add box Box --authorize --dry-run --json";
    m.refuses(|| m.pluton(browser), 5, "storage_exists");
    m.add(&m.mint(), "Box --dry-run --force").ok();
}
