//! Each way to sign in, with each rclone: what rclone reads afterwards, and that the storage still works after a
//! renewal.

use box_sandbox::Token;
use serde_json::json;

use crate::support::{Args, Machine, PLUTON, keys, warnings, with_each};

#[test]
fn quick_connect_commits_the_renewed_token_and_works_after_the_first_hour() {
    with_each(|m| {
        let given = m.mint();
        let ran = m.add(&given, "'Box Backups'").ok().omits([&given.access, &given.refresh]);
        ran.prints(["Listed the root folder: 3 folders", "rclone:Box Backups:"]);
        assert_eq!(keys(&m.dump()["Box Backups"]), ["token", "type"]);
        assert_ne!(m.refresh_token("Box Backups"), given.refresh);
        assert!(m.sandbox.is_renewed(&given.refresh));
        m.all_live("Box Backups");
        assert_eq!(m.lists("Box Backups"), ["Backups", "Documents", "Photos"]);
        m.leaves_only_rclone_conf();
        m.works_after_an_hour("Box Backups");
    });
}

#[test]
fn an_own_app_s_id_and_secret_are_saved_with_its_renewed_token() {
    with_each(|m| {
        let app = m.sandbox.own_app();
        let given = m.sandbox.mint(&app.client_id);
        let args = "own".and(m.app_args(&app));
        m.file("secret", &format!("{}\n", app.client_secret));
        m.add(&given, args).ok().omits([&app.client_secret, &given.access, &given.refresh]);
        let section = &m.dump()["own"];
        assert_eq!(keys(section), ["client_id", "client_secret", "token", "type"]);
        assert_eq!(
            (&section["client_id"], &section["client_secret"]),
            (&json!(app.client_id), &json!(app.client_secret))
        );
        assert_ne!(m.refresh_token("own"), given.refresh);
        assert_eq!(m.lists("own").len(), 3);
        m.works_after_an_hour("own");
    });
}

#[test]
fn a_service_account_gets_its_first_token_and_says_what_keeps_it_fresh() {
    with_each(|m| {
        let app = m.sandbox.jwt_app();
        m.log_children();
        let said = json!({ "storage": { "sign_in": "jwt" }, "verified": { "listed": true } });
        let document = m.add_jwt(&app, "svc --json").holds(&said);
        assert!(warnings(&document).contains(&"needs_renewal"), "{document}");
        let section = &m.dump()["svc"];
        assert_eq!(keys(section), ["box_config_file", "box_sub_type", "token", "type"]);
        assert_eq!(section["box_config_file"], json!(app.config_file));
        assert_eq!(section["box_sub_type"], "enterprise");
        m.is_signed_in("svc");
        assert_eq!(m.children().len(), 2, "{:?}", m.children());
        m.rclone("mkdir svc:new").ok();
        assert_eq!(m.lists("svc"), ["new"]);
        m.leaves_only_rclone_conf();
    });
}

#[test]
fn a_service_account_s_file_is_saved_with_its_absolute_path() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app();
    let absolute = m.file("app.json", &app.config.to_string());
    for (name, given) in [("a", "app.json"), ("b", "./app.json"), ("c", "~/app.json")] {
        m.pluton(["storage", "add", "box", name, "--box-config-file", given, "--no-verify"]).ok();
        let saved = m.dump()[name]["box_config_file"].as_str().expect("a path").to_owned();
        assert_eq!(std::fs::canonicalize(&saved).ok(), std::fs::canonicalize(&absolute).ok(), "{given}");
        assert!(saved.starts_with('/'), "{saved}");
    }
    // `..` is followed as the system follows it, and no link behind it is.
    let dir = m.at("real/deep");
    std::fs::create_dir_all(&dir).expect("a directory");
    std::os::unix::fs::symlink(&dir, m.at("short")).expect("a link");
    std::os::unix::fs::symlink(&absolute, m.at("real/current.json")).expect("a link");
    m.pluton("storage add box d --box-config-file short/../current.json --no-verify").ok();
    let saved = m.dump()["d"]["box_config_file"].as_str().expect("a path").to_owned();
    let home = m.path().canonicalize().expect("a home");
    assert_eq!(saved, home.join("real/current.json").to_str().expect("UTF-8"));
}

