//! `storage remove` removes nothing by mistake, and with `--revoke` also ends the sign-in at Box.

use box_sandbox::Fault;

use serde_json::json;

use crate::support::{Machine, with_each};

#[test]
fn it_asks_first() {
    let m = Machine::new();
    m.quick("Box");
    m.quick("other");
    let before = m.config_text();
    m.pluton("storage remove Box").fails(2).says("--yes");
    assert_eq!(m.config_text(), before);
    m.pluton("storage remove nobody --yes").fails(4);
    m.json("storage remove Box --yes").holds(&json!({ "outcome": "removed", "name": "Box" }));
    let (_, rest) = before.split_once("[other]").expect("it");
    assert_eq!(m.config_text(), format!("[other]{rest}"));
    assert_eq!(m.sandbox.requests().len(), 0);
}

#[test]
fn what_depends_on_it_is_named() {
    let m = Machine::new();
    m.quick("Box");
    m.section("Box.kid", "root_folder_id = 0");
    let text = m.config_text();
    m.write_config(&format!("{text}[secret]\ntype = crypt\nremote = Box:x\n"));
    let before = m.config_text();
    m.pluton("storage remove Box --yes").fails(2).says(["secret, Box.kid", "--force"]);
    assert_eq!(m.config_text(), before);
    let document = m.json("storage remove Box --yes --force").done();
    assert_eq!(document["references"].to_string().as_str(), r#"["secret","Box.kid"]"#, "{document}");
    assert!(!m.config_text().contains("[Box]\n"));
}

#[test]
fn revoke_ends_the_sign_in_at_box() {
    with_each(|m| {
        let (_, token) = m.own_app("Own");
        m.jwt("JWT");
        m.client_credentials("CCG");
        m.pluton("storage refresh JWT CCG").ok();
        for name in ["Own", "JWT", "CCG"] {
            let access = m.access_token_of(name);
            m.json(["storage", "remove", name, "--yes", "--revoke"]).holds(&json!({ "revoked": true }));
            assert!(!m.sandbox.is_live_access(&access), "{name}");
        }
        assert!(!m.sandbox.is_live_refresh(&token.refresh));
        assert_eq!(m.config_text().trim(), "");
    });
}

#[test]
fn what_cannot_be_revoked_is_said_and_goes_all_the_same() {
    let m = Machine::new();
    let token = m.quick("Quick");
    m.pluton("storage remove Quick --yes --revoke").ok().says(["could not be revoked at Box", "Account Settings"]);
    assert!(m.sandbox.is_live_refresh(&token.refresh));
    m.own_app("Own");
    m.sandbox.fault(Fault::on("POST", "/oauth2/revoke").status(503));
    m.json("storage remove Own --yes --revoke")
        .holds(&json!({ "revoked": false, "warnings": [{ "code": "not_revoked" }] }));
    assert_eq!(m.config_text().trim(), "");
}

#[test]
fn several_go_at_once_and_each_is_told_of() {
    let m = Machine::new();
    m.own_app("Own");
    m.quick("Quick");
    m.quick("stays");
    let before = m.config_text();
    m.pluton("storage remove Own nobody --yes").fails(4);
    m.pluton("storage remove Own Quick").fails(2);
    assert_eq!(m.config_text(), before);
    let document = m.json("storage remove Own Quick Own --yes --revoke").done();
    let storages = document["storages"].as_array().expect("storages");
    let told: Vec<_> = storages.iter().map(|each| (&each["name"], &each["outcome"], &each["revoked"])).collect();
    let removed = "removed".into();
    let told_of = [(&"Own".into(), &removed, &true.into()), (&"Quick".into(), &removed, &false.into())];
    assert_eq!(told, told_of, "{document}");
    assert_eq!(storages[1]["warnings"][0]["code"], "not_revoked");
    assert!(m.config_text().starts_with("[stays]\n"), "{}", m.config_text());
}

#[test]
fn what_goes_together_may_depend_on_each_other() {
    let m = Machine::new();
    m.quick("Box");
    m.section("Box.kid", "root_folder_id = 0");
    m.pluton("storage remove Box --yes").fails(2);
    m.pluton("storage remove Box Box.kid --yes").ok();
    assert_eq!(m.config_text().trim(), "");
}
