//! `verify --check-write` reads its file back even though Box serves downloads from another host and a new file is not ready
//! at once.

use crate::support::with_each;

#[test]
fn downloads_that_a_firewall_blocks_are_found_before_a_restore_needs_them() {
    with_each(|m| {
        m.quick("Box");
        m.sandbox.change(|settings| settings.blocked_host = Some("dl.boxcloud.com"));
        m.pluton("storage verify Box").ok();
        let error = m.json("storage verify Box --check-write").refused(8, "network");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("written but not read back: dl.boxcloud.com"), "{error}");
        assert!(error["remedy"][0].as_str().is_some_and(|words| words.contains("*.boxcloud.com")), "{error}");
        assert_eq!(m.sandbox.files(), [], "the small file is deleted again");
        let ran = m.pluton("doctor").fails(1);
        ran.prints(["✗ network: dl.boxcloud.com", "*.boxcloud.com", "✓ network: account.box.com answers"]);
    });
}

#[test]
fn a_fresh_file_that_is_not_ready_is_asked_for_again() {
    with_each(|m| {
        m.quick("Box");
        m.sandbox.change(|settings| settings.fresh_files_wait = 2);
        m.pluton("storage verify Box --check-write").ok().prints("writable");
        assert_eq!(m.sandbox.files(), []);
    });
}