#[test]
fn client_credentials_act_for_the_subject_that_was_named() {
    with_each(|m| {
        let app = m.sandbox.client_credentials_app();
        for (name, kind, id, folders) in
            [("person", "user", &app.user_id, 3), ("robot", "enterprise", &app.enterprise_id, 0)]
        {
            let said = json!({ "storage": { "sign_in": "client-credentials" }, "verified": { "folders": folders } });
            let document = m.add_client_credentials(&app, &format!("{kind}:{id}"), [name, "--json"]).holds(&said);
            assert!(warnings(&document).contains(&"needs_renewal"), "{document}");
            let section = &m.dump()[name];
            let all = ["box_subject_id", "box_subject_type", "client_id", "client_secret", "token", "type"];
            assert_eq!(keys(section), all);
            assert_eq!((&section["box_subject_type"], &section["box_subject_id"]), (&json!(kind), &json!(id)));
            assert_eq!(m.lists(name).len(), folders);
        }
        assert_eq!(m.staged(), Vec::<String>::new());
    });
}

#[test]
fn an_access_token_is_proven_and_its_end_is_announced() {
    with_each(|m| {
        let token = m.mint();
        m.file("token", &format!(" {}\n", token.access));
        let document = m
            .json("storage add box dev --access-token-file token")
            .holds(&json!({ "storage": { "sign_in": "access-token" } }));
        assert_eq!(warnings(&document), ["access_token_expires"]);
        assert!(!document.to_string().contains(&token.access));
        assert_eq!(m.dump()["dev"], json!({ "access_token": token.access, "type": "box" }));
        assert_eq!(m.lists("dev").len(), 3);
        assert!(m.sandbox.is_live_refresh(&token.refresh), "the rest of the sign-in is untouched");
    });
}

#[test]
fn only_what_lasts_is_called_ready_and_the_rest_says_what_to_do() {
    let m = Machine::new();
    let ran = m.add(&m.mint(), "oauth").ok();
    ran.prints(["Ready for backups", "    restic -r \"rclone:oauth:", "    rclone copy ~/Documents \"oauth:"]);
    let ran = m.add_jwt(&m.sandbox.jwt_app(), "svc").ok();
    ran.prints("\n    pluton run \"svc\" -- restic ").omits("Ready");
    m.file("token", &m.mint().access);
    let ran = m.pluton("storage add box dev --access-token-file token").ok();
    assert!(ran.stdout.ends_with("rclone.conf\n") && !ran.stdout.contains("Ready"), "{ran:?}");
    assert!(ran.stderr.trim_end().ends_with("`pluton storage authorize \"dev\"`"), "{ran:?}");
    let half = Token { refresh: String::new(), ..m.mint() };
    m.add(&half, "half").ok().omits("Ready").says("no refresh token: it expires in ");
    // What was not proven is not called ready either.
    m.add(&m.mint(), "unproven --no-verify").ok().omits("Ready").prints("verify --renew \"unproven\"");
}

#[test]
fn the_warning_that_it_ends_is_the_last_thing_on_the_screen() {
    let m = Machine::new();
    let token = m.mint();
    let file = m.file("token", &token.access);
    let all = m.shell(&format!("'{PLUTON}' storage add box dev --access-token-file '{file}' 2>&1")).ok();
    let last = all.stdout.lines().last().expect("a line").to_owned();
    assert!(last.starts_with("warning: an access token expires"), "{all:?}");
}

#[test]
fn one_rclone_proves_listing_and_renewing_and_no_child_ever_sees_a_secret() {
    with_each(|m| {
        let app = m.sandbox.own_app();
        let given = m.sandbox.mint(&app.client_id);
        m.log_children();
        let said = json!({ "verified": { "listed": true, "refreshed": true } });
        m.add_json(&given, "own".and(m.app_args(&app))).holds(&said);
        assert_eq!(m.grants(), 1);
        let children = m.children();
        assert_eq!(children.len(), 1, "{children:?}");
        assert!(children[0].contains(" lsd own: "), "{children:?}");
        for secret in [&app.client_secret, &given.access, &given.refresh, &m.refresh_token("own")] {
            assert!(!children[0].contains(secret.as_str()));
        }
    });
}

#[test]
fn without_the_refresh_check_the_user_s_own_token_is_saved_as_it_was() {
    with_each(|m| {
        let given = m.mint();
        let said = json!({ "verified": { "listed": true, "refreshed": false } });
        m.add_json(&given, "Box --no-refresh-check").holds(&said);
        assert_eq!(m.dump()["Box"]["token"], given.blob());
        assert!(m.sandbox.is_live_refresh(&given.refresh));
        m.works_after_an_hour("Box");
    });
}

#[test]
fn without_verification_box_is_not_asked_and_no_rclone_is_started() {
    let m = Machine::new();
    m.log_children();
    let given = m.mint();
    m.add_json(&given, "Box --no-verify").holds(&json!({ "verified": { "listed": false } }));
    m.did_nothing();
    assert_eq!(m.dump()["Box"]["token"], given.blob());
    m.leaves_only_rclone_conf();
}
