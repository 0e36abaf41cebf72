//! `storage authorize` signs an existing storage in again and keeps its options.

use std::thread;

use box_sandbox::{AppSpec, RCLONE_CLIENT_ID};

use serde_json::json;

use crate::support::{Args, Machine, Ran, warnings, with_each};

const KINDS: [&str; 5] = ["quick", "own-app", "jwt", "client-credentials", "access-token"];

fn section(m: &Machine, kind: &str) {
    match kind {
        "quick" => drop(m.quick("Box")),
        "own-app" => drop(m.own_app("Box")),
        "jwt" => drop(m.jwt("Box")),
        "client-credentials" => drop(m.client_credentials("Box")),
        _ => drop(m.access_token("Box")),
    }
}

/// Signs in anew with `kind`, secrets from files.
fn authorize(m: &Machine, kind: &str, more: impl Args) -> Ran {
    let token = |client: &str| ["--token-file".to_owned(), m.file("token", &m.sandbox.mint(client).block())];
    let args = match kind {
        "quick" => ["--client-id", ""].and(token(RCLONE_CLIENT_ID)),
        "own-app" => {
            let app = m.sandbox.own_app();
            m.app_args(&app).and(token(&app.client_id))
        }
        "jwt" => vec!["--box-config-file".into(), m.sandbox.jwt_app().config_file.display().to_string()],
        "client-credentials" => {
            let app = m.sandbox.client_credentials_app();
            let subject = format!("enterprise:{}", app.enterprise_id);
            ["--client-credentials", "--box-subject", &subject].and(m.app_args(&app))
        }
        _ => vec!["--access-token-file".into(), m.file("secret", &m.mint().access)],
    };
    m.pluton("storage authorize Box".and(args).and(more))
}

#[test]
fn every_sign_in_can_take_the_place_of_every_other() {
    thread::scope(|scope| {
        for old in KINDS {
            scope.spawn(move || {
                for new in KINDS {
                    let m = Machine::new();
                    section(&m, old);
                    let more = "list_chunk = 500\n# mine\nmy_own_key = kept\n\n[z]\ntype = local\n";
                    m.write_config(&(m.config_text() + more));
                    let said = json!({ "storage": { "sign_in": new }, "outcome": "authorized" });
                    authorize(&m, new, "--json").holds(&said);
                    let dump = m.dump();
                    assert_eq!(
                        (&dump["Box"]["list_chunk"], &dump["Box"]["my_own_key"]),
                        (&json!("500"), &json!("kept"))
                    );
                    assert_eq!(dump["z"]["type"], "local");
                    assert!(m.config_text().contains("\n# mine\n"), "{}", m.config_text());
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
                    assert_eq!(m.rclone("lsd Box:").code, 0, "{old} to {new}");
                }
            });
        }
    });
}

#[test]
fn a_sign_in_that_does_not_work_leaves_the_old_one_byte_for_byte() {
    with_each(|m| {
        let token = m.quick("Box");
        let before = m.config_text();
        let other = m.sandbox.own_app();
        m.file("wrong", &m.sandbox.mint(&other.client_id).blob());
        m.pluton("storage authorize Box --token-file wrong").fails(6).says(["next:", "was not changed"]);
        let refused = m.sandbox.jwt_app_with(AppSpec { authorized: false, ..AppSpec::default() });
        let file = refused.config_file.display().to_string();
        m.pluton(["storage", "authorize", "Box", "--box-config-file", &file]).fails(6);
        m.pluton("storage authorize Box --no-input").fails(2);
        m.pluton("storage authorize nobody --token-file wrong").fails(4);
        assert_eq!(m.config_text(), before);
        assert!(m.sandbox.is_live_refresh(&token.refresh));
    });
}

#[test]
fn the_app_is_kept_where_no_other_is_named() {
    with_each(|m| {
        let (app, _) = m.own_app("Box");
        m.file("token", &m.sandbox.mint(&app.client_id).block());
        let signs_in = |how: &str| json!({ "storage": { "sign_in": how } });
        m.json("storage authorize Box --token-file token").holds(&signs_in("own-app"));
        assert_eq!(m.dump()["Box"]["client_secret"], app.client_secret);
        m.is_signed_in("Box");
        m.client_credentials("service");
        m.json("storage authorize service --client-credentials").holds(&signs_in("client-credentials"));
    });
}

#[test]
fn another_account_is_pointed_out() {
    let m = Machine::new();
    m.quick("Box");
    authorize(&m, "own-app", "--json").holds(&json!({ "warnings": [] }));
    let document = authorize(&m, "jwt", "--json").done();
    assert!(warnings(&document).contains(&"other_account"), "{document}");
    assert!(document["warnings"].to_string().contains("person@example.com"), "{document}");
}

#[test]
fn a_note_in_the_section_is_no_reason_to_refuse_an_older_rclone() {
    with_each(|m| {
        m.quick("Box");
        let noted = m.config_text().replace("type = box", "type = box\ndescription = mine");
        m.write_config(&noted);
        authorize(&m, "quick", "").ok();
        assert!(m.config_text().contains("description = mine"), "{}", m.config_text());
    });
}

#[test]
fn tokens_that_go_to_another_host_than_box_are_pointed_out() {
    let m = Machine::new();
    m.quick("Box");
    m.write_config(&m.config_text().replace("type = box", "type = box\ntoken_url = https://tokens.example/api"));
    m.file("token", &m.mint().block());
    let args = ["--client-id", "", "--token-file", "token", "--no-verify"];
    m.json("storage authorize Box".and(args)).holds(&json!({ "warnings": [{ "code": "foreign_token_url" }] }));
}
