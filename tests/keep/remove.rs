//! `storage remove` removes nothing by mistake, and with `--revoke` also ends the sign-in at Box.

use box_sandbox::{Fault, Sandbox};

use crate::life::{Life, with_each};

#[test]
fn it_asks_first() {
    let life = Life::new();
    life.quick("Box");
    life.quick("other");
    let before = life.home.config_text();
    let ran = life.pluton(&["storage", "remove", "Box"]).fails(2);
    assert!(ran.stderr.contains("--yes"), "{ran:?}");
    assert_eq!(life.home.config_text(), before);
    life.pluton(&["storage", "remove", "nobody", "--yes"]).fails(4);
    let (code, document) = life.home.json(&["storage", "remove", "Box", "--yes"]);
    assert_eq!((code, &document["outcome"], &document["name"]), (0, &"removed".into(), &"Box".into()));
    let (_, rest) = before.split_once("[other]").expect("it");
    assert_eq!(life.home.config_text(), format!("[other]{rest}"));
    assert_eq!(life.sandbox.requests().len(), 0);
}

#[test]
fn what_depends_on_it_is_named() {
    let life = Life::new();
    life.quick("Box");
    life.section("Box.kid", "root_folder_id = 0");
    let text = life.home.config_text();
    life.home.write_config(&format!("{text}[secret]\ntype = crypt\nremote = Box:x\n"));
    let before = life.home.config_text();
    let ran = life.pluton(&["storage", "remove", "Box", "--yes"]).fails(2);
    assert!(ran.stderr.contains("secret, Box.kid") && ran.stderr.contains("--force"), "{ran:?}");
    assert_eq!(life.home.config_text(), before);
    let (code, document) = life.home.json(&["storage", "remove", "Box", "--yes", "--force"]);
    assert_eq!((code, document["references"].to_string().as_str()), (0, r#"["secret","Box.kid"]"#), "{document}");
    assert!(!life.home.config_text().contains("[Box]\n"));
}

#[test]
fn revoke_ends_the_sign_in_at_box() {
    with_each(Sandbox::start, |life| {
        let (_, token) = life.own_app("Own");
        life.jwt("JWT");
        life.client_credentials("CCG");
        life.pluton(&["storage", "refresh", "JWT", "CCG"]).ok();
        for name in ["Own", "JWT", "CCG"] {
            let access = life.home.token(name)["access_token"].as_str().expect("a token").to_owned();
            let (code, document) = life.home.json(&["storage", "remove", name, "--yes", "--revoke"]);
            assert_eq!((code, &document["revoked"]), (0, &true.into()), "{document}");
            assert!(!life.sandbox.is_live_access(&access), "{name}");
        }
        assert!(!life.sandbox.is_live_refresh(&token.refresh));
        assert_eq!(life.home.config_text().trim(), "");
    });
}

#[test]
fn what_cannot_be_revoked_is_said_and_goes_all_the_same() {
    let life = Life::new();
    let token = life.quick("Quick");
    let ran = life.pluton(&["storage", "remove", "Quick", "--yes", "--revoke"]).ok();
    assert!(ran.stderr.contains("could not be revoked at Box") && ran.stderr.contains("Account Settings"), "{ran:?}");
    assert!(life.sandbox.is_live_refresh(&token.refresh));
    life.own_app("Own");
    life.sandbox.fault(Fault::on("POST", "/oauth2/revoke").status(503));
    let (code, document) = life.home.json(&["storage", "remove", "Own", "--yes", "--revoke"]);
    assert_eq!((code, &document["revoked"]), (0, &false.into()), "{document}");
    assert_eq!(document["warnings"][0]["code"], "not_revoked");
    assert_eq!(life.home.config_text().trim(), "");
}

#[test]
fn several_go_at_once_and_each_is_told_of() {
    let life = Life::new();
    life.own_app("Own");
    life.quick("Quick");
    life.quick("stays");
    let before = life.home.config_text();
    life.pluton(&["storage", "remove", "Own", "nobody", "--yes"]).fails(4);
    life.pluton(&["storage", "remove", "Own", "Quick"]).fails(2);
    assert_eq!(life.home.config_text(), before);
    let (code, document) = life.home.json(&["storage", "remove", "Own", "Quick", "Own", "--yes", "--revoke"]);
    let storages = document["storages"].as_array().expect("storages");
    let told: Vec<_> = storages.iter().map(|each| (&each["name"], &each["outcome"], &each["revoked"])).collect();
    let removed = "removed".into();
    let told_of = [(&"Own".into(), &removed, &true.into()), (&"Quick".into(), &removed, &false.into())];
    assert_eq!((code, told.as_slice()), (0, &told_of[..]), "{document}");
    assert_eq!(storages[1]["warnings"][0]["code"], "not_revoked");
    assert!(life.home.config_text().starts_with("[stays]\n"), "{}", life.home.config_text());
}

#[test]
fn what_goes_together_may_depend_on_each_other() {
    let life = Life::new();
    life.quick("Box");
    life.section("Box.kid", "root_folder_id = 0");
    life.pluton(&["storage", "remove", "Box", "--yes"]).fails(2);
    life.pluton(&["storage", "remove", "Box", "Box.kid", "--yes"]).ok();
    assert_eq!(life.home.config_text().trim(), "");
}
