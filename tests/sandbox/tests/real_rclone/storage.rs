//! Files and folders: rclone uploads, lists, downloads, moves and deletes them.

use box_sandbox::{Account, RCLONE_CLIENT_ID, Sandbox};

use crate::support::{Bench, USERS_ME, get, with_each};

/// Bytes without a pattern that a lost or doubled block could hide in.
fn bytes(size: usize) -> Vec<u8> {
    let mut x = 0x2545_f491_4f6c_dd1d_u64;
    let next = |_| {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()[0]
    };
    (0..size).map(next).collect()
}

#[test]
fn a_folder_can_be_made_and_removed() {
    with_each(|bench| {
        bench.sign_in();
        assert_eq!(bench.folders(), ["Backups", "Documents", "Photos"]);
        bench.ok(&["mkdir", "bx:Backups/new"]);
        assert_eq!(bench.ok(&["lsf", "bx:Backups"]), b"new/\n");
        bench.ok(&["rmdir", "bx:Backups/new"]);
        assert_eq!(bench.ok(&["lsf", "bx:Backups"]), b"");
    });
}

#[test]
fn a_file_comes_back_as_it_went_and_is_gone_when_deleted() {
    with_each(|bench| {
        bench.sign_in();
        let sent = bytes(3_000_001);
        bench.write("a.bin", &sent);
        bench.ok(&["copy", "a.bin", "bx:Documents"]);
        assert_eq!(bench.sandbox.files(), [("Documents/a.bin".to_owned(), sent.len())]);
        assert!(bench.ok(&["cat", "bx:Documents/a.bin"]) == sent);
        let part = bench.ok(&["cat", "--offset", "1000", "--count", "7", "bx:Documents/a.bin"]);
        assert_eq!(part, &sent[1000..1007]);
        bench.ok(&["check", "a.bin", "bx:Documents"]);
        bench.ok(&["deletefile", "bx:Documents/a.bin"]);
        assert!(bench.sandbox.files().is_empty());
    });
}

#[test]
fn fifty_mebibytes_less_one_go_up_in_one_piece() {
    let bench = Bench::newest();
    bench.sign_in();
    let sent = bytes((50 << 20) - 1);
    bench.write("big", &sent);
    bench.ok(&["copy", "big", "bx:"]);
    assert_eq!(bench.sandbox.files(), [("big".to_owned(), sent.len())]);
    assert!(bench.ok(&["cat", "bx:big"]) == sent);
}

#[test]
fn a_file_above_the_cutoff_goes_up_in_parts_and_so_does_its_next_version() {
    with_each(|bench| {
        bench.sign_in();
        let mut sent = bytes((50 << 20) + 1);
        for path in ["/api/2.0/files/upload_sessions", "/upload_sessions"] {
            sent[0] ^= 1;
            bench.write("big", &sent);
            bench.sandbox.clear_requests();
            bench.ok(&["copy", "--ignore-times", "big", "bx:"]);
            let requests = bench.sandbox.requests();
            let count = |method: &str, end: &str| {
                let in_parts = requests.iter().filter(|request| request.path.contains("upload_sessions"));
                in_parts.filter(|request| request.method == method && request.path.ends_with(end)).count()
            };
            assert_eq!((count("POST", path), count("PUT", ""), count("POST", "/commit")), (1, 7, 1));
        }
        assert_eq!(bench.sandbox.files(), [("big".to_owned(), sent.len())]);
        assert_eq!(bench.ok(&["cat", "--head", "3", "bx:big"]), &sent[..3]);
    });
}

#[test]
fn a_name_may_have_255_characters_and_a_page_1000_items() {
    let bench = Bench::newest();
    let token = bench.sign_in();
    bench.fails(&["mkdir", &format!("bx:{}", "n".repeat(256))], "item_name_too_long");
    bench.ok(&["mkdir", &format!("bx:{}", "ü".repeat(255))]);
    let url = "https://api.box.com/2.0/folders/0/items?limit=5000";
    assert_eq!(get(&bench.sandbox, url, &token.access)["limit"], 1000);
}

#[test]
fn a_second_upload_replaces_the_first() {
    with_each(|bench| {
        bench.sign_in();
        for text in ["one", "two, longer"] {
            bench.write("a.txt", text);
            bench.ok(&["copy", "a.txt", "bx:"]);
            assert_eq!(bench.ok(&["cat", "bx:a.txt"]), text.as_bytes());
        }
        assert_eq!(bench.sandbox.files().len(), 1);
    });
}

#[test]
fn files_and_folders_can_be_moved_and_copied() {
    with_each(|bench| {
        bench.sign_in();
        bench.write("a.txt", "text");
        bench.ok(&["copy", "a.txt", "bx:Documents"]);
        bench.ok(&["moveto", "bx:Documents/a.txt", "bx:Backups/b.txt"]);
        bench.ok(&["copyto", "bx:Backups/b.txt", "bx:Photos/c.txt"]);
        bench.ok(&["moveto", "bx:Backups", "bx:Old/Backups"]);
        let paths = ["Old/Backups/b.txt", "Photos/c.txt"];
        assert_eq!(bench.sandbox.files(), paths.map(|path| (path.to_owned(), 4)));
        assert_eq!(bench.ok(&["cat", "bx:Old/Backups/b.txt"]), b"text");
    });
}

