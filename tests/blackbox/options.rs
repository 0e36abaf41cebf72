//! Options: written only if they were given, read back by rclone as they were given, and refused if rclone or Box would
//! not accept them.

use std::time::{Duration, SystemTime};

use box_sandbox::{App, AppKind, AppSpec, Token};

use crate::bench::{Bench, ODD, keys};
use crate::support::Ran;

fn add_unverified(bench: &Bench, args: &[&str]) -> Ran {
    bench.add(&bench.token(), &[&["Box", "--no-verify"], args].concat())
}

#[test]
fn each_option_is_written_as_it_was_given_and_no_other() {
    let bench = Bench::new();
    let options = [
        ("root_folder_id", "12345"),
        ("upload_cutoff", "100M"),
        ("commit_retries", "7"),
        ("list_chunk", "250"),
        ("owned_by", "aaron@example.com"),
        ("impersonate", "42"),
        ("box_sub_type", "user"),
        ("auth_url", "https://ent.box.com/api/oauth2/authorize"),
        ("token_url", "https://ent.box.com/api/oauth2/token"),
        ("encoding", "Slash,BackSlash,Del,Ctl,RightSpace,InvalidUtf8,Dot"),
        ("description", "Backups of “home”; 100 % = all # of it"),
    ];
    let mut all = Vec::new();
    for (key, value) in options {
        let flag = format!("--{}", key.replace('_', "-"));
        let name = key.replace('_', " ");
        bench.add(&bench.token(), &[&name, "--no-verify", &flag, value]).ok();
        let section = &bench.home.dump()[&name];
        let mut expected = [key, "token", "type"];
        expected.sort_unstable();
        assert_eq!(keys(section), expected);
        assert_eq!(section[key], value);
        all.extend([flag, value.to_owned()]);
    }
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    add_unverified(&bench, &all).ok();
    let section = &bench.home.dump()["Box"];
    assert_eq!(keys(section).len(), options.len() + 2);
    assert!(options.iter().all(|(key, value)| section[key] == *value), "{section}");
}

#[test]
fn a_root_folder_may_be_given_by_its_address_and_is_what_the_storage_shows() {
    let bench = Bench::new();
    let folder = bench.sandbox.create_folder("0", "Only this");
    bench.sandbox.create_folder(&folder, "inside");
    for (name, address) in [
        ("id", folder.clone()),
        ("url", format!("https://app.box.com/folder/{folder}")),
        ("own host", format!("https://acme.app.box.com/folder/{folder}?tree=1")),
    ] {
        let ran = bench.add(&bench.token(), &[name, "--root-folder-id", &address]).ok();
        assert!(ran.stdout.contains("1 folder\n"), "{ran:?}");
        assert_eq!(bench.home.dump()[name]["root_folder_id"], folder.as_str());
        assert_eq!(bench.lists(name), ["inside"]);
    }
}

#[test]
fn a_service_account_with_impersonate_sees_what_that_user_sees() {
    let bench = Bench::new();
    let app = bench.sandbox.jwt_app();
    let file = app.config_file.to_str().expect("UTF-8");
    let add = |user: &str| {
        let args = ["storage", "add", "box", "svc", "--box-config-file", file, "--impersonate", user, "--json"];
        bench.home.pluton(&args)
    };
    bench.refused(|_| add("999"), 7, "permission_denied");
    add(&app.user_id).ok();
    assert_eq!(bench.lists("svc").len(), 3);
    assert!(bench.sandbox.requests().iter().any(|r| r.headers.get("as-user") == Some(&app.user_id)));
}

/// What was pasted of a token whose access token has expired.
fn an_hour_old(mut token: Token) -> String {
    token.expires_at = SystemTime::now() - Duration::from_secs(3600);
    token.blob()
}

