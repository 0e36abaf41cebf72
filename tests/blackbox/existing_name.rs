//! Adding a name that exists already: it is left alone, or replaced only once the new one is verified; if nothing
//! changes, nothing is done.

use std::fs;
use std::time::SystemTime;

use serde_json::json;

use crate::ODD;
use crate::support::{Args, Machine, with_each};

fn changed_at(m: &Machine) -> SystemTime {
    fs::metadata(m.config()).and_then(|data| data.modified()).expect("rclone.conf")
}

#[test]
fn a_taken_name_is_exit_5_and_asks_box_nothing() {
    let m = Machine::new();
    m.write_config(ODD);
    m.log_children();
    for name in ["s3", "local"] {
        let token = m.mint();
        let error = m.refuses(|| m.add(&token, [name, "--json"]), 5, "storage_exists");
        assert!(error["remedy"].to_string().contains("--force"), "{error}");
        assert!(m.sandbox.is_live_refresh(&token.refresh));
    }
    assert!(m.children().is_empty());
    m.add(&m.mint(), "S3").ok();
}

#[test]
fn force_replaces_once_the_new_one_is_proven() {
    with_each(|m| {
        m.write_config("[a]\ntype = local\n\n[Box]\ntype = box\nroot_folder_id = 7\ntoken = {}\n\n[z]\ntype = local\n");
        m.add_json(&m.mint(), "Box --force").holds(&json!({ "outcome": "replaced" }));
        assert!(m.dump()["Box"]["root_folder_id"].is_null());
        assert!(m.config_text().starts_with("[a]\ntype = local\n\n[Box]\n"));
        assert!(m.config_text().ends_with("\n[z]\ntype = local\n"));
        m.works_after_an_hour("Box");
    });
}

#[test]
fn force_keeps_the_old_one_where_the_new_one_fails() {
    with_each(|m| {
        let good = m.mint();
        m.add(&good, "Box").ok();
        m.write_config(&format!("{ODD}\r\n{}", m.config_text()));
        m.refuses(|| m.add(&good, "Box --force --json"), 6, "refresh_token_invalid");
        m.works_after_an_hour("Box");
    });
}

#[test]
fn force_replaces_a_remote_of_another_kind_too() {
    let m = Machine::new();
    m.write_config(ODD);
    m.add(&m.mint(), "s3 --force").ok();
    assert_eq!(m.dump()["s3"]["type"], "box");
    assert!(m.dump()["s3"]["provider"].is_null());
    m.works_after_an_hour("s3");
}

#[test]
fn the_very_same_again_changes_nothing_and_asks_no_one() {
    let m = Machine::new();
    m.write_config(ODD);
    let token = m.mint();
    let args = "Box --no-refresh-check --description mine";
    m.add(&token, args).ok();
    let (text, at) = (m.config_text(), changed_at(&m));
    m.sandbox.clear_requests();
    m.log_children();
    for more in ["", "--force", "--no-verify"] {
        m.add_json(&token, args.and(more)).holds(&json!({ "outcome": "unchanged", "changed": false }));
    }
    m.add(&token, args).ok().prints("Unchanged");
    assert_eq!((m.config_text(), changed_at(&m)), (text, at));
    m.did_nothing();
    // A different option counts as a change.
    m.add(&token, "Box --no-refresh-check --description yours").fails(5);
}

#[test]
fn a_service_account_that_is_there_already_is_unchanged() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app();
    m.add_jwt(&app, "svc").ok();
    let text = m.config_text();
    m.add_jwt(&app, "svc --json").holds(&json!({ "outcome": "unchanged" }));
    assert_eq!(m.config_text(), text);
}
