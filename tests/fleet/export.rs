//! `pluton storage export` prints a copy if copying is safe, and insists on moving the storage if its token works only
//! once.

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, rclone};

use crate::support::Home;

fn with_jwt(sandbox: &Sandbox) -> Home {
    let home = Home::new(sandbox, &rclone::newest());
    let jwt = sandbox.jwt_app();
    home.pluton(&["storage", "add", "box", "jwt", "--box-config-file", jwt.config_file.to_str().expect("UTF-8")]).ok();
    home
}

#[test]
fn a_service_account_is_exported_as_rclone_s_own_section_and_works_elsewhere() {
    let sandbox = Sandbox::start();
    let home = with_jwt(&sandbox);
    let section = home.pluton(&["storage", "export", "jwt", "--format", "rclone"]).ok().stdout;
    for program in rclone::both() {
        let other = Home::new(&sandbox, &program);
        other.write_config(&section);
        assert_eq!(other.rclone(&["lsd", "jwt:"]).code, 0, "{section}");
    }
}

#[test]
fn variables_work_in_a_shell_without_any_rclone_conf() {
    let sandbox = Sandbox::start();
    let home = with_jwt(&sandbox);
    let env = home.pluton(&["storage", "export", "jwt", "--format", "env"]).ok().stdout;
    let other = Home::new(&sandbox, &rclone::newest());
    let script = format!("set -a\n{env}\nset +a\nexec rclone lsd jwt:");
    let output = other.command("sh").args(["-c", &script]).output().expect("sh");
    assert!(output.status.success(), "{output:?}\n{env}");
}

#[test]
fn a_sign_in_whose_token_works_once_is_moved_or_not_at_all() {
    let sandbox = Sandbox::start();
    let mut home = Home::new(&sandbox, &rclone::newest());
    home.set("PLUTON_BOX_TOKEN", sandbox.mint(RCLONE_CLIENT_ID).blob());
    home.pluton(&["storage", "add", "box", "work"]).ok();
    let before = home.config_text();
    let ran = home.pluton(&["storage", "export", "work", "--format", "rclone"]).fails(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("works once"), "{ran:?}");
    assert_eq!(home.config_text(), before);

    let moved = home.pluton(&["storage", "export", "work", "--format", "rclone", "--move"]).ok().stdout;
    assert!(home.dump().get("work").is_none());
    let other = Home::new(&sandbox, &rclone::newest());
    other.write_config(&moved);
    other.after_an_hour("work");
    assert_eq!(other.rclone(&["lsd", "work:"]).code, 0);
}

#[test]
fn an_apply_file_has_references_in_the_place_of_secrets() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let mut home = Home::new(&sandbox, &rclone::newest());
    home.set("PLUTON_BOX_TOKEN", sandbox.mint(&app.client_id).blob())
        .set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    home.pluton(&[
        "storage",
        "add",
        "box",
        "Team \"A\" Box".replace('"', "").as_str(),
        "--client-id",
        &app.client_id,
        "--list-chunk",
        "7",
    ])
    .ok();
    let toml = home.pluton(&["storage", "export", "Team A Box", "--format", "toml"]).ok().stdout;
    assert!(!toml.contains(&app.client_secret) && !toml.contains("access_token"), "{toml}");
    home.set("TEAM_A_BOX_CLIENT_SECRET", &app.client_secret);
    home.set("TEAM_A_BOX_TOKEN", home.token("Team A Box").to_string());
    home.file("a.toml", &toml);
    let ran = home.pluton(&["apply", "a.toml", "--check"]).ok();
    assert!(ran.stdout.contains("= Team A Box"), "{ran:?}\n{toml}");
}
