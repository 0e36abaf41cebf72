//! Standard output contains only the result, as text or as one JSON document; a script is never prompted.

use std::process::Stdio;

use serde_json::json;

use crate::ODD;
use crate::support::{Args, Machine, PLUTON, Ran, with_each};

#[test]
fn with_json_a_success_is_exactly_one_document() {
    with_each(|m| {
        let given = m.mint();
        let ran = m.add_json(&given, "'Box Backups' --root-folder-id 0").omits([&given.access, &given.refresh]);
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""));
        ran.holds(&json!({
            "schema": 1,
            "ok": true,
            "storage": {
                "name": "Box Backups",
                "provider": "box",
                "sign_in": "quick",
                "rclone_config": m.config(),
                "options": { "root_folder_id": "0" },
            },
            "verified": { "listed": true, "refreshed": true, "written": false, "folders": 3 },
            "warnings": [],
        }));
    });
}

#[test]
fn with_json_a_failure_is_exactly_one_document_and_says_what_to_do() {
    with_each(|m| {
        let given = m.mint();
        m.sandbox.expire_refresh(&given.refresh);
        let ran = m.add_json(&given, "Box").omits([&given.access, &given.refresh]);
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""));
        assert_eq!(ran.document()["schema"], 1);
        let error = ran.refused(6, "refresh_token_invalid");
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{error}");
        assert!(error["remedy"].as_array().is_some_and(|list| !list.is_empty()), "{error}");
        assert!(error["detail"].as_str().is_some_and(|words| words.contains("invalid_grant")), "{error}");
    });
}

#[test]
fn with_json_wrong_usage_is_one_document_too() {
    let m = Machine::new();
    for args in [
        "--json storage add box --nonsense",
        "storage add dropbox --json",
        "storage add box Box --timeout soon --json",
        "storage add box Box --timeout 0s --json",
        "storage add box Box --box-sub-type group --json",
        "storage add box Box --token a --token-file b --json",
        "storage export --json",
        "--json --quiet --verbose storage list",
    ] {
        let ran = m.pluton(args);
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "{ran:?}");
        ran.refused(2, "invalid_value");
    }
}

#[test]
fn as_text_the_error_goes_to_standard_error_and_standard_output_stays_empty() {
    with_each(|m| {
        let given = m.mint();
        m.sandbox.expire_refresh(&given.refresh);
        let ran = m.add(&given, "Box").fails(6).omits([&given.access, &given.refresh]);
        assert_eq!(ran.stdout, "");
        let ran = ran.says(["error: ", "\n  who: ", "\n  next: ", "\n  rclone said: ", "was not changed"]);
        assert!(!ran.stderr.contains('\u{1b}'), "no color where nobody sees it: {ran:?}");
    });
}

