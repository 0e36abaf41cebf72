//! A faulty config.json of a service account: found by Pluton before it is saved, or reported by rclone or Box if it
//! was saved before.

use box_sandbox::{App, AppSpec};
use serde_json::Value as Json;

use crate::case::{Case, side_by_side};
use crate::support::Ran;
use crate::world::World;

fn jwt_app(world: &mut World, spec: AppSpec) -> App {
    let app = world.sandbox.jwt_app_with(spec);
    world.name(&app.client_id, "CLIENT_ID");
    app
}

fn add(world: &World, config: &str, args: &[&str]) -> Ran {
    let file = world.home.file("app.json", config);
    world.pluton(&[&["storage", "add", "box", "work", "--box-config-file", &file], args].concat())
}

/// As another program would have saved it.
fn verify(world: &World, path: &str, config: &str) -> Ran {
    world.home.file("app.json", config);
    world.verify(&format!("box_config_file = {path}\nbox_sub_type = enterprise"))
}

fn spoilt(world: &mut World, spoil: Spoil) -> String {
    let mut config = jwt_app(world, AppSpec::default()).config;
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
    for (golden, _, spoil) in SPOILT {
        Case::new(golden, 6, "jwt_invalid").newest_only().run(|world| {
            let config = spoilt(world, spoil);
            add(world, &config, &[]).keeps(&["notthisone", "ENCRYPTED PRIVATE"])
        });
    }
    Case::new("jwt_no_enterprise", 6, "jwt_invalid").newest_only().run(|world| {
        let config = spoilt(world, |config| drop(config["enterpriseID"].take()));
        add(world, &config, &[])
    });
    Case::new("jwt_not_json", 6, "jwt_invalid").newest_only().run(|world| add(world, "hello", &[]));
    Case::new("jwt_file_missing", 6, "jwt_invalid")
        .newest_only()
        .run(|world| world.pluton(&["storage", "add", "box", "work", "--box-config-file", "nowhere.json"]));
}

/// An old rclone crashes on some of these.
#[test]
fn a_file_that_was_saved_is_spoilt() {
    for (_, golden, spoil) in SPOILT {
        Case::new(golden, 6, "jwt_invalid").run(|world| {
            let config = spoilt(world, spoil);
            let path = world.home.path().join("app.json").display().to_string();
            verify(world, &path, &config).keeps(&["notthisone", "ENCRYPTED PRIVATE"])
        });
    }
    Case::new("jwt_not_json_saved", 6, "jwt_invalid").run(|world| {
        let path = world.home.path().join("app.json").display().to_string();
        verify(world, &path, "hello")
    });
    Case::new("jwt_file_missing_saved", 6, "jwt_invalid").run(|world| verify(world, "/nowhere/app.json", "hello"));
}

#[test]
fn a_path_is_not_absolute() {
    // Older ones expand it.
    Case::new("jwt_path_with_tilde", 6, "jwt_invalid").newest_only().run(|world| {
        let config = jwt_app(world, AppSpec::default()).config.to_string();
        verify(world, "~/app.json", &config)
    });
    Case::new("jwt_path_relative", 6, "jwt_invalid").run(|world| verify(world, "box/app.json", "hello"));
}

#[test]
fn box_does_not_know_its_key() {
    Case::new("jwt_key_unknown", 6, "jwt_invalid").run(|world| {
        let config = spoilt(world, |config| drop(auth(config).insert("publicKeyID".into(), "nokey".into())));
        add(world, &config, &[])
    });
}

#[test]
fn its_secret_is_wrong() {
    Case::new("jwt_secret_wrong", 6, "client_invalid").run(|world| {
        let config = spoilt(world, |config| config["boxAppSettings"]["clientSecret"] = "wrong-secret".into());
        add(world, &config, &[]).keeps(&["wrong-secret"])
    });
}

#[test]
fn it_signs_in_as_the_wrong_type_of_subject() {
    side_by_side(&[
        &|| {
            Case::new("jwt_sub_type_wrong", 6, "jwt_invalid").run(|world| {
                let config = jwt_app(world, AppSpec::default()).config;
                add(world, &config.to_string(), &["--box-sub-type", "user"])
            });
        },
        &|| {
            Case::new("jwt_sub_type_wrong_saved", 6, "jwt_invalid").run(|world| {
                let app = jwt_app(world, AppSpec::default());
                world.verify(&format!("box_config_file = {}", app.config_file.display()))
            });
        },
    ]);
}

#[test]
fn the_enterprise_has_not_authorized_the_app() {
    Case::new("jwt_not_authorized", 6, "app_not_authorized").run(|world| {
        let config = jwt_app(world, AppSpec { authorized: false, ..AppSpec::default() }).config;
        add(world, &config.to_string(), &[])
    });
}

#[test]
fn the_clock_is_wrong_and_by_how_much() {
    for (golden, skew) in [("clock_behind", 930), ("clock_ahead", -7_530)] {
        Case::new(golden, 6, "clock_skew").sandbox(box_sandbox::Sandbox::start).run(|world| {
            world.sandbox.change(|settings| settings.clock_skew = skew);
            let config = jwt_app(world, AppSpec::default()).config;
            add(world, &config.to_string(), &[])
        });
    }
}
