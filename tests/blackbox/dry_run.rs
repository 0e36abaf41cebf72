//! `--dry-run`: every answer is checked; nothing is written or started, and Box is not contacted.

use crate::bench::{Bench, ODD};

#[test]
fn a_rehearsal_touches_nothing_asks_no_one_and_shows_no_secret() {
    let bench = Bench::new();
    bench.home.log_children();
    let app = bench.sandbox.own_app();
    let token = bench.sandbox.mint(&app.client_id);
    let secret = bench.home.file("secret", &app.client_secret);
    let before = bench.home.files();
    let args =
        ["own", "--client-id", &app.client_id, "--client-secret-file", &secret, "--description", "mine", "--dry-run"];
    let secrets = [&app.client_secret, &token.access, &token.refresh];
    let ran = bench.add(&token, &args).ok().keeps(&secrets);
    for line in ["[own]", "type = box", "description = mine"] {
        assert!(ran.stdout.lines().any(|shown| shown.trim() == line), "{line}: {ran:?}");
    }
    let ran = bench.add(&token, &[&args[..], &["--json"]].concat()).ok().keeps(&secrets);
    let document = ran.document();
    assert_eq!((document["outcome"].as_str(), &document["changed"]), (Some("dry_run"), &false.into()), "{document}");
    assert_eq!(document["verified"]["listed"], false);
    assert_eq!(document["storage"]["options"]["description"], "mine");
    assert_eq!(bench.home.files(), before);
    assert!(!bench.home.path().join(".config").exists() && !bench.home.path().join(".local").exists());
    assert!(bench.home.children().is_empty());
    assert!(bench.sandbox.requests().is_empty());
    assert!(bench.sandbox.is_live_refresh(&token.refresh));
}

#[test]
fn a_rehearsal_of_each_sign_in_asks_box_nothing() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.log_children();
    let jwt = bench.sandbox.jwt_app();
    let secret = bench.home.file("secret", "verysecret");
    for args in [
        &["--box-config-file", jwt.config_file.to_str().expect("UTF-8")][..],
        &["--client-credentials", "--box-subject", "user:1", "--client-id", "abc", "--client-secret-file", &secret],
        &["--access-token-file", &secret],
        &["--authorize"],
    ] {
        let args = [&["storage", "add", "box", "Box", "--dry-run", "--json"], args].concat();
        let ran = bench.home.pluton(&args).ok().keeps(&["verysecret", &jwt.client_secret]);
        assert_eq!(ran.document()["outcome"], "dry_run");
    }
    assert_eq!(bench.home.config_text(), ODD);
    assert!(bench.home.children().is_empty());
    assert!(bench.sandbox.requests().is_empty());
}

#[test]
fn a_rehearsal_finds_the_same_faults_as_the_real_thing() {
    let bench = Bench::new();
    bench.refused(|bench| bench.add_text("{", &["Box", "--dry-run", "--json"]), 6, "token_invalid");
    bench.refused(|bench| bench.add(&bench.token(), &["a:b", "--dry-run", "--json"]), 2, "invalid_value");
    bench.refused(
        |bench| bench.add(&bench.token(), &["Box", "--list-chunk", "0", "--dry-run", "--json"]),
        2,
        "invalid_value",
    );
    bench.add(&bench.token(), &["Box"]).ok();
    bench.home.write_config(&format!("{}\n[team.backups]\ntype = box\n", bench.home.config_text()));
    bench.refused(|bench| bench.add(&bench.token(), &["Box", "--dry-run", "--json"]), 5, "storage_exists");
    bench.refused(|bench| bench.add(&bench.token(), &["team", "--dry-run", "--json"]), 2, "invalid_value");
    let browser = ["storage", "add", "box", "Box", "--authorize", "--dry-run", "--json"];
    bench.refused(|bench| bench.home.pluton(&browser), 5, "storage_exists");
    bench.add(&bench.token(), &["Box", "--dry-run", "--force"]).ok();
}
