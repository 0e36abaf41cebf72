//! No variable of the user's environment changes what is verified, or exposes a secret.

use std::fs;

use crate::bench::{Bench, ODD, with_each};

#[test]
fn variables_that_would_mask_the_section_do_not_reach_the_proof() {
    with_each(|mut bench| {
        bench.home.write_config(ODD);
        let spare = bench.token();
        for (name, value) in [
            ("RCLONE_BOX_TOKEN", spare.blob().as_str()),
            ("RCLONE_BOX_ROOT_FOLDER_ID", "4711"),
            ("RCLONE_BOX_ACCESS_TOKEN", &spare.access),
            ("RCLONE_BOX_CLIENT_ID", "nosuchclient"),
            ("RCLONE_CONFIG_MYBOX_TOKEN", &spare.blob()),
            ("RCLONE_CONFIG_MYBOX_TYPE", "local"),
            ("RCLONE_CONFIG_MYBOX_IMPERSONATE", "1"),
            ("rclone_config_mybox_token", &spare.blob()),
        ] {
            bench.home.set(name, value);
        }
        // A dead token is found out, though the environment holds a good one.
        let dead = bench.token();
        bench.sandbox.expire_refresh(&dead.refresh);
        bench.refused(|bench| bench.add(&dead, &["mybox", "--json"]), 6, "refresh_token_invalid");
        // A good one is proven, renewed and saved; the one in the environment is not touched.
        bench.add(&bench.token(), &["mybox"]).ok();
        assert!(bench.sandbox.is_live_refresh(&spare.refresh));
        let names: Vec<_> = bench.home.env().iter().map(|(name, _)| name.clone()).collect();
        for name in names.iter().filter_map(|name| name.to_str()) {
            let upper = name.to_ascii_uppercase();
            if upper.starts_with("RCLONE_BOX_") || upper.starts_with("RCLONE_CONFIG_") {
                bench.home.unset(name);
            }
        }
        bench.works_after_an_hour("mybox");
    });
}

#[test]
fn variables_that_make_rclone_talk_let_no_secret_out() {
    with_each(|mut bench| {
        let log = bench.home.path().join("rclone.log").display().to_string();
        let settings = [
            ("RCLONE_DUMP", "auth,headers,bodies,requests,responses"),
            ("RCLONE_VERBOSE", "2"),
            ("RCLONE_LOG_LEVEL", "DEBUG"),
            ("RCLONE_LOG_FILE", &log),
            ("RCLONE_USE_JSON_LOG", "true"),
            ("RCLONE_DUMP_BODIES", "true"),
        ];
        for (name, value) in settings {
            bench.home.set(name, value);
        }
        let token = bench.token();
        let app = bench.sandbox.jwt_app();
        let file = app.config_file.to_str().expect("UTF-8").to_owned();
        bench.add(&token, &["Box", "--verbose"]).ok().keeps(&[&token.access, &token.refresh]);
        bench.add(&token, &["again", "--verbose"]).fails(6).keeps(&[&token.access, &token.refresh]);
        let jwt = ["storage", "add", "box", "svc", "--verbose", "--box-config-file", &file];
        bench.home.pluton(&jwt).ok().keeps(&[&app.client_secret, "BEGIN"]);
        assert!(!fs::exists(&log).expect("a look"), "the user's log got the proof's secrets");
        for (name, _) in settings {
            bench.home.unset(name);
        }
        let live = bench.refresh_token("Box");
        assert!(bench.sandbox.is_live_refresh(&live));
    });
}

