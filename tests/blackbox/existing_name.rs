//! Adding a name that exists already: it is left alone, or replaced only once the new one is verified; if nothing
//! changes, nothing is done.

use std::fs;
use std::time::SystemTime;

use crate::bench::{Bench, ODD, with_each};

fn changed_at(bench: &Bench) -> SystemTime {
    fs::metadata(bench.home.config()).and_then(|data| data.modified()).expect("rclone.conf")
}

#[test]
fn a_taken_name_is_exit_5_and_asks_box_nothing() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.log_children();
    for name in ["s3", "local"] {
        let token = bench.token();
        let error = bench.refused(|bench| bench.add(&token, &[name, "--json"]), 5, "storage_exists");
        assert!(error["remedy"].to_string().contains("--force"), "{error}");
        assert!(bench.sandbox.is_live_refresh(&token.refresh));
    }
    assert!(bench.home.children().is_empty());
    bench.add(&bench.token(), &["S3"]).ok();
}

#[test]
fn force_replaces_once_the_new_one_is_proven() {
    with_each(|bench| {
        bench.home.write_config(
            "[a]\ntype = local\n\n[Box]\ntype = box\nroot_folder_id = 7\ntoken = {}\n\n[z]\ntype = local\n",
        );
        let (code, document) = bench.add_json(&bench.token(), &["Box", "--force"]);
        assert_eq!((code, document["outcome"].as_str()), (0, Some("replaced")), "{document}");
        assert!(bench.home.dump()["Box"]["root_folder_id"].is_null());
        assert!(bench.home.config_text().starts_with("[a]\ntype = local\n\n[Box]\n"));
        assert!(bench.home.config_text().ends_with("\n[z]\ntype = local\n"));
        bench.works_after_an_hour("Box");
    });
}

#[test]
fn force_keeps_the_old_one_where_the_new_one_fails() {
    with_each(|bench| {
        let good = bench.token();
        bench.add(&good, &["Box"]).ok();
        bench.home.write_config(&format!("{ODD}\r\n{}", bench.home.config_text()));
        bench.refused(|bench| bench.add(&good, &["Box", "--force", "--json"]), 6, "refresh_token_invalid");
        bench.works_after_an_hour("Box");
    });
}

#[test]
fn force_replaces_a_remote_of_another_kind_too() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.add(&bench.token(), &["s3", "--force"]).ok();
    assert_eq!(bench.home.dump()["s3"]["type"], "box");
    assert!(bench.home.dump()["s3"]["provider"].is_null());
    bench.works_after_an_hour("s3");
}

#[test]
fn the_very_same_again_changes_nothing_and_asks_no_one() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let token = bench.token();
    let args = ["Box", "--no-refresh-check", "--description", "mine"];
    bench.add(&token, &args).ok();
    let (text, at) = (bench.home.config_text(), changed_at(&bench));
    bench.sandbox.clear_requests();
    bench.home.log_children();
    for more in [&[][..], &["--force"], &["--no-verify"]] {
        let (code, document) = bench.add_json(&token, &[&args[..], more].concat());
        assert_eq!((code, document["outcome"].as_str()), (0, Some("unchanged")), "{document}");
        assert_eq!(document["changed"], false);
    }
    let ran = bench.add(&token, &args).ok();
    assert!(ran.stdout.contains("Unchanged"), "{ran:?}");
    assert_eq!((bench.home.config_text(), changed_at(&bench)), (text, at));
    assert!(bench.home.children().is_empty());
    assert!(bench.sandbox.requests().is_empty());
    // A different option counts as a change.
    bench.add(&token, &["Box", "--no-refresh-check", "--description", "yours"]).fails(5);
}

#[test]
fn a_service_account_that_is_there_already_is_unchanged() {
    let bench = Bench::new();
    let app = bench.sandbox.jwt_app();
    let args = ["storage", "add", "box", "svc", "--box-config-file", app.config_file.to_str().expect("UTF-8")];
    bench.home.pluton(&args).ok();
    let text = bench.home.config_text();
    let (code, document) = bench.home.json(&args);
    assert_eq!((code, document["outcome"].as_str()), (0, Some("unchanged")), "{document}");
    assert_eq!(bench.home.config_text(), text);
}
