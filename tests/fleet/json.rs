//! Every document that `--json` prints fits the schema that `pluton help json` prints.

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, rclone};
use jsonschema::Validator;
use serde_json::Value as Json;

use crate::support::Home;

fn validator(home: &Home) -> Validator {
    let schema: Json = serde_json::from_str(&home.pluton(&["help", "json"]).ok().stdout).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

#[test]
fn every_command_s_document_fits_the_schema_and_has_its_version() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    let validator = validator(&home);
    let jwt = sandbox.jwt_app();
    let config = jwt.config_file.to_str().expect("UTF-8");
    home.file("token", &sandbox.mint(RCLONE_CLIENT_ID).blob());
    home.file("a.toml", &format!("[storage.fleet]\nprovider = \"box\"\nbox_config_file = {config:?}\n[storage.bad]\nprovider = \"box\"\ntoken = {{ env = \"NO\" }}\n"));
    for (args, exit) in [
        (vec!["storage", "list"], 0),
        (vec!["storage", "add", "box", "work", "--token-file", "token", "--dry-run"], 0),
        (vec!["storage", "add", "box", "work", "--token-file", "token", "--check-write", "--list-chunk", "9"], 0),
        (vec!["storage", "add", "box", "work", "--token-file", "token"], 5),
        (vec!["storage", "add", "box", "spent", "--token-file", "token"], 6),
        (vec!["storage", "add", "box", "jwt", "--box-config-file", config], 0),
        (vec!["storage", "add", "box", "jwt", "--box-config-file", config], 0),
        (vec!["storage", "add", "box", "x"], 2),
        (vec!["storage", "show", "work"], 0),
        (vec!["storage", "show", "nope"], 4),
        (vec!["storage", "verify", "--all"], 0),
        (vec!["storage", "verify", "work", "--restore"], 0),
        (vec!["storage", "verify", "--all", "--renew"], 0),
        (vec!["storage", "verify", "--all", "--fail-within", "90d"], 6),
        (vec!["storage", "refresh", "--all"], 0),
        (vec!["storage", "edit", "work", "--list-chunk", "10"], 0),
        (vec!["storage", "authorize", "work", "--box-config-file", config], 0),
        (vec!["storage", "rename", "work", "job"], 0),
        (vec!["storage", "remove", "job", "--yes", "--revoke"], 0),
        (vec!["apply", "a.toml", "--check"], 2),
        (vec!["apply", "a.toml"], 2),
        (vec!["doctor", "--offline"], 0),
        (vec!["storage", "frobnicate"], 2),
    ] {
        let (code, document) = home.json(&args);
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{args:?}: {document}\n{errors:#?}");
        assert_eq!(document["schema"], 1, "{args:?}");
        assert_eq!(code, exit, "{args:?}: {document}");
        assert_eq!(document["ok"], Json::from(matches!(exit, 0 | 10)), "{args:?}: {document}");
    }
}

#[test]
fn what_is_printed_for_other_programs_is_one_document_too() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    let validator = validator(&home);
    let jwt = sandbox.jwt_app();
    home.pluton(&["storage", "add", "box", "jwt", "--box-config-file", jwt.config_file.to_str().expect("UTF-8")]).ok();
    for args in [
        &["storage", "export", "jwt", "--format", "env"][..],
        &["storage", "refresh", "--print-timer", "cron"],
        &["apply", "--print-schema"],
        &["help", "json"],
        &["help", "ci"],
        &["completions", "bash"],
        &["storage", "export", "jwt", "--format", "toml", "--move"],
    ] {
        let is_move = args.contains(&"--move");
        let plain = if is_move { &args[..args.len() - 1] } else { args };
        let plain = home.pluton(plain).ok().stdout;
        let (code, document) = home.json(args);
        assert_eq!((code, validator.is_valid(&document), &document["ok"]), (0, true, &true.into()), "{document}");
        let text = document["text"].as_str().unwrap_or_default();
        // Text for people is wrapped, JSON is not.
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(text == plain || (args == ["help", "ci"] && words(text) == words(&plain)), "{args:?}: {text}\n{plain}");
    }
    assert!(home.dump().get("jwt").is_none());
}

#[test]
fn the_schema_refuses_what_is_no_document_of_pluton_s() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, &rclone::newest());
    let validator = validator(&home);
    for text in [
        "{}",
        r#"{"schema":1}"#,
        r#"{"schema":1,"ok":false,"error":{"code":"no_such_code","message":"x","remedy":[]}}"#,
        "[]",
    ] {
        let document: Json = serde_json::from_str(text).expect("JSON");
        assert!(!validator.is_valid(&document), "{text}");
    }
}
