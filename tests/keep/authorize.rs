//! `storage authorize` signs an existing storage in again and keeps its options.

use std::thread;

use box_sandbox::{AppSpec, RCLONE_CLIENT_ID, Sandbox};

use crate::life::{Life, with_each};
use crate::support::Ran;

const KINDS: [&str; 5] = ["quick", "own-app", "jwt", "client-credentials", "access-token"];

fn section(life: &Life, kind: &str) {
    match kind {
        "quick" => drop(life.quick("Box")),
        "own-app" => drop(life.own_app("Box")),
        "jwt" => drop(life.jwt("Box")),
        "client-credentials" => drop(life.client_credentials("Box")),
        _ => drop(life.access_token("Box")),
    }
}

/// Signs in anew with `kind`, secrets from files.
fn authorize(life: &Life, kind: &str, more: &[&str]) -> Ran {
    let oauth = |client: &str| life.home.file("token", &life.sandbox.mint(client).block());
    let secret = |text: &str| life.home.file("secret", text);
    let args: Vec<String> = match kind {
        "quick" => vec!["--client-id".into(), String::new(), "--token-file".into(), oauth(RCLONE_CLIENT_ID)],
        "own-app" => {
            let app = life.sandbox.own_app();
            let token = oauth(&app.client_id);
            ["--client-id", &app.client_id, "--client-secret-file", &secret(&app.client_secret), "--token-file", &token]
                .map(str::to_owned)
                .into()
        }
        "jwt" => vec!["--box-config-file".into(), life.sandbox.jwt_app().config_file.display().to_string()],
        "client-credentials" => {
            let app = life.sandbox.client_credentials_app();
            let subject = format!("enterprise:{}", app.enterprise_id);
            let secret = secret(&app.client_secret);
            [
                "--client-credentials",
                "--client-id",
                &app.client_id,
                "--client-secret-file",
                &secret,
                "--box-subject",
                &subject,
            ]
            .map(str::to_owned)
            .into()
        }
        _ => vec!["--access-token-file".into(), secret(&life.sandbox.mint(RCLONE_CLIENT_ID).access)],
    };
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    life.pluton(&[&["storage", "authorize", "Box"], &args[..], more].concat())
}

#[test]
fn every_sign_in_can_take_the_place_of_every_other() {
    thread::scope(|scope| {
        for old in KINDS {
            scope.spawn(move || {
                for new in KINDS {
                    let life = Life::new();
                    section(&life, old);
                    let text = life.home.config_text();
                    life.home.write_config(&format!(
                        "{text}list_chunk = 500\n# mine\nmy_own_key = kept\n\n[z]\ntype = local\n"
                    ));
                    let document = authorize(&life, new, &["--json"]).ok().document();
                    assert_eq!(document["storage"]["sign_in"], new, "{old}");
                    assert_eq!(document["outcome"], "authorized");
                    let dump = life.home.dump();
                    assert_eq!(
                        (&dump["Box"]["list_chunk"], &dump["Box"]["my_own_key"]),
                        (&"500".into(), &"kept".into())
                    );
                    assert_eq!(dump["z"]["type"], "local");
                    let text = life.home.config_text();
                    assert!(text.contains("\n# mine\n"), "{text}");
                    for (key, kinds) in [
                        ("access_token", &["access-token"][..]),
                        ("box_config_file", &["jwt"]),
                        ("box_sub_type", &["jwt"]),
                        ("client_credentials", &[]),
                        ("box_subject_id", &["client-credentials"]),
                        ("client_id", &["own-app", "client-credentials"]),
                    ] {
                        assert_eq!(dump["Box"][key].is_string(), kinds.contains(&new), "{old} to {new}: {key}");
                    }
                    assert_eq!(life.home.rclone(&["lsd", "Box:"]).code, 0, "{old} to {new}");
                }
            });
        }
    });
}

#[test]
fn a_sign_in_that_does_not_work_leaves_the_old_one_byte_for_byte() {
    with_each(Sandbox::start, |life| {
        let token = life.quick("Box");
        let before = life.home.config_text();
        let other = life.sandbox.own_app();
        let wrong = life.home.file("wrong", &life.sandbox.mint(&other.client_id).blob());
        let ran = life.pluton(&["storage", "authorize", "Box", "--token-file", &wrong]).fails(6);
        assert!(ran.stderr.contains("next:") && ran.stderr.contains("was not changed"), "{ran:?}");
        let refused = life.sandbox.jwt_app_with(AppSpec { authorized: false, ..AppSpec::default() });
        let file = refused.config_file.display().to_string();
        life.pluton(&["storage", "authorize", "Box", "--box-config-file", &file]).fails(6);
        life.pluton(&["storage", "authorize", "Box", "--no-input"]).fails(2);
        life.pluton(&["storage", "authorize", "nobody", "--token-file", &wrong]).fails(4);
        assert_eq!(life.home.config_text(), before);
        assert!(life.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn the_app_is_kept_where_no_other_is_named() {
    with_each(Sandbox::start, |life| {
        let (app, _) = life.own_app("Box");
        let token = life.home.file("token", &life.sandbox.mint(&app.client_id).block());
        let document = life.pluton(&["storage", "authorize", "Box", "--token-file", &token, "--json"]).ok().document();
        assert_eq!(document["storage"]["sign_in"], "own-app");
        assert_eq!(life.home.dump()["Box"]["client_secret"], app.client_secret);
        life.is_signed_in("Box");
        life.client_credentials("service");
        let document =
            life.pluton(&["storage", "authorize", "service", "--client-credentials", "--json"]).ok().document();
        assert_eq!(document["storage"]["sign_in"], "client-credentials");
    });
}

#[test]
fn another_account_is_pointed_out() {
    let life = Life::new();
    life.quick("Box");
    let document = authorize(&life, "own-app", &["--json"]).ok().document();
    assert_eq!(document["warnings"].as_array().map(Vec::len), Some(0), "{document}");
    let document = authorize(&life, "jwt", &["--json"]).ok().document();
    let codes: Vec<&str> = document["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .filter_map(|warning| warning["code"].as_str())
        .collect();
    assert!(codes.contains(&"other_account"), "{document}");
    assert!(document["warnings"].to_string().contains("person@example.com"), "{document}");
}

#[test]
fn a_note_in_the_section_is_no_reason_to_refuse_an_older_rclone() {
    with_each(Sandbox::start, |life| {
        life.quick("Box");
        let noted = life.home.config_text().replace("type = box", "type = box\ndescription = mine");
        life.home.write_config(&noted);
        authorize(&life, "quick", &[]).ok();
        assert!(life.home.config_text().contains("description = mine"), "{}", life.home.config_text());
    });
}

#[test]
fn tokens_that_go_to_another_host_than_box_are_pointed_out() {
    let life = Life::new();
    life.quick("Box");
    let url = "token_url = https://tokens.example/api";
    life.home.write_config(&life.home.config_text().replace("type = box", &format!("type = box\n{url}")));
    let file = life.home.file("token", &life.sandbox.mint(RCLONE_CLIENT_ID).block());
    let (code, document) =
        life.home.json(&["storage", "authorize", "Box", "--client-id", "", "--token-file", &file, "--no-verify"]);
    assert_eq!((code, &document["warnings"][0]["code"]), (0, &"foreign_token_url".into()), "{document}");
}