#[test]
fn quiet_says_nothing_but_errors() {
    let m = Machine::new();
    let token = m.mint();
    let ran = m.add(&token, "Box --quiet").ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran = m.pluton(["storage", "add", "box", "dev", "--access-token", &token.access, "--no-verify", "-q"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{ran:?}");
    let ran = m.add(&token, "again --quiet").fails(6);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
}

#[test]
fn color_is_used_where_it_is_asked_for() {
    let m = Machine::new();
    let ran = m.add(&m.mint(), "Box --color always").ok();
    assert!(ran.stdout.contains('\u{1b}'), "{ran:?}");
    let ran = m.add(&m.mint(), "Box2 --color never").ok();
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
}

/// The error names the flag for what is missing, and standard input, which never ends here, is not read.
#[test]
fn a_missing_answer_is_exit_2_and_names_the_flag_and_nothing_waits() {
    let mut m = Machine::new();
    m.write_config(ODD);
    m.file("secret", "good");
    m.file("token", &m.mint().blob());
    for (args, flag) in [
        ("", "NAME"),
        ("Box", "--token-file"),
        ("Box --client-id abc --token-file token", "--client-secret-file"),
        ("Box --client-secret-file secret --token-file token", "--client-id"),
        ("Box --client-id abc --client-secret-file secret", "--token-file"),
        ("Box --client-credentials --client-id abc --client-secret-file secret", "--box-subject"),
        ("Box --client-credentials --box-subject user:1", "--client-id"),
    ] {
        for (ci, more) in [("", "--no-input"), ("true", ""), ("1", "")] {
            m.set("CI", ci);
            let args = "storage add box --json".and(args).and(more);
            let mut child = m.piped(PLUTON, args).stdin(Stdio::piped()).spawn().expect("pluton starts");
            let open = child.stdin.take();
            let error = Ran::from(child).refused(2, "input_required");
            drop(open);
            assert!(error["remedy"].to_string().contains(flag), "{flag}: {error}");
        }
    }
    assert_eq!(m.config_text(), ODD);
}

#[test]
fn a_ci_job_connects_a_box_with_flags_and_environment_alone() {
    with_each(|mut m| {
        let app = m.sandbox.own_app();
        let token = m.sandbox.mint(&app.client_id);
        m.set("CI", "true").set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
        m.set("PLUTON_BOX_TOKEN", token.block());
        let args = ["storage", "add", "box", "ci", "--client-id", &app.client_id, "--json"];
        let ran = m.run(PLUTON, args).ok();
        assert_eq!(ran.document()["verified"]["refreshed"], true);
        m.works_after_an_hour("ci");
    });
}

#[test]
fn help_and_version_are_results_on_standard_output() {
    let m = Machine::new();
    for args in ["--help", "--version", "storage add box --help", "storage -h"] {
        let ran = m.pluton(args).ok();
        assert!(ran.stdout.contains("pluton") && ran.stderr.is_empty(), "{ran:?}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = m.pluton(["completions", shell]).ok();
        assert!(ran.stdout.contains("pluton") && ran.stderr.is_empty(), "{shell}");
    }
    assert_eq!(m.files(), Vec::<String>::new());
}

#[test]
fn every_code_of_an_error_is_explained_by_help_with_what_to_do() {
    let m = Machine::new();
    m.json("storage show nothing").refused(4, "storage_not_found");
    m.pluton("help storage_not_found").ok().prints(["exit code 4", "pluton storage list"]);
    let schema: serde_json::Value = serde_json::from_str(&m.pluton("help json").ok().stdout).expect("JSON");
    let codes = schema["$defs"]["Code"]["enum"].as_array().expect("codes");
    let all = m.pluton("help errors").ok().stdout;
    let listed = all.lines().filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    assert_eq!(listed.filter(|code| !code.is_empty()).collect::<Vec<_>>(), *codes, "{all}");
    for code in codes {
        m.pluton(["help", code.as_str().expect("a code")]).ok().prints("\n  next: ");
    }
    m.pluton("help no_such_code").fails(2);
}

#[test]
fn every_page_fits_into_80_columns_and_ends_with_one_line_break() {
    let m = Machine::new();
    let topics = "own-app service-account client-credentials headless limits ci errors jwt_invalid json options";
    for topic in topics.split(' ') {
        let page = m.pluton(["help", topic]).ok().stdout;
        for line in page.lines().filter(|_| !["json", "options"].contains(&topic)) {
            assert!(line.chars().count() <= 80, "help {topic}: {line}");
        }
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"), "{topic}: {page:?}");
    }
}

#[test]
fn a_quiet_list_shows_only_what_has_ended() {
    let m = Machine::new();
    let token = |end: &str| format!(r#"{{"access_token":"a","refresh_token":"r","expiry":"{end}"}}"#);
    let section = |name: &str, end: &str| format!("[{name}]\ntype = box\ntoken = {}\n", token(end));
    m.write_config(&section("good", "2040-01-01T00:00:00Z"));
    assert_eq!(m.pluton("storage list --quiet").ok().stdout, "");
    let text = m.config_text();
    m.write_config(&(text + &section("ended", "2020-01-01T00:00:00Z")));
    m.pluton("storage list --quiet").ok().prints("\nended ").omits("good");
}

#[test]
fn what_show_prints_stands_in_two_columns() {
    let m = Machine::new();
    m.write_config("[ccg]\ntype = box\nclient_id = x\nclient_credentials = true\nbox_subject_type = user\n");
    let ran = m.pluton("storage show ccg --offline").ok();
    ran.prints(["  sign-in             client", "  client_credentials  true", "  box_subject_type    user"]);
}

#[test]
fn pluton_alone_says_where_to_begin() {
    let m = Machine::new();
    let ran = m.pluton("").ok();
    assert!(ran.stdout.lines().count() <= 10 && ran.stderr.is_empty(), "{ran:?}");
    ran.prints(["pluton storage add box", "pluton doctor", "pluton --help", "pluton help TOPIC"]);
    m.pluton("storage").fails(2);
    m.pluton("--json").fails(2);
}

#[test]
fn global_options_stand_in_one_place_and_are_taken_everywhere() {
    let m = Machine::new();
    let flags = ["--rclone-config", "--rclone <", "--password-command", "--json", "--quiet", "--no-input", "--color"];
    for args in ["help options", "--help"] {
        let ran = m.pluton(args).ok();
        assert!(flags.iter().all(|flag| ran.stdout.contains(flag)), "{ran:?}");
    }
    for args in ["storage add box --help", "storage show -h", "storage --help", "help run", "completions --help"] {
        let ran = m.pluton(args).ok();
        assert!(!flags.iter().any(|flag| ran.stdout.contains(flag)), "{ran:?}");
        assert!(ran.stdout.ends_with("\nGlobal options: pluton help options\n"), "{ran:?}");
    }
    m.file("other.conf", "[here]\ntype = box\n");
    m.pluton("storage list --rclone-config other.conf").ok().prints("here");
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let m = Machine::new();
    let given = m.mint();
    m.add(&given, "Box").ok();
    for args in [
        "storage list",
        "storage list --json",
        "storage show Box",
        "storage verify Box",
        "storage export Box --format toml",
        "storage refresh Box --print-timer cron",
        "completions bash",
        "help limits",
        "doctor --offline",
        "",
        "--help",
        "--version",
        "storage add --help",
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        let ran = Ran::from(m.piped(PLUTON, args).stdout(full).spawn().expect("it runs")).fails(1);
        assert!(args.contains("--json") || ran.stderr.contains("could not be written"), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_storage_that_was_saved_is_said_to_be_where_the_result_cannot_be_written() {
    let m = Machine::new();
    m.file("T", &m.mint().blob());
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let child = m.piped(PLUTON, "storage add box Box --token-file T").stdout(full).spawn().expect("it runs");
    Ran::from(child).fails(1).says("could not be written").says("The storage was saved.");
    m.is_signed_in("Box");
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let m = Machine::new();
    for args in ["storage list", "help limits", "--help", "completions bash"] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        Ran::from(m.piped(PLUTON, args).stdout(writer).spawn().expect("it runs")).ok();
    }
}
