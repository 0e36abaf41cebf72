//! `storage verify --restore` rehearses a backup and its restore with files of some megabytes.

use box_sandbox::Fault;

use crate::support::{Machine, Ran, interrupt, until, with_each};

const MIB: u64 = 1 << 20;

/// Requests to Box of this method whose path ends so.
fn requests(m: &Machine, method: &str, end: &str) -> usize {
    m.sandbox.requests().iter().filter(|r| r.method == method && r.path.ends_with(end)).count()
}

#[test]
fn a_backup_and_its_restore_are_rehearsed_in_one_line() {
    with_each(|m| {
        m.quick("Box");
        let ran = m.pluton("storage verify Box --restore").ok();
        assert_eq!(ran.stdout.lines().count(), 1, "{ran:?}");
        let ran = ran.prints(["✓ Box: works, 3 folders, backup and restore both work (8 MiB up at ", "/s, down at "]);
        ran.prints(" requests to Box)");
        assert_eq!((requests(&m, "POST", "/files/content"), requests(&m, "GET", "/download")), (1, 1));
        assert_eq!(m.sandbox.files(), []);
        assert!(!m.files().iter().any(|path| path.contains("/staged/")), "{:?}", m.files());
    });
}

#[test]
fn the_document_has_what_was_measured_and_every_request_is_counted() {
    with_each(|m| {
        m.quick("Box");
        // Whose account it is, and what it shows, is asked by any verify.
        m.pluton("storage verify Box").ok();
        let without = m.sandbox.requests().len();
        m.sandbox.clear_requests();
        let document = m.json("storage verify Box --restore").done();
        let verified = &document["storages"][0]["verified"];
        assert_eq!(verified["written"], true, "{document}");
        let rehearsal = &verified["rehearsal"];
        assert_eq!(rehearsal["bytes"], 8 * MIB, "{document}");
        assert!(rehearsal["upload_ms"].as_u64() > Some(0) && rehearsal["download_ms"].as_u64() > Some(0), "{document}");
        assert_eq!(rehearsal["requests"], m.sandbox.requests().len() - without, "{document}");
        let document = m.json("storage verify Box --check-write").document();
        assert!(document["storages"][0]["verified"].get("rehearsal").is_none(), "{document}");
    });
}

#[test]
fn a_large_rehearsal_goes_up_in_parts_too() {
    with_each(|m| {
        m.quick("Box");
        let document = m.json("storage verify Box --restore --large").done();
        assert_eq!(document["storages"][0]["verified"]["rehearsal"]["bytes"], (8 + 51) * MIB, "{document}");
        assert_eq!(requests(&m, "POST", "/commit"), 1, "it was not uploaded in parts");
        assert_eq!(m.sandbox.files(), []);
        m.pluton("storage verify Box --large").fails(2);
    });
}

#[test]
fn an_interrupted_or_refused_rehearsal_leaves_nothing_in_box() {
    with_each(|m| {
        m.quick("Box");
        // The file is in Box long before rclone hears of it.
        m.sandbox.fault(Fault::on("POST", "/api/2.0/files/content").delay(std::time::Duration::from_secs(2)).times(1));
        let child = m.start("storage verify Box --restore");
        until("the file", || !m.sandbox.files().is_empty());
        interrupt(&child);
        Ran::from(child).fails(130);
        assert_eq!(m.sandbox.files(), []);
        m.sandbox.clear_faults();
        m.sandbox.fault(Fault::on("GET", "/d/").status(403));
        m.pluton("storage verify Box --restore").fails(8).omits(["HTTP REQUEST", "DEBUG"]);
        assert_eq!(m.sandbox.files(), []);
    });
}

#[test]
fn a_file_that_comes_back_changed_is_no_backup() {
    with_each(|m| {
        m.quick("Box");
        m.sandbox.fault(Fault::on("GET", "/d/").body("something else"));
        for kind in ["--restore", "--check-write"] {
            let ran = m.pluton(["storage", "verify", "Box", kind]).fails(1);
            ran.prints("a file written to \"Box\" was different when read back");
        }
        assert_eq!(m.sandbox.files(), []);
    });
}
