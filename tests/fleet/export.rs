//! `pluton storage export` prints a copy if copying is safe, and insists on moving the storage if its token works only
//! once.

use box_sandbox::rclone;

use crate::support::Machine;

fn with_jwt() -> Machine {
    let m = Machine::new();
    m.add_jwt(&m.sandbox.jwt_app(), "jwt").ok();
    m
}

#[test]
fn a_service_account_is_exported_as_rclone_s_own_section_and_works_elsewhere() {
    let m = with_jwt();
    let section = m.pluton("storage export jwt --format rclone").ok().stdout;
    for program in rclone::both() {
        let other = m.another(&program);
        other.write_config(&section);
        assert_eq!(other.rclone("lsd jwt:").code, 0, "{section}");
    }
}

#[test]
fn variables_work_in_a_shell_without_any_rclone_conf() {
    let m = with_jwt();
    let env = m.pluton("storage export jwt --format env").ok().stdout;
    let other = m.another(&m.rclone);
    other.shell(&format!("set -a\n{env}\nset +a\nexec rclone lsd jwt:")).ok();
}

#[test]
fn what_is_exported_for_a_program_is_what_rclone_conf_says_escape_codes_included() {
    let m = with_jwt();
    let odd = "description = a \u{1b}[1mbold\u{1b}[0m note";
    m.write_config(&format!("{}{odd}\n", m.config_text()));
    let section = m.pluton("storage export jwt --format rclone").ok().stdout;
    assert!(section.contains(odd), "{section:?}");
    let moved = m.pluton("storage export jwt --format rclone --move").ok().stdout;
    assert_eq!(moved, section);
}

#[test]
fn a_sign_in_whose_token_works_once_is_moved_or_not_at_all() {
    let mut m = Machine::new();
    m.set("PLUTON_BOX_TOKEN", m.mint().blob());
    m.pluton("storage add box work").ok();
    let before = m.config_text();
    let ran = m.pluton("storage export work --format rclone").fails(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("works once"), "{ran:?}");
    // Its file has no secret in it: to remove the storage would lose the only live token.
    let ran = m.pluton("storage export work --format toml --move").fails(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("would be lost"), "{ran:?}");
    assert_eq!(m.config_text(), before);

    let moved = m.pluton("storage export work --format rclone --move").ok().stdout;
    assert!(m.dump().get("work").is_none());
    let other = m.another(&m.rclone);
    other.write_config(&moved);
    other.after_an_hour("work");
    assert_eq!(other.rclone("lsd work:").code, 0);
}

#[test]
fn an_apply_file_has_references_in_the_place_of_secrets() {
    let mut m = Machine::new();
    let app = m.sandbox.own_app();
    m.set("PLUTON_BOX_TOKEN", m.sandbox.mint(&app.client_id).blob())
        .set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    m.pluton(["storage", "add", "box", "Team A Box", "--client-id", &app.client_id, "--list-chunk", "7"]).ok();
    let toml = m.pluton("storage export 'Team A Box' --format toml").ok().stdout;
    assert!(!toml.contains(&app.client_secret) && !toml.contains("access_token"), "{toml}");
    m.set("TEAM_A_BOX_CLIENT_SECRET", &app.client_secret);
    m.set("TEAM_A_BOX_TOKEN", m.token("Team A Box").to_string());
    m.file("a.toml", &toml);
    let ran = m.pluton("apply a.toml --check").ok();
    assert!(ran.stdout.contains("= Team A Box"), "{ran:?}\n{toml}");
}
