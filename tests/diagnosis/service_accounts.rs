//! A faulty config.json of a service account: found by Pluton before it is saved, or reported by rclone or Box if it
//! was saved before.

use box_sandbox::AppSpec;
use serde_json::Value as Json;

use crate::case::{Case, case, check};
use crate::scene::Scene;
use crate::support::{Args, Ran};

fn add(m: &Scene, config: &str, args: &str) -> Ran {
    m.file("app.json", config);
    m.add_with(["--box-config-file", "app.json"].and(args)).omits(["notthisone", "ENCRYPTED PRIVATE", "wrong-secret"])
}

/// As another program would have saved it.
fn verify(m: &Scene, path: &str, config: &str) -> Ran {
    m.file("app.json", config);
    let ran = m.verify(&format!("box_config_file = {path}\nbox_sub_type = enterprise"));
    ran.omits(["notthisone", "ENCRYPTED PRIVATE"])
}

fn verify_here(m: &Scene, config: &str) -> Ran {
    verify(m, &m.at("app.json").display().to_string(), config)
}

fn config(m: &mut Scene) -> String {
    spoilt(m, |_| {})
}

fn spoilt(m: &mut Scene, spoil: Spoil) -> String {
    let mut config = m.jwt_app(AppSpec::default()).config;
    spoil(&mut config);
    config.to_string()
}

fn auth(config: &mut Json) -> &mut serde_json::Map<String, Json> {
    config["boxAppSettings"]["appAuth"].as_object_mut().expect("the key's part")
}

/// Takes something away from a config.json, or breaks it.
type Spoil = fn(&mut Json);

const SPOILT: [(&str, &str, Spoil); 4] = [
    ("jwt_no_settings", "jwt_no_settings_saved", |config| {
        config.as_object_mut().expect("an object").remove("boxAppSettings");
    }),
    ("jwt_no_key", "jwt_no_key_saved", |config| {
        auth(config).remove("privateKey");
    }),
    ("jwt_key_broken", "jwt_key_broken_saved", |config| {
        auth(config).insert("privateKey".into(), "broken".into());
    }),
    ("jwt_passphrase_wrong", "jwt_passphrase_wrong_saved", |config| {
        auth(config).insert("passphrase".into(), "notthisone".into());
    }),
];

#[test]
fn the_file_is_spoilt() {
    let invalid = |golden, spoil: Spoil| {
        case(golden, 6, "jwt_invalid", move |m| {
            let config = spoilt(m, spoil);
            add(m, &config, "")
        })
    };
    check(SPOILT.map(|(golden, _, spoil)| invalid(golden, spoil).newest_only()));
    check([
        invalid("jwt_no_enterprise", |config| drop(config["enterpriseID"].take())).newest_only(),
        case("jwt_not_json", 6, "jwt_invalid", |m| add(m, "hello", "")).newest_only(),
        case("jwt_file_missing", 6, "jwt_invalid", |m| m.add_with("--box-config-file nowhere.json")).newest_only(),
        // Box does not know its key.
        invalid("jwt_key_unknown", |config| drop(auth(config).insert("publicKeyID".into(), "nokey".into()))),
    ]);
}

/// An old rclone crashes on some of these.
#[test]
fn a_file_that_was_saved_is_spoilt() {
    let invalid = |(_, golden, spoil): (&str, &'static str, Spoil)| -> Case {
        case(golden, 6, "jwt_invalid", move |m| {
            let config = spoilt(m, spoil);
            verify_here(m, &config)
        })
    };
    check(SPOILT.map(invalid));
    check([
        case("jwt_not_json_saved", 6, "jwt_invalid", |m| verify_here(m, "hello")),
        case("jwt_file_missing_saved", 6, "jwt_invalid", |m| verify(m, "/nowhere/app.json", "hello")),
        // Older ones expand it.
        case("jwt_path_with_tilde", 6, "jwt_invalid", |m| {
            let config = config(m);
            verify(m, "~/app.json", &config)
        })
        .newest_only(),
        case("jwt_path_relative", 6, "jwt_invalid", |m| verify(m, "box/app.json", "hello")),
    ]);
}

#[test]
fn box_refuses_what_it_says() {
    check([
        case("jwt_secret_wrong", 6, "client_invalid", |m| {
            let config = spoilt(m, |config| config["boxAppSettings"]["clientSecret"] = "wrong-secret".into());
            add(m, &config, "")
        }),
        case("jwt_sub_type_wrong", 6, "jwt_invalid", |m| {
            let config = config(m);
            add(m, &config, "--box-sub-type user")
        }),
        case("jwt_sub_type_wrong_saved", 6, "jwt_invalid", |m| {
            let app = m.jwt_app(AppSpec::default());
            m.verify(&format!("box_config_file = {}", app.config_file.display()))
        }),
        case("jwt_not_authorized", 6, "app_not_authorized", |m| {
            let app = m.jwt_app(AppSpec { authorized: false, ..AppSpec::default() });
            add(m, &app.config.to_string(), "")
        }),
    ]);
}

#[test]
fn the_clock_is_wrong_and_by_how_much() {
    check([("clock_behind", 930), ("clock_ahead", -7_530)].map(|(golden, skew)| {
        case(golden, 6, "clock_skew", move |m| {
            m.sandbox.change(|settings| settings.clock_skew = skew);
            let config = config(m);
            add(m, &config, "")
        })
    }));
}