#[test]
fn many_files_go_up_and_down_at_once() {
    with_each(|bench| {
        bench.sign_in();
        for i in 0..60 {
            bench.write(&format!("many/file {i}"), bytes(1000 * i));
        }
        bench.ok(&["copy", "--transfers", "16", "many", "bx:Backups/many"]);
        bench.ok(&["check", "--download", "many", "bx:Backups/many"]);
        assert_eq!(bench.sandbox.files().len(), 60);
        bench.ok(&["purge", "bx:Backups/many"]);
        assert!(bench.sandbox.files().is_empty());
    });
}

#[test]
fn a_listing_of_several_pages_is_whole() {
    with_each(|bench| {
        let token = bench.sign_in();
        bench.configure(&format!("list_chunk = 2\ntoken = {}", token.blob()));
        for i in 0..6 {
            bench.sandbox.create_folder("0", &format!("extra {i}"));
        }
        assert_eq!(bench.folders().len(), 9);
        let requests = bench.sandbox.requests();
        assert_eq!(requests.len(), 5, "nine folders, two a page");
        assert!(requests.iter().all(|request| request.query["limit"] == "2"));
        bench.sandbox.change(|settings| settings.page_size = 1);
        assert_eq!(bench.folders().len(), 9);
        assert_eq!(bench.sandbox.requests().len(), 5 + 9, "smaller than asked");
    });
}

#[test]
fn users_me_tells_name_quota_and_enterprise() {
    let sandbox = Sandbox::start();
    sandbox.set_account(Account { name: "Somebody".to_owned(), space_used: 7, ..sandbox.account() });
    let access = sandbox.mint(RCLONE_CLIENT_ID).access;
    let whole = get(&sandbox, USERS_ME, &access);
    assert_eq!(whole["name"], "Somebody");
    assert_eq!(whole["space_used"], 7);
    assert!(whole["enterprise"].is_null(), "only when asked for");
    let some = get(&sandbox, &format!("{USERS_ME}?fields=enterprise,role"), &access);
    assert_eq!(some["enterprise"]["name"], "Example Ltd");
    assert_eq!(some["role"], "user");
    assert!(some["name"].is_null(), "only what was asked for");
}

#[test]
fn only_box_is_reachable() {
    let bench = Bench::newest();
    bench.fails(&["lsf", ":http:", "--http-url", "https://example.com/"], "Bad Gateway");
    let refused = &bench.sandbox.requests()[0];
    assert_eq!((refused.host.as_str(), refused.status), ("example.com", 502));
}

#[test]
fn a_download_comes_from_another_host_and_fails_where_that_is_blocked() {
    with_each(|bench| {
        bench.sign_in();
        bench.sandbox.change(|settings| settings.fresh_files_wait = 1);
        bench.write("a.txt", "text");
        bench.ok(&["copy", "a.txt", "bx:"]);
        assert_eq!(bench.ok(&["cat", "bx:a.txt"]), b"", "rclone takes 202 for the content");
        assert_eq!(bench.ok(&["cat", "bx:a.txt"]), b"text");
        let requests = bench.sandbox.requests();
        let hosts: Vec<_> = requests.iter().rev().take(2).map(|r| (r.host.as_str(), r.status)).collect();
        assert_eq!(hosts, [("dl.boxcloud.com", 200), ("api.box.com", 302)]);
        bench.sandbox.change(|settings| settings.blocked_host = Some("dl.boxcloud.com"));
        bench.fails(&["cat", "bx:a.txt"], "Forbidden");
        bench.ok(&["lsf", "bx:"]);
    });
}

#[test]
fn sizes_and_quotas_may_be_floats() {
    with_each(|bench| {
        let token = bench.sign_in();
        bench.sandbox.change(|settings| settings.float_sizes = true);
        bench.write("a.txt", "text");
        bench.ok(&["copy", "a.txt", "bx:Documents"]);
        assert_eq!(bench.ok(&["lsf", "--format", "sp", "bx:Documents"]), b"4;a.txt\n");
        bench.sandbox.set_account(Account { space_amount: 1_000_000_000_000_000_000, ..Account::default() });
        let me = bench.sandbox.get_as(USERS_ME, &token.access).body;
        assert!(me.contains(r#""space_amount":1e+18,"space_used":4.0,"#), "{me}");
    });
}

#[test]
fn deleted_is_in_the_trash_until_that_is_emptied() {
    let bench = Bench::newest();
    let token = bench.sign_in();
    bench.write("a.txt", "text");
    bench.ok(&["copy", "a.txt", "bx:Documents/Old"]);
    bench.ok(&["copy", "a.txt", "bx:"]);
    bench.ok(&["purge", "bx:Documents/Old"]);
    bench.ok(&["deletefile", "bx:a.txt"]);
    assert!(bench.sandbox.files().is_empty());
    let url = "https://api.box.com/2.0/folders/trash/items?fields=name,size";
    let trash = || get(&bench.sandbox, url, &token.access);
    let full = trash();
    assert_eq!(full["total_count"], 2, "{full}");
    assert_eq!((&full["entries"][0]["name"], &full["entries"][0]["size"]), (&"Old".into(), &4.into()), "{full}");
    bench.ok(&["cleanup", "bx:"]);
    assert_eq!(trash()["total_count"], 0);
}
