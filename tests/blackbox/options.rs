//! Options: written only if they were given, read back by rclone as they were given, and refused if rclone or Box would
//! not accept them.

use std::time::Duration;

use box_sandbox::{App, AppKind, AppSpec, Token};

use crate::ODD;
use serde_json::json;

use crate::support::{Args, Machine, Ran, aged, keys};

fn add_unverified(m: &Machine, args: impl Args) -> Ran {
    m.add(&m.mint(), "Box --no-verify".and(args))
}

#[test]
fn each_option_is_written_as_it_was_given_and_no_other() {
    let m = Machine::new();
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
        m.add(&m.mint(), [&name, "--no-verify", &flag, value]).ok();
        let section = &m.dump()[&name];
        let mut expected = [key, "token", "type"];
        expected.sort_unstable();
        assert_eq!(keys(section), expected);
        assert_eq!(section[key], value);
        all.extend([flag, value.to_owned()]);
    }
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    add_unverified(&m, &all).ok();
    let section = &m.dump()["Box"];
    assert_eq!(keys(section).len(), options.len() + 2);
    assert!(options.iter().all(|(key, value)| section[key] == *value), "{section}");
}

#[test]
fn a_root_folder_may_be_given_by_its_address_and_is_what_the_storage_shows() {
    let m = Machine::new();
    let folder = m.sandbox.create_folder("0", "Only this");
    m.sandbox.create_folder(&folder, "inside");
    for (name, address) in [
        ("id", folder.clone()),
        ("url", format!("https://app.box.com/folder/{folder}")),
        ("own host", format!("https://acme.app.box.com/folder/{folder}?tree=1")),
    ] {
        m.add(&m.mint(), [name, "--root-folder-id", &address]).ok().prints("1 folder\n");
        assert_eq!(m.dump()[name]["root_folder_id"], folder.as_str());
        assert_eq!(m.lists(name), ["inside"]);
    }
}

#[test]
fn a_service_account_with_impersonate_sees_what_that_user_sees() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app();
    let add = |user: &str| m.add_jwt(&app, ["svc", "--impersonate", user, "--json"]);
    m.refuses(|| add("999"), 7, "permission_denied");
    add(&app.user_id).ok();
    assert_eq!(m.lists("svc").len(), 3);
    assert!(m.sandbox.requests().iter().any(|r| r.headers.get("as-user") == Some(&app.user_id)));
}

/// What was pasted of a token whose access token has expired.
fn an_hour_old(token: Token) -> String {
    aged(token, Duration::from_secs(3600)).blob()
}

#[test]
fn a_user_to_act_as_may_be_named_by_login_and_the_id_is_saved() {
    let m = Machine::new();
    let may = |kind| AppSpec { kind, manage_users: true, ..AppSpec::default() };
    let jwt = m.sandbox.jwt_app_with(may(AppKind::Jwt));
    let server = m.sandbox.app(may(AppKind::ClientCredentials));
    let own = m.sandbox.app(may(AppKind::OAuth));
    // Nobody can be looked up before it is renewed.
    let old = an_hour_old(m.sandbox.mint(&own.client_id));
    m.sandbox.expire_access_tokens();
    let files = [m.file("own", &own.client_secret), m.file("token", &old)];
    // Only what this user sees.
    let folder = m.sandbox.create_folder("0", "Backups");
    let subject = format!("enterprise:{}", server.enterprise_id);
    let own_args = ["--client-id", &own.client_id, "--client-secret-file", &files[0], "--token-file", &files[1]];
    let options = ["--json", "--impersonate", "Person@example.com", "--root-folder-id", &folder];
    for (name, ran) in [
        ("jwt", m.add_jwt(&jwt, "jwt".and(options))),
        ("ccg", m.add_client_credentials(&server, &subject, "ccg".and(options))),
        ("own", m.pluton("storage add box own".and(own_args).and(options))),
    ] {
        ran.holds(&json!({ "storage": { "options": { "impersonate": jwt.user_id } } }));
        assert_eq!(m.dump()[name]["impersonate"], jwt.user_id.as_str(), "{name}");
        assert!(m.lists(name).is_empty());
        assert_eq!(m.staged(), Vec::<String>::new());
    }
    m.all_live("own");
}

