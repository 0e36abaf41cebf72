//! No variable of the user's environment changes what is verified, or exposes a secret.

use std::fs;

use serde_json::json;

use crate::ODD;
use crate::support::{Args, Machine, with_each};

#[test]
fn variables_that_would_mask_the_section_do_not_reach_the_proof() {
    with_each(|mut m| {
        m.write_config(ODD);
        let spare = m.mint();
        m.set_all(&[
            ("RCLONE_BOX_TOKEN", spare.blob().as_str()),
            ("RCLONE_BOX_ROOT_FOLDER_ID", "4711"),
            ("RCLONE_BOX_ACCESS_TOKEN", &spare.access),
            ("RCLONE_BOX_CLIENT_ID", "nosuchclient"),
            ("RCLONE_CONFIG_MYBOX_TOKEN", &spare.blob()),
            ("RCLONE_CONFIG_MYBOX_TYPE", "local"),
            ("RCLONE_CONFIG_MYBOX_IMPERSONATE", "1"),
            ("rclone_config_mybox_token", &spare.blob()),
        ]);
        // A dead token is found out, though the environment holds a good one.
        let dead = m.mint();
        m.sandbox.expire_refresh(&dead.refresh);
        m.refuses(|| m.add(&dead, "mybox --json"), 6, "refresh_token_invalid");
        // A good one is proven, renewed and saved; the one in the environment is not touched.
        m.add(&m.mint(), "mybox").ok();
        assert!(m.sandbox.is_live_refresh(&spare.refresh));
        let names: Vec<_> = m.env().iter().map(|(name, _)| name.clone()).collect();
        for name in names.iter().filter_map(|name| name.to_str()) {
            let upper = name.to_ascii_uppercase();
            if upper.starts_with("RCLONE_BOX_") || upper.starts_with("RCLONE_CONFIG_") {
                m.unset(name);
            }
        }
        m.works_after_an_hour("mybox");
    });
}

#[test]
fn variables_that_make_rclone_talk_let_no_secret_out() {
    with_each(|mut m| {
        let log = m.at("rclone.log").display().to_string();
        let settings = [
            ("RCLONE_DUMP", "auth,headers,bodies,requests,responses"),
            ("RCLONE_VERBOSE", "2"),
            ("RCLONE_LOG_LEVEL", "DEBUG"),
            ("RCLONE_LOG_FILE", &log),
            ("RCLONE_USE_JSON_LOG", "true"),
            ("RCLONE_DUMP_BODIES", "true"),
        ];
        m.set_all(&settings);
        let token = m.mint();
        let app = m.sandbox.jwt_app();
        m.add(&token, "Box --verbose").ok().omits([&token.access, &token.refresh]);
        m.add(&token, "again --verbose").fails(6).omits([&token.access, &token.refresh]);
        m.add_jwt(&app, "svc --verbose").ok().omits([&app.client_secret, "BEGIN"]);
        assert!(!fs::exists(&log).expect("a look"), "the user's log got the proof's secrets");
        for (name, _) in settings {
            m.unset(name);
        }
        m.all_live("Box");
    });
}

#[test]
fn settings_that_would_spoil_the_proof_do_not_reach_it() {
    with_each(|mut m| {
        m.set_all(&[
            ("RCLONE_CONFIG_PASS", "some-password"),
            ("RCLONE_PASSWORD_COMMAND", "false"),
            ("RCLONE_ASK_PASSWORD", "true"),
            ("RCLONE_DRY_RUN", "true"),
            ("RCLONE_INTERACTIVE", "true"),
            ("RCLONE_QUIET", "true"),
            ("RCLONE_PROGRESS", "true"),
        ]);
        let document = m.add_json(&m.mint(), "Box").holds(&json!({ "verified": { "folders": 3 } }));
        assert!(!document.to_string().contains("some-password"));
    });
}