#[test]
fn settings_that_would_spoil_the_proof_do_not_reach_it() {
    with_each(|mut bench| {
        for (name, value) in [
            ("RCLONE_CONFIG_PASS", "some-password"),
            ("RCLONE_PASSWORD_COMMAND", "false"),
            ("RCLONE_ASK_PASSWORD", "true"),
            ("RCLONE_DRY_RUN", "true"),
            ("RCLONE_INTERACTIVE", "true"),
            ("RCLONE_QUIET", "true"),
            ("RCLONE_PROGRESS", "true"),
        ] {
            bench.home.set(name, value);
        }
        let (code, document) = bench.add_json(&bench.token(), &["Box"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(document["verified"]["folders"], 3);
        assert!(!document.to_string().contains("some-password"));
    });
}

/// rclone, the user's own command, and whatever prints a password or a secret.
#[test]
fn what_the_user_answers_by_environment_reaches_no_other_program() {
    let mut bench = Bench::new();
    let app = bench.sandbox.client_credentials_app();
    let seen = bench.home.path().join("seen");
    let look = |name: &str| format!("env | grep -a -e ^PLUTON_BOX_ -e ^TEAM_ >> '{}'; touch '{name}'", seen.display());
    let real = box_sandbox::rclone::newest();
    bench.home.script_rclone(&format!("{}\nexec '{}' \"$@\"", look("rclone-ran"), real.display()));
    bench.home.set("PLUTON_BOX_CLIENT_ID", &app.client_id).set("PLUTON_BOX_CLIENT_SECRET", &app.client_secret);
    let subject = format!("enterprise:{}", app.enterprise_id);
    bench.home.pluton(&["storage", "add", "box", "Box", "--client-credentials", "--box-subject", &subject]).ok();
    bench.home.pluton(&["run", "Box", "--", "sh", "-c", &look("command-ran")]).ok();
    bench.home.file("print.sh", &format!("{}; echo secretsecret\n", look("source-ran")));
    let declared = format!(
        "[storage.two]\nprovider = 'box'\nclient_id = '{}'\nclient_secret = {{ command = ['sh', 'print.sh'] }}\n\
         client_credentials = true\nbox_subject_type = 'enterprise'\nbox_subject_id = '{}'\n",
        app.client_id, app.enterprise_id
    );
    let file = bench.home.file("storages.toml", &declared);
    bench.home.pluton(&["apply", &file]).fails(6);
    bench.home.set("TEAM_SECRET", &app.client_secret);
    let declared = format!(
        "{declared}[storage.three]\nprovider = 'box'\nclient_id = 'x'\nclient_secret = {{ env = 'TEAM_SECRET' }}\ntoken = {{ command = ['sh', 'print.sh'] }}\n"
    );
    let file = bench.home.file("storages.toml", &declared);
    bench.home.pluton(&["apply", &file]).fails(6);
    bench.home.unset("TEAM_SECRET");
    bench.home.write_config("# Encrypted\n\nRCLONE_ENCRYPT_V0:\nAAAA\n");
    bench.home.pluton(&["storage", "list", "--password-command", "sh print.sh"]).fails(9);
    for ran in ["rclone-ran", "command-ran", "source-ran"] {
        assert!(bench.home.path().join(ran).exists(), "{ran}");
    }
    assert_eq!(fs::read_to_string(&seen).unwrap_or_default(), "");
}

#[test]
fn settings_of_the_network_do_reach_it() {
    let mut bench = Bench::new();
    bench.home.set("RCLONE_USER_AGENT", "my-agent/1.0");
    bench.add(&bench.token(), &["Box"]).ok();
    let agents: Vec<_> = bench.sandbox.requests().iter().filter_map(|r| r.headers.get("user-agent").cloned()).collect();
    assert!(agents.iter().any(|agent| agent == "my-agent/1.0"), "{agents:?}");
}

#[test]
fn verbose_shows_each_program_and_no_secret() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let token = bench.sandbox.mint(&app.client_id);
        let secret = bench.home.file("secret", &app.client_secret);
        let args = ["own", "--verbose", "--client-id", &app.client_id, "--client-secret-file", &secret];
        let ran = bench.add(&token, &args).ok().keeps(&[&app.client_secret, &token.access, &token.refresh]);
        assert!(ran.stderr.contains("lsd own:"), "{ran:?}");
        assert!(!ran.stderr.contains(&bench.refresh_token("own")), "{ran:?}");
    });
}

/// Programs that would be run in the directory that the user happens to be in.
fn lay_traps(bench: &mut Bench, names: &[&str]) {
    for name in names {
        for dir in ["", "sub/"] {
            let _ = fs::create_dir(bench.home.path().join("sub"));
            bench.home.script(name, "touch \"$HOME/trapped\"; exit 1");
            let target = bench.home.path().join(format!("{dir}{name}"));
            fs::rename(bench.home.beside(name), target).expect("a trap");
        }
    }
    let good = bench.home.path().join("good").display().to_string();
    bench.home.set("PATH", format!(":.:sub::{good}:/usr/bin:/bin"));
}

#[test]
fn no_program_is_taken_from_an_empty_or_relative_entry_of_the_path() {
    let mut bench = Bench::new();
    let good = bench.home.path().join("good");
    fs::create_dir(&good).expect("a directory");
    fs::rename(bench.home.beside("rclone"), good.join("rclone")).expect("the rclone");
    lay_traps(&mut bench, &["rclone"]);
    bench.add(&bench.token(), &["Box"]).ok();
    bench.home.pluton(&["doctor", "--offline"]);
    assert!(!bench.home.path().join("trapped").exists());
    // By its own path it is what the user wants.
    bench.add(&bench.token(), &["Other", "--rclone", "./rclone"]);
    assert!(bench.home.path().join("trapped").exists());
    // With nothing else there, there is none.
    bench.home.set("PATH", ":.:sub");
    bench.refused(|bench| bench.add(&bench.token(), &["Other", "--json"]), 3, "rclone_missing");
}
