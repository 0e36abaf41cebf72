//! Standard output contains only the result, as text or as one JSON document; a script is never prompted.

use std::process::Stdio;

use crate::bench::{Bench, ODD, with_each};
use crate::support::{PLUTON, Ran};

#[test]
fn with_json_a_success_is_exactly_one_document() {
    with_each(|bench| {
        let given = bench.token();
        let args = ["Box Backups", "--root-folder-id", "0", "--json"];
        let ran = bench.add(&given, &args).ok().keeps(&[&given.access, &given.refresh]);
        assert_eq!(ran.stdout.lines().count(), 1);
        assert_eq!(ran.stderr, "");
        let document = ran.document();
        assert_eq!((&document["schema"], &document["ok"]), (&1.into(), &true.into()));
        assert_eq!(document["storage"]["name"], "Box Backups");
        assert_eq!(document["storage"]["provider"], "box");
        assert_eq!(document["storage"]["sign_in"], "quick");
        assert_eq!(document["storage"]["rclone_config"], bench.home.config().to_str().expect("UTF-8"));
        assert_eq!(document["storage"]["options"]["root_folder_id"], "0");
        assert_eq!(document["verified"]["listed"], true);
        assert_eq!(document["verified"]["refreshed"], true);
        assert_eq!(document["verified"]["written"], false);
        assert_eq!(document["verified"]["folders"], 3);
        assert_eq!(document["warnings"], serde_json::json!([]));
    });
}

#[test]
fn with_json_a_failure_is_exactly_one_document_and_says_what_to_do() {
    with_each(|bench| {
        let given = bench.token();
        bench.sandbox.expire_refresh(&given.refresh);
        let ran = bench.add(&given, &["Box", "--json"]).fails(6).keeps(&[&given.access, &given.refresh]);
        assert_eq!(ran.stdout.lines().count(), 1);
        assert_eq!(ran.stderr, "");
        let document = ran.document();
        assert_eq!((&document["schema"], &document["ok"]), (&1.into(), &false.into()));
        assert_eq!(document["error"]["code"], "refresh_token_invalid");
        assert!(document["error"]["message"].as_str().is_some_and(|words| !words.is_empty()));
        assert!(document["error"]["remedy"].as_array().is_some_and(|list| !list.is_empty()));
        assert!(
            document["error"]["detail"].as_str().is_some_and(|words| words.contains("invalid_grant")),
            "{document}"
        );
    });
}

#[test]
fn with_json_wrong_usage_is_one_document_too() {
    let bench = Bench::new();
    for args in [
        &["--json", "storage", "add", "box", "--nonsense"][..],
        &["storage", "add", "dropbox", "--json"],
        &["storage", "add", "box", "Box", "--timeout", "soon", "--json"],
        &["storage", "add", "box", "Box", "--timeout", "0s", "--json"],
        &["storage", "add", "box", "Box", "--box-sub-type", "group", "--json"],
        &["storage", "add", "box", "Box", "--token", "a", "--token-file", "b", "--json"],
        &["storage", "export", "--json"],
        &["--json", "--quiet", "--verbose", "storage", "list"],
    ] {
        let ran = bench.home.pluton(args).fails(2);
        assert_eq!(ran.stdout.lines().count(), 1, "{ran:?}");
        assert_eq!(ran.stderr, "");
        let document = ran.document();
        assert_eq!((&document["ok"], document["error"]["code"].as_str()), (&false.into(), Some("invalid_value")));
    }
}

#[test]
fn as_text_the_error_goes_to_standard_error_and_standard_output_stays_empty() {
    with_each(|bench| {
        let given = bench.token();
        bench.sandbox.expire_refresh(&given.refresh);
        let ran = bench.add(&given, &["Box"]).fails(6).keeps(&[&given.access, &given.refresh]);
        assert_eq!(ran.stdout, "");
        for line in ["error: ", "\n  who: ", "\n  next: ", "\n  rclone said: ", "was not changed"] {
            assert!(ran.stderr.contains(line), "{line:?}: {ran:?}");
        }
        assert!(!ran.stderr.contains('\u{1b}'), "no colour where nobody sees it: {ran:?}");
    });
}