#[test]
fn a_user_to_act_as_may_be_named_by_login_and_the_id_is_saved() {
    let bench = Bench::new();
    let may = |kind| AppSpec { kind, manage_users: true, ..AppSpec::default() };
    let jwt = bench.sandbox.jwt_app_with(may(AppKind::Jwt));
    let server = bench.sandbox.app(may(AppKind::ClientCredentials));
    let own = bench.sandbox.app(may(AppKind::OAuth));
    // Nobody can be looked up before it is renewed.
    let old = an_hour_old(bench.sandbox.mint(&own.client_id));
    bench.sandbox.expire_access_tokens();
    let files = [
        bench.home.file("secret", &server.client_secret),
        bench.home.file("own", &own.client_secret),
        bench.home.file("token", &old),
    ];
    // Only what this user sees.
    let folder = bench.sandbox.create_folder("0", "Backups");
    let subject = format!("enterprise:{}", server.enterprise_id);
    let file = jwt.config_file.to_str().expect("UTF-8");
    let sign_ins = [
        ("jwt", vec!["--box-config-file", file]),
        (
            "ccg",
            vec![
                "--client-credentials",
                "--box-subject",
                &subject,
                "--client-id",
                &server.client_id,
                "--client-secret-file",
                &files[0],
            ],
        ),
        ("own", vec!["--client-id", &own.client_id, "--client-secret-file", &files[1], "--token-file", &files[2]]),
    ];
    for (name, sign_in) in sign_ins {
        let options = ["--impersonate", "Person@example.com", "--root-folder-id", &folder];
        let ran = bench.home.pluton(&[&["storage", "add", "box", name, "--json"], &sign_in[..], &options].concat());
        assert_eq!(ran.code, 0, "{name}: {ran:?}");
        assert_eq!(ran.document()["storage"]["options"]["impersonate"], jwt.user_id.as_str(), "{name}: {ran:?}");
        assert_eq!(bench.home.dump()[name]["impersonate"], jwt.user_id.as_str(), "{name}");
        assert!(bench.lists(name).is_empty());
        assert_eq!(bench.staged(), Vec::<String>::new());
    }
    assert!(bench.sandbox.is_live_refresh(&bench.refresh_token("own")));
}

#[test]
fn a_user_who_cannot_be_looked_up_is_refused_with_why() {
    let bench = Bench::new();
    let may = bench.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    let may_not = bench.sandbox.jwt_app();
    let add = |app: &App, user: &str, more: &[&str]| {
        let file = app.config_file.to_str().expect("UTF-8");
        let args = ["storage", "add", "box", "svc", "--box-config-file", file, "--impersonate", user, "--json"];
        bench.home.pluton(&[&args, more].concat())
    };
    let login = "person@example.com";
    let error = bench.refused(|_| add(&may, "perso@example.com", &[]), 2, "invalid_value").to_string();
    assert!(error.contains("perso@example.com") && error.contains("--impersonate"), "{error}");
    let error = bench.refused(|_| add(&may_not, login, &[]), 7, "insufficient_scope").to_string();
    assert!(error.contains("Manage users") && error.contains("numeric ID"), "{error}");
    let error = bench.refused(|_| add(&may, login, &["--no-verify"]), 2, "invalid_value").to_string();
    assert!(error.contains("--no-verify") && error.contains("numeric ID"), "{error}");
}

#[test]
fn a_token_that_was_renewed_to_look_up_a_user_is_kept_for_the_next_try() {
    let bench = Bench::new();
    let old = an_hour_old(bench.token());
    let ran = bench.add_text(&old, &["Box", "--json", "--impersonate", "person@example.com"]);
    let error = ran.document()["error"].clone();
    assert_eq!((ran.code, error["code"].as_str()), (7, Some("insufficient_scope")), "{ran:?}");
    assert!(error["notes"].to_string().contains("next try will use it"), "{error}");
    bench.add_text(&old, &["Box", "--json"]).ok();
    bench.works_after_an_hour("Box");
}

