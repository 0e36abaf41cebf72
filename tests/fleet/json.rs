//! Every document that `--json` prints fits the schema that `pluton help json` prints.

use jsonschema::Validator;
use serde_json::Value as Json;

use crate::support::Machine;

fn validator(m: &Machine) -> Validator {
    let schema: Json = serde_json::from_str(&m.pluton("help json").ok().stdout).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

#[test]
fn every_command_s_document_fits_the_schema_and_has_its_version() {
    let m = Machine::new();
    let validator = validator(&m);
    let jwt = m.sandbox.jwt_app();
    m.file("app.json", &jwt.config.to_string());
    m.file("token", &m.mint().blob());
    m.file("a.toml", &format!("[storage.fleet]\nprovider = \"box\"\nbox_config_file = {:?}\n[storage.bad]\nprovider = \"box\"\ntoken = {{ env = \"NO\" }}\n", m.at("app.json")));
    for (args, exit) in [
        ("storage list", 0),
        ("storage add box work --token-file token --dry-run", 0),
        ("storage add box work --token-file token --check-write --list-chunk 9", 0),
        ("storage add box work --token-file token", 5),
        ("storage add box spent --token-file token", 6),
        ("storage add box jwt --box-config-file app.json", 0),
        ("storage add box jwt --box-config-file app.json", 0),
        ("storage add box x", 2),
        ("storage show work", 0),
        ("storage show nope", 4),
        ("storage verify --all", 0),
        ("storage verify work --restore", 0),
        ("storage verify --all --renew", 0),
        ("storage verify --all --fail-within 90d", 6),
        ("storage refresh --all", 0),
        ("storage edit work --list-chunk 10", 0),
        ("storage authorize work --box-config-file app.json", 0),
        ("storage rename work job", 0),
        ("storage remove job --yes --revoke", 0),
        ("apply a.toml --check", 2),
        ("apply a.toml", 2),
        ("doctor --offline", 0),
        ("storage frobnicate", 2),
    ] {
        let document = m.json(args).fails(exit).document();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{args:?}: {document}\n{errors:#?}");
        assert_eq!(document["schema"], 1, "{args:?}");
        assert_eq!(document["ok"], Json::from(matches!(exit, 0 | 10)), "{args:?}: {document}");
    }
}

#[test]
fn what_is_printed_for_other_programs_is_one_document_too() {
    let m = Machine::new();
    let validator = validator(&m);
    let jwt = m.sandbox.jwt_app();
    m.add_jwt(&jwt, "jwt").ok();
    for args in [
        "storage export jwt --format env",
        "storage refresh --print-timer cron",
        "apply --print-schema",
        "help json",
        "help ci",
        "completions bash",
        "storage export jwt --format toml --move",
    ] {
        let plain = m.pluton(args.trim_end_matches(" --move")).ok().stdout;
        let document = m.json(args).done();
        assert_eq!((validator.is_valid(&document), &document["ok"]), (true, &true.into()), "{document}");
        let text = document["text"].as_str().unwrap_or_default();
        // Text for people is wrapped, JSON is not.
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(text == plain || (args == "help ci" && words(text) == words(&plain)), "{args:?}: {text}\n{plain}");
    }
    assert!(m.dump().get("jwt").is_none());
}

#[test]
fn the_schema_refuses_what_is_no_document_of_pluton_s() {
    let m = Machine::new();
    let validator = validator(&m);
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
