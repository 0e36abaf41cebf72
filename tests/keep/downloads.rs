//! `verify --check-write` reads its file back even though Box serves downloads from another host and a new file is not ready
//! at once.

use box_sandbox::Sandbox;

use crate::life::with_each;

#[test]
fn downloads_that_a_firewall_blocks_are_found_before_a_restore_needs_them() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        life.sandbox.change(|settings| settings.blocked_host = Some("dl.boxcloud.com"));
        life.pluton(&["storage", "verify", "Box"]).ok();
        let (code, document) = life.home.json(&["storage", "verify", "Box", "--check-write"]);
        let error = &document["storages"][0]["error"];
        assert_eq!((code, error["code"].as_str()), (8, Some("network")), "{document}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("written but not read back: dl.boxcloud.com"), "{document}");
        assert!(error["remedy"][0].as_str().is_some_and(|words| words.contains("*.boxcloud.com")), "{document}");
        assert_eq!(life.sandbox.files(), [], "the small file is deleted again");
        let ran = life.pluton(&["doctor"]).fails(1);
        assert!(ran.stdout.contains("✗ network: dl.boxcloud.com") && ran.stdout.contains("*.boxcloud.com"), "{ran:?}");
        assert!(ran.stdout.contains("✓ network: account.box.com answers"), "{ran:?}");
    });
}

#[test]
fn a_fresh_file_that_is_not_ready_is_asked_for_again() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        life.sandbox.change(|settings| settings.fresh_files_wait = 2);
        let ran = life.pluton(&["storage", "verify", "Box", "--check-write"]).ok();
        assert!(ran.stdout.contains("writable"), "{ran:?}");
        assert_eq!(life.sandbox.files(), []);
    });
}