#[test]
fn quiet_says_nothing_but_errors() {
    let bench = Bench::new();
    let token = bench.token();
    let ran = bench.add(&token, &["Box", "--quiet"]).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let ran =
        bench.home.pluton(&["storage", "add", "box", "dev", "--access-token", &token.access, "--no-verify", "-q"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", ""), "{ran:?}");
    let ran = bench.add(&token, &["again", "--quiet"]).fails(6);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: "), "{ran:?}");
}

#[test]
fn colour_is_used_where_it_is_asked_for() {
    let bench = Bench::new();
    let ran = bench.add(&bench.token(), &["Box", "--color", "always"]).ok();
    assert!(ran.stdout.contains('\u{1b}'), "{ran:?}");
    let ran = bench.add(&bench.token(), &["Box2", "--color", "never"]).ok();
    assert!(!ran.stdout.contains('\u{1b}'), "{ran:?}");
}

/// The error names the flag for what is missing, and standard input, which never ends here, is not read.
#[test]
fn a_missing_answer_is_exit_2_and_names_the_flag_and_nothing_waits() {
    let mut bench = Bench::new();
    bench.home.write_config(ODD);
    let secret = bench.home.file("secret", "good");
    let jwt = bench.home.file("token", &bench.token().blob());
    for (args, flag) in [
        (&[][..], "NAME"),
        (&["Box"], "--token-file"),
        (&["Box", "--client-id", "abc", "--token-file", &jwt], "--client-secret-file"),
        (&["Box", "--client-secret-file", &secret, "--token-file", &jwt], "--client-id"),
        (&["Box", "--client-id", "abc", "--client-secret-file", &secret], "--token-file"),
        (&["Box", "--client-credentials", "--client-id", "abc", "--client-secret-file", &secret], "--box-subject"),
        (&["Box", "--client-credentials", "--box-subject", "user:1"], "--client-id"),
    ] {
        for (ci, more) in [("", &["--no-input"][..]), ("true", &[]), ("1", &[])] {
            bench.home.set("CI", ci);
            let mut command = bench.home.command(PLUTON);
            command.args(["storage", "add", "box"]).args(args).args(more).arg("--json");
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().expect("pluton starts");
            let open = child.stdin.take();
            let ran = Ran::from(child.wait_with_output().expect("pluton ends")).fails(2);
            drop(open);
            let error = &ran.document()["error"];
            assert_eq!(error["code"], "input_required", "{ran:?}");
            assert!(error["remedy"].to_string().contains(flag), "{flag}: {ran:?}");
        }
    }
    assert_eq!(bench.home.config_text(), ODD);
}

#[test]
fn a_ci_job_connects_a_box_with_flags_and_environment_alone() {
    with_each(|mut bench| {
        let app = bench.sandbox.own_app();
        let token = bench.sandbox.mint(&app.client_id);
        bench.home.set("CI", "true").set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
        bench.home.set("PLUTON_BOX_TOKEN", token.block());
        let args = ["storage", "add", "box", "ci", "--client-id", &app.client_id, "--json"];
        let mut command = bench.home.command(PLUTON);
        let ran = Ran::from(command.args(args).stdin(Stdio::null()).output().expect("pluton runs")).ok();
        assert_eq!(ran.document()["verified"]["refreshed"], true);
        bench.works_after_an_hour("ci");
    });
}

#[test]
fn help_and_version_are_results_on_standard_output() {
    let bench = Bench::new();
    for args in [&["--help"][..], &["--version"], &["storage", "add", "box", "--help"], &["storage", "-h"]] {
        let ran = bench.home.pluton(args).ok();
        assert!(ran.stdout.contains("pluton") && ran.stderr.is_empty(), "{ran:?}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = bench.home.pluton(&["completions", shell]).ok();
        assert!(ran.stdout.contains("pluton") && ran.stderr.is_empty(), "{shell}");
    }
    assert_eq!(bench.home.files(), Vec::<String>::new());
}

#[test]
fn the_code_of_an_error_is_explained_by_help() {
    let bench = Bench::new();
    let (code, document) = bench.home.json(&["storage", "show", "nothing"]);
    let error = document["error"]["code"].as_str().expect("a code").to_owned();
    assert_eq!((code, error.as_str()), (4, "storage_not_found"));
    let page = bench.home.pluton(&["help", &error]).ok().stdout;
    assert!(page.contains("exit code 4") && page.contains("pluton storage list"), "{page}");
    let all = bench.home.pluton(&["help", "errors"]).ok().stdout;
    assert!(all.contains(&error), "{all}");
    bench.home.pluton(&["help", "no_such_code"]).fails(2);
}

#[test]
fn every_page_fits_into_80_columns() {
    let bench = Bench::new();
    for topic in
        ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "errors", "jwt_invalid"]
    {
        let page = bench.home.pluton(&["help", topic]).ok().stdout;
        for line in page.lines() {
            assert!(line.chars().count() <= 80, "help {topic}: {line}");
        }
    }
}

#[test]
fn a_quiet_list_shows_only_what_has_ended() {
    let bench = Bench::new();
    let token = |end: &str| format!(r#"{{"access_token":"a","refresh_token":"r","expiry":"{end}"}}"#);
    let section = |name: &str, end: &str| format!("[{name}]\ntype = box\ntoken = {}\n", token(end));
    bench.home.write_config(&section("good", "2040-01-01T00:00:00Z"));
    assert_eq!(bench.home.pluton(&["storage", "list", "--quiet"]).ok().stdout, "");
    let text = bench.home.config_text();
    bench.home.write_config(&(text + &section("ended", "2020-01-01T00:00:00Z")));
    let ran = bench.home.pluton(&["storage", "list", "--quiet"]).ok();
    assert!(ran.stdout.contains("\nended ") && !ran.stdout.contains("good"), "{ran:?}");
}

#[test]
fn what_show_prints_stands_in_two_columns() {
    let bench = Bench::new();
    bench.home.write_config("[ccg]\ntype = box\nclient_id = x\nclient_credentials = true\nbox_subject_type = user\n");
    let ran = bench.home.pluton(&["storage", "show", "ccg", "--offline"]).ok();
    for row in ["  sign-in             client", "  client_credentials  true", "  box_subject_type    user"] {
        assert!(ran.stdout.contains(row), "{ran:?}");
    }
}

#[test]
fn pluton_alone_says_where_to_begin() {
    let bench = Bench::new();
    let ran = bench.home.pluton(&[]).ok();
    assert!(ran.stdout.lines().count() <= 10 && ran.stderr.is_empty(), "{ran:?}");
    for words in ["pluton storage add box", "pluton doctor", "pluton --help", "pluton help TOPIC"] {
        assert!(ran.stdout.contains(words), "{words}: {ran:?}");
    }
    bench.home.pluton(&["storage"]).fails(2);
    bench.home.pluton(&["--json"]).fails(2);
}

#[test]
fn global_options_stand_in_one_place_and_are_taken_everywhere() {
    let bench = Bench::new();
    let flags = ["--rclone-config", "--rclone <", "--password-command", "--json", "--quiet", "--no-input", "--color"];
    for args in [&["help", "options"][..], &["--help"]] {
        let ran = bench.home.pluton(args).ok();
        assert!(flags.iter().all(|flag| ran.stdout.contains(flag)), "{ran:?}");
    }
    for args in [
        &["storage", "add", "box", "--help"][..],
        &["storage", "show", "-h"],
        &["storage", "--help"],
        &["help", "run"],
        &["completions", "--help"],
    ] {
        let ran = bench.home.pluton(args).ok();
        assert!(!flags.iter().any(|flag| ran.stdout.contains(flag)), "{ran:?}");
        assert!(ran.stdout.ends_with("\nGlobal options: pluton help options\n"), "{ran:?}");
    }
    let config = bench.home.file("other.conf", "[here]\ntype = box\n");
    let ran = bench.home.pluton(&["storage", "list", "--rclone-config", &config]).ok();
    assert!(ran.stdout.contains("here"), "{ran:?}");
}

#[test]
fn every_topic_ends_with_one_line_break() {
    let bench = Bench::new();
    for topic in ["own-app", "service-account", "client-credentials", "headless", "limits", "ci", "json", "options"] {
        let text = bench.home.pluton(&["help", topic]).ok().stdout;
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{topic}: {text:?}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_a_failure() {
    let bench = Bench::new();
    let given = bench.token();
    bench.add(&given, &["Box"]).ok();
    let full = |args: &[&str]| -> Ran {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
        bench.home.command(PLUTON).args(args).stdin(Stdio::null()).stdout(full).output().expect("it runs").into()
    };
    for args in [
        &["storage", "list"][..],
        &["storage", "list", "--json"],
        &["storage", "show", "Box"],
        &["storage", "verify", "Box"],
        &["storage", "export", "Box", "--format", "toml"],
        &["storage", "refresh", "Box", "--print-timer", "cron"],
        &["completions", "bash"],
        &["help", "limits"],
        &["doctor", "--offline"],
        &[],
        &["--help"],
        &["--version"],
        &["storage", "add", "--help"],
    ] {
        let ran = full(args).fails(1);
        assert!(args.contains(&"--json") || ran.stderr.contains("could not be written"), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let bench = Bench::new();
    for args in [&["storage", "list"][..], &["help", "limits"], &["--help"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = bench.home.command(PLUTON).args(args).stdout(writer).output();
        Ran::from(output.expect("it runs")).ok();
    }
}