#[test]
fn a_value_that_rclone_or_box_would_not_take_is_exit_2_and_nothing_is_started() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    bench.home.log_children();
    for (flag, bad) in [
        ("--root-folder-id", &["", "abc", "1/2", "-1", "https://evil.com/folder/1", "https://app.box.com/file/1"][..]),
        ("--upload-cutoff", &["50", "1M", "off", "50MB", "50 MiB", "0x60M", "nanM", "99999999P", "much"]),
        ("--commit-retries", &["0", "-1", "1.5", "ten", "99999999999"]),
        ("--list-chunk", &["0", "1001", "-5", "0x10", "many"]),
        ("--owned-by", &["alice", "@example.com", "a b@example.com"]),
        ("--impersonate", &["alice", "1 2", "4.2"]),
        ("--box-sub-type", &["enterprize", "User"]),
        ("--auth-url", &["box.com", "ftp://box.com/", "https://"]),
        ("--token-url", &["box.com", "javascript:alert(1)", "https:// box.com"]),
        ("--encoding", &["slash", "Slash,,Dot", "Slash;Dot"]),
        ("--description", &["two\nlines", "car\rriage", "%(x)s", "a `b", "\u{1b}[31m", ""]),
    ] {
        for value in bad {
            let arg = format!("{flag}={value}");
            let error = bench.refused(|bench| add_unverified(bench, &[&arg, "--json"]), 2, "invalid_value");
            let words = error.to_string().replace('_', "-");
            assert!(words.contains(flag.trim_start_matches('-')), "{arg}: {error}");
            assert_eq!(error["who"], "you", "{arg}: {error}");
        }
    }
    assert!(bench.home.children().is_empty());
    assert!(bench.sandbox.requests().is_empty());
}

#[test]
fn a_line_break_gets_into_no_key_of_a_section() {
    let bench = Bench::new();
    bench.home.write_config(ODD);
    let evil = "abc\n[stolen]\ntype = box";
    let secret = bench.home.file("secret", "good");
    for args in [
        &["--client-id", evil, "--client-secret-file", &secret][..],
        &["--client-id", "abc", "--client-secret", evil],
        &["--description", evil],
        &["--token-url", &format!("https://x/{evil}")],
    ] {
        bench.refused(|bench| add_unverified(bench, &[args, &["--json"]].concat()), 2, "invalid_value");
    }
    let file = bench.home.file("access", evil);
    let args = ["storage", "add", "box", "dev", "--no-verify", "--json", "--access-token-file", &file];
    bench.refused(|bench| bench.home.pluton(&args), 2, "invalid_value");
}

#[test]
fn a_subject_is_an_enterprise_or_a_user_by_number() {
    let bench = Bench::new();
    let secret = bench.home.file("secret", "good");
    for subject in ["123", "group:1", "user:alice", "enterprise:", "user:1 2", ":1"] {
        let args = ["storage", "add", "box", "ccg", "--client-credentials", "--box-subject", subject, "--json"];
        let own = ["--client-id", "abc", "--client-secret-file", &secret];
        bench.refused(|bench| bench.home.pluton(&[&args[..], &own].concat()), 2, "invalid_value");
    }
}

#[test]
fn an_option_that_this_rclone_would_ignore_is_refused() {
    let Some(debian) = box_sandbox::rclone::debian() else { return };
    let bench = Bench::with(&debian);
    for args in [["--description", "x"], ["--impersonate", "42"]] {
        let run = |bench: &Bench| bench.add(&bench.token(), &[&["Box", "--json"], &args[..]].concat());
        let error = bench.refused(run, 3, "rclone_too_old");
        assert!(error["message"].as_str().is_some_and(|words| words.contains(&args[0][2..])), "{error}");
    }
}

#[test]
fn two_ways_to_sign_in_at_once_are_refused() {
    let bench = Bench::new();
    let file = bench.home.file("some.json", "{}");
    for more in [
        &["--box-config-file", &file][..],
        &["--access-token", "abc"],
        &["--client-credentials"],
        &["--authorize"],
        &["--token", "{}"],
    ] {
        bench.refused(|bench| bench.add(&bench.token(), &[&["Box", "--json"], more].concat()), 2, "invalid_value");
    }
}
