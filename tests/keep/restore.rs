//! `storage verify --restore` rehearses a backup and its restore with files of some megabytes.

use box_sandbox::{Fault, Sandbox};

use crate::life::{Life, with_each};
use crate::support::{interrupt, wait_for};

const MIB: u64 = 1 << 20;

/// Requests to Box of this method whose path ends so.
fn requests(life: &Life, method: &str, end: &str) -> usize {
    life.sandbox.requests().iter().filter(|r| r.method == method && r.path.ends_with(end)).count()
}

#[test]
fn a_backup_and_its_restore_are_rehearsed_in_one_line() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        let ran = life.pluton(&["storage", "verify", "Box", "--restore"]).ok();
        assert_eq!(ran.stdout.lines().count(), 1, "{ran:?}");
        for words in
            ["✓ Box: works, 3 folders, backup and restore both work (8 MiB up at ", "/s, down at ", " requests to Box)"]
        {
            assert!(ran.stdout.contains(words), "{ran:?}");
        }
        assert_eq!((requests(&life, "POST", "/files/content"), requests(&life, "GET", "/download")), (1, 1));
        assert_eq!(life.sandbox.files(), []);
        assert!(!life.home.files().iter().any(|path| path.contains("/staged/")), "{:?}", life.home.files());
    });
}

#[test]
fn the_document_has_what_was_measured_and_every_request_is_counted() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        // Whose account it is, and what it shows, is asked by any verify.
        life.pluton(&["storage", "verify", "Box"]).ok();
        let without = life.sandbox.requests().len();
        life.sandbox.clear_requests();
        let (code, document) = life.home.json(&["storage", "verify", "Box", "--restore"]);
        assert_eq!(code, 0, "{document}");
        let verified = &document["storages"][0]["verified"];
        assert_eq!(verified["written"], true, "{document}");
        let rehearsal = &verified["rehearsal"];
        assert_eq!(rehearsal["bytes"], 8 * MIB, "{document}");
        assert!(rehearsal["upload_ms"].as_u64() > Some(0) && rehearsal["download_ms"].as_u64() > Some(0), "{document}");
        assert_eq!(rehearsal["requests"], life.sandbox.requests().len() - without, "{document}");
        let (_, document) = life.home.json(&["storage", "verify", "Box", "--check-write"]);
        assert!(document["storages"][0]["verified"].get("rehearsal").is_none(), "{document}");
    });
}

#[test]
fn a_large_rehearsal_goes_up_in_parts_too() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        let (code, document) = life.home.json(&["storage", "verify", "Box", "--restore", "--large"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(document["storages"][0]["verified"]["rehearsal"]["bytes"], (8 + 51) * MIB, "{document}");
        assert_eq!(requests(&life, "POST", "/commit"), 1, "it was not uploaded in parts");
        assert_eq!(life.sandbox.files(), []);
        life.pluton(&["storage", "verify", "Box", "--large"]).fails(2);
    });
}

#[test]
fn an_interrupted_or_refused_rehearsal_leaves_nothing_in_box() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        // The file is in Box long before rclone hears of it.
        life.sandbox
            .fault(Fault::on("POST", "/api/2.0/files/content").delay(std::time::Duration::from_secs(2)).times(1));
        let child = life.home.start(&["storage", "verify", "Box", "--restore"]);
        wait_for("the file", || (!life.sandbox.files().is_empty()).then_some(()));
        interrupt(&child);
        assert_eq!(child.wait_with_output().expect("pluton ends").status.code(), Some(130));
        assert_eq!(life.sandbox.files(), []);
        life.sandbox.clear_faults();
        life.sandbox.fault(Fault::on("GET", "/d/").status(403));
        let ran = life.pluton(&["storage", "verify", "Box", "--restore"]).fails(8);
        assert!(!ran.stdout.contains("HTTP REQUEST") && !ran.stdout.contains("DEBUG"), "{ran:?}");
        assert_eq!(life.sandbox.files(), []);
    });
}

#[test]
fn a_file_that_comes_back_changed_is_no_backup() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        life.sandbox.fault(Fault::on("GET", "/d/").body("something else"));
        for kind in ["--restore", "--check-write"] {
            let ran = life.pluton(&["storage", "verify", "Box", kind]).fails(1);
            assert!(ran.stdout.contains("a file written to \"Box\" was different when read back"), "{ran:?}");
        }
        assert_eq!(life.sandbox.files(), []);
    });
}