/// rclone, the user's own command, and whatever prints a password or a secret.
#[test]
fn what_the_user_answers_by_environment_reaches_no_other_program() {
    let mut m = Machine::new();
    let app = m.sandbox.client_credentials_app();
    let look =
        |name: &str| format!("env | grep -a -e ^PLUTON_BOX_ -e ^TEAM_ >> \"$HOME/seen\"; touch \"$HOME/{name}\"");
    m.script_rclone(&format!("{}\nexec '{}' \"$@\"", look("rclone-ran"), m.rclone.display()));
    m.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    let subject = format!("enterprise:{}", app.enterprise_id);
    m.pluton(["storage", "add", "box", "Box", "--client-credentials", "--box-subject", &subject]).ok();
    m.pluton(["run", "Box", "--", "sh", "-c", &look("command-ran")]).ok();
    m.file("print.sh", &format!("{}; echo secretsecret\n", look("source-ran")));
    let (id, enterprise) = (&app.client_id, &app.enterprise_id);
    let subject =
        format!("client_credentials = true\nbox_subject_type = 'enterprise'\nbox_subject_id = '{enterprise}'");
    let secret = "client_secret = { command = ['sh', 'print.sh'] }";
    let declared = format!("[storage.two]\nprovider = 'box'\nclient_id = '{id}'\n{secret}\n{subject}\n");
    m.file("storages.toml", &declared);
    m.pluton("apply storages.toml").fails(6);
    m.set("TEAM_SECRET", &app.client_secret);
    let three = "client_secret = { env = 'TEAM_SECRET' }\ntoken = { command = ['sh', 'print.sh'] }";
    m.file("storages.toml", &format!("{declared}[storage.three]\nprovider = 'box'\nclient_id = 'x'\n{three}\n"));
    m.pluton("apply storages.toml").fails(6);
    m.unset("TEAM_SECRET");
    m.write_config("# Encrypted\n\nRCLONE_ENCRYPT_V0:\nAAAA\n");
    m.pluton("storage list --password-command 'sh print.sh'").fails(9);
    for ran in ["rclone-ran", "command-ran", "source-ran"] {
        assert!(m.exists(ran), "{ran}");
    }
    assert_eq!(m.read("seen"), "");
}

#[test]
fn settings_of_the_network_do_reach_it() {
    let mut m = Machine::new();
    m.set("RCLONE_USER_AGENT", "my-agent/1.0");
    m.add(&m.mint(), "Box").ok();
    let agents: Vec<_> = m.sandbox.requests().iter().filter_map(|r| r.headers.get("user-agent").cloned()).collect();
    assert!(agents.iter().any(|agent| agent == "my-agent/1.0"), "{agents:?}");
}

#[test]
fn verbose_shows_each_program_and_no_secret() {
    with_each(|m| {
        let app = m.sandbox.own_app();
        let token = m.sandbox.mint(&app.client_id);
        let args = "own --verbose".and(m.app_args(&app));
        let ran = m.add(&token, &args).ok().omits([&app.client_secret, &token.access, &token.refresh]);
        ran.says("lsd own:").omits(&m.refresh_token("own"));
    });
}

#[test]
fn no_program_is_taken_from_an_empty_or_relative_entry_of_the_path() {
    let mut m = Machine::new();
    m.shell("mkdir good sub; mv bin/rclone good").ok();
    // Programs that would be run in the directory that the user happens to be in.
    m.script("trap", "touch \"$HOME/trapped\"; exit 1").shell("cp bin/trap rclone; mv bin/trap sub/rclone").ok();
    let good = m.at("good").display().to_string();
    m.set("PATH", format!(":.:sub::{good}:/usr/bin:/bin"));
    m.add(&m.mint(), "Box").ok();
    m.pluton("doctor --offline");
    assert!(!m.exists("trapped"));
    // By its own path it is what the user wants.
    m.add(&m.mint(), "Other --rclone ./rclone");
    assert!(m.exists("trapped"));
    // With nothing else there, there is none.
    m.set("PATH", ":.:sub");
    m.refuses(|| m.add(&m.mint(), "Other --json"), 3, "rclone_missing");
}