#[test]
fn a_user_who_cannot_be_looked_up_is_refused_with_why() {
    let m = Machine::new();
    let may = m.sandbox.jwt_app_with(AppSpec { manage_users: true, ..AppSpec::default() });
    let may_not = m.sandbox.jwt_app();
    let add = |app: &App, user: &str, more: &str| m.add_jwt(app, ["svc", "--impersonate", user, "--json"].and(more));
    let login = "person@example.com";
    let error = m.refuses(|| add(&may, "perso@example.com", ""), 2, "invalid_value").to_string();
    assert!(error.contains("perso@example.com") && error.contains("--impersonate"), "{error}");
    let error = m.refuses(|| add(&may_not, login, ""), 7, "insufficient_scope").to_string();
    assert!(error.contains("Manage users") && error.contains("numeric ID"), "{error}");
    let error = m.refuses(|| add(&may, login, "--no-verify"), 2, "invalid_value").to_string();
    assert!(error.contains("--no-verify") && error.contains("numeric ID"), "{error}");
}

#[test]
fn a_token_that_was_renewed_to_look_up_a_user_is_kept_for_the_next_try() {
    let m = Machine::new();
    let old = an_hour_old(m.mint());
    let ran = m.add_text(&old, "Box --json --impersonate person@example.com");
    let error = ran.refused(7, "insufficient_scope");
    assert!(error["notes"].to_string().contains("next try will use it"), "{error}");
    m.add_text(&old, "Box --json").ok();
    m.works_after_an_hour("Box");
}

#[test]
fn a_value_that_rclone_or_box_would_not_take_is_exit_2_and_nothing_is_started() {
    let m = Machine::new();
    m.write_config(ODD);
    m.log_children();
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
            let error = m.refuses(|| add_unverified(&m, [&arg, "--json"]), 2, "invalid_value");
            let words = error.to_string().replace('_', "-");
            assert!(words.contains(flag.trim_start_matches('-')), "{arg}: {error}");
            assert_eq!(error["who"], "you", "{arg}: {error}");
        }
    }
    m.did_nothing();
}

#[test]
fn a_line_break_gets_into_no_key_of_a_section() {
    let m = Machine::new();
    m.write_config(ODD);
    let evil = "abc\n[stolen]\ntype = box";
    m.file("secret", "good");
    for args in [
        &["--client-id", evil, "--client-secret-file", "secret"][..],
        &["--client-id", "abc", "--client-secret", evil],
        &["--description", evil],
        &["--token-url", &format!("https://x/{evil}")],
    ] {
        m.refuses(|| add_unverified(&m, args.and("--json")), 2, "invalid_value");
    }
    m.file("access", evil);
    let args = "storage add box dev --no-verify --json --access-token-file access";
    m.refuses(|| m.pluton(args), 2, "invalid_value");
}

#[test]
fn a_subject_is_an_enterprise_or_a_user_by_number() {
    let m = Machine::new();
    m.file("secret", "good");
    for subject in ["123", "group:1", "user:alice", "enterprise:", "user:1 2", ":1"] {
        let own = ["--client-id", "abc", "--client-secret-file", "secret", "--box-subject", subject];
        let args = "storage add box ccg --client-credentials --json".and(own);
        m.refuses(|| m.pluton(args), 2, "invalid_value");
    }
}

#[test]
fn an_option_that_this_rclone_would_ignore_is_refused() {
    let Some(debian) = box_sandbox::rclone::debian() else { return };
    let m = Machine::new().another(&debian);
    for args in ["--description x", "--impersonate 42"] {
        let error = m.refuses(|| m.add_json(&m.mint(), "Box".and(args)), 3, "rclone_too_old");
        let option = args.split(' ').next().unwrap_or_default().trim_start_matches('-');
        assert!(error["message"].as_str().is_some_and(|words| words.contains(option)), "{error}");
    }
}

#[test]
fn two_ways_to_sign_in_at_once_are_refused() {
    let m = Machine::new();
    m.file("some.json", "{}");
    for more in
        ["--box-config-file some.json", "--access-token abc", "--client-credentials", "--authorize", "--token '{}'"]
    {
        m.refuses(|| m.add(&m.mint(), "Box --json".and(more)), 2, "invalid_value");
    }
}
