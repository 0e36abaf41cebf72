//! Each way to sign in, with each rclone: what rclone reads afterwards, and that the storage still works after a
//! renewal.

use crate::bench::{Bench, keys, warnings, with_each};
use crate::support::{PLUTON, Ran};

#[test]
fn quick_connect_commits_the_renewed_token_and_works_after_the_first_hour() {
    with_each(|bench| {
        let given = bench.token();
        let ran = bench.add(&given, &["Box Backups"]).ok().keeps(&[&given.access, &given.refresh]);
        assert!(ran.stdout.contains("Listed the root folder: 3 folders"), "{ran:?}");
        assert!(ran.stdout.contains("rclone:Box Backups:"), "{ran:?}");
        assert_eq!(keys(&bench.home.dump()["Box Backups"]), ["token", "type"]);
        assert_ne!(bench.refresh_token("Box Backups"), given.refresh);
        assert!(bench.sandbox.is_renewed(&given.refresh));
        assert!(bench.sandbox.is_live_refresh(&bench.refresh_token("Box Backups")));
        assert_eq!(bench.lists("Box Backups"), ["Backups", "Documents", "Photos"]);
        bench.leaves_only_rclone_conf();
        bench.works_after_an_hour("Box Backups");
    });
}

#[test]
fn an_own_app_s_id_and_secret_are_saved_with_its_renewed_token() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let given = bench.sandbox.mint(&app.client_id);
        let secret = bench.home.file("secret", &format!("{}\n", app.client_secret));
        let secrets = [&app.client_secret, &given.access, &given.refresh];
        bench
            .add(&given, &["own", "--client-id", &app.client_id, "--client-secret-file", &secret])
            .ok()
            .keeps(&secrets);
        let section = &bench.home.dump()["own"];
        assert_eq!(keys(section), ["client_id", "client_secret", "token", "type"]);
        assert_eq!(section["client_id"], app.client_id.as_str());
        assert_eq!(section["client_secret"], app.client_secret.as_str());
        assert_ne!(bench.refresh_token("own"), given.refresh);
        assert_eq!(bench.lists("own").len(), 3);
        bench.works_after_an_hour("own");
    });
}

#[test]
fn a_service_account_gets_its_first_token_and_says_what_keeps_it_fresh() {
    with_each(|bench| {
        let app = bench.sandbox.jwt_app();
        bench.home.log_children();
        let file = app.config_file.to_str().expect("UTF-8");
        let (code, document) = bench.home.json(&["storage", "add", "box", "svc", "--box-config-file", file]);
        assert_eq!(code, 0, "{document}");
        assert!(warnings(&document).contains(&"needs_renewal"), "{document}");
        assert_eq!(document["storage"]["sign_in"], "jwt");
        assert_eq!(document["verified"]["listed"], true);
        let section = &bench.home.dump()["svc"];
        assert_eq!(keys(section), ["box_config_file", "box_sub_type", "token", "type"]);
        assert_eq!(section["box_config_file"], file);
        assert_eq!(section["box_sub_type"], "enterprise");
        let access = bench.home.token("svc")["access_token"].as_str().expect("an access token").to_owned();
        assert!(bench.sandbox.is_live_access(&access));
        assert_eq!(bench.home.children().len(), 2, "{:?}", bench.home.children());
        bench.home.rclone(&["mkdir", "svc:new"]).ok();
        assert_eq!(bench.lists("svc"), ["new"]);
        bench.leaves_only_rclone_conf();
    });
}

#[test]
fn a_service_account_s_file_is_saved_with_its_absolute_path() {
    let bench = Bench::new();
    let app = bench.sandbox.jwt_app();
    let absolute = bench.home.file("app.json", &app.config.to_string());
    for (name, given) in [("a", "app.json"), ("b", "./app.json"), ("c", "~/app.json")] {
        bench.home.pluton(&["storage", "add", "box", name, "--box-config-file", given, "--no-verify"]).ok();
        let saved = bench.home.dump()[name]["box_config_file"].as_str().expect("a path").to_owned();
        assert_eq!(std::fs::canonicalize(&saved).ok(), std::fs::canonicalize(&absolute).ok(), "{given}");
        assert!(saved.starts_with('/'), "{saved}");
    }
    // `..` is followed as the system follows it, and no link behind it is.
    let dir = bench.home.path().join("real/deep");
    std::fs::create_dir_all(&dir).expect("a directory");
    std::os::unix::fs::symlink(&dir, bench.home.path().join("short")).expect("a link");
    std::os::unix::fs::symlink(&absolute, bench.home.path().join("real/current.json")).expect("a link");
    bench
        .home
        .pluton(&["storage", "add", "box", "d", "--box-config-file", "short/../current.json", "--no-verify"])
        .ok();
    let saved = bench.home.dump()["d"]["box_config_file"].as_str().expect("a path").to_owned();
    let home = bench.home.path().canonicalize().expect("a home");
    assert_eq!(saved, home.join("real/current.json").to_str().expect("UTF-8"));
}

#[test]
fn client_credentials_act_for_the_subject_that_was_named() {
    with_each(|bench| {
        let app = bench.sandbox.client_credentials_app();
        let secret = bench.home.file("secret", &app.client_secret);
        for (name, kind, id, folders) in
            [("person", "user", &app.user_id, 3), ("robot", "enterprise", &app.enterprise_id, 0)]
        {
            let subject = format!("{kind}:{id}");
            let args = ["storage", "add", "box", name, "--client-credentials", "--box-subject", &subject];
            let own = ["--client-id", &app.client_id, "--client-secret-file", &secret];
            let (code, document) = bench.home.json(&[&args[..], &own].concat());
            assert_eq!(code, 0, "{document}");
            assert_eq!(document["storage"]["sign_in"], "client-credentials");
            assert_eq!(document["verified"]["folders"], folders);
            assert!(warnings(&document).contains(&"needs_renewal"), "{document}");
            let section = &bench.home.dump()[name];
            assert_eq!(
                keys(section),
                ["box_subject_id", "box_subject_type", "client_id", "client_secret", "token", "type"]
            );
            assert_eq!(section["box_subject_type"], kind);
            assert_eq!(section["box_subject_id"], id.as_str());
            assert_eq!(bench.lists(name).len(), folders);
        }
        assert_eq!(bench.staged(), Vec::<String>::new());
    });
}

#[test]
fn an_access_token_is_proven_and_its_end_is_announced() {
    with_each(|bench| {
        let token = bench.token();
        let file = bench.home.file("token", &format!(" {}\n", token.access));
        let (code, document) = bench.home.json(&["storage", "add", "box", "dev", "--access-token-file", &file]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(document["storage"]["sign_in"], "access-token");
        assert_eq!(warnings(&document), ["access_token_expires"]);
        assert!(!document.to_string().contains(&token.access));
        let section = &bench.home.dump()["dev"];
        assert_eq!(keys(section), ["access_token", "type"]);
        assert_eq!(section["access_token"], token.access.as_str());
        assert_eq!(bench.lists("dev").len(), 3);
        assert!(bench.sandbox.is_live_refresh(&token.refresh), "the rest of the sign-in is untouched");
    });
}

#[test]
fn only_what_lasts_is_called_ready_and_the_rest_says_what_to_do() {
    let bench = Bench::new();
    let given = bench.token();
    let ran = bench.add(&given, &["oauth"]).ok();
    for line in ["Ready for backups", "    restic -r \"rclone:oauth:", "    rclone copy ~/Documents \"oauth:"] {
        assert!(ran.stdout.contains(line), "{ran:?}");
    }
    let app = bench.sandbox.jwt_app();
    let file = app.config_file.to_str().expect("UTF-8");
    let ran = bench.home.pluton(&["storage", "add", "box", "svc", "--box-config-file", file]).ok();
    assert!(ran.stdout.contains("\n    pluton run \"svc\" -- restic ") && !ran.stdout.contains("Ready"), "{ran:?}");
    let file = bench.home.file("token", &bench.token().access);
    let ran = bench.home.pluton(&["storage", "add", "box", "dev", "--access-token-file", &file]).ok();
    assert!(ran.stdout.ends_with("rclone.conf\n") && !ran.stdout.contains("Ready"), "{ran:?}");
    assert!(ran.stderr.trim_end().ends_with("`pluton storage authorize \"dev\"`"), "{ran:?}");
    let half = bench.token();
    let blob = half.blob().replace(&half.refresh, "");
    let ran = bench.add_text(&blob, &["half"]).ok();
    assert!(!ran.stdout.contains("Ready") && ran.stderr.contains("no refresh token: it expires in "), "{ran:?}");
    // What was not proven is not called ready either.
    let ran = bench.add(&bench.token(), &["unproven", "--no-verify"]).ok();
    assert!(!ran.stdout.contains("Ready") && ran.stdout.contains("verify --renew \"unproven\""), "{ran:?}");
}

#[test]
fn the_warning_that_it_ends_is_the_last_thing_on_the_screen() {
    let bench = Bench::new();
    let token = bench.token();
    let file = bench.home.file("token", &token.access);
    let mut shell = bench.home.command("sh");
    shell.args(["-c", "exec \"$0\" storage add box dev --access-token-file \"$1\" 2>&1", PLUTON, &file]);
    let all: Ran = shell.output().expect("a shell runs").into();
    let last = all.stdout.lines().last().expect("a line").to_owned();
    assert!(last.starts_with("warning: an access token expires"), "{all:?}");
}

#[test]
fn one_rclone_proves_listing_and_renewing_and_no_child_ever_sees_a_secret() {
    with_each(|bench| {
        let app = bench.sandbox.own_app();
        let given = bench.sandbox.mint(&app.client_id);
        bench.home.log_children();
        let secret = bench.home.file("secret", &app.client_secret);
        let (code, document) =
            bench.add_json(&given, &["own", "--client-id", &app.client_id, "--client-secret-file", &secret]);
        assert_eq!(code, 0, "{document}");
        assert_eq!((&document["verified"]["listed"], &document["verified"]["refreshed"]), (&true.into(), &true.into()));
        assert_eq!(bench.grants("refresh_token"), 1);
        let children = bench.home.children();
        assert_eq!(children.len(), 1, "{children:?}");
        assert!(children[0].contains(" lsd own: "), "{children:?}");
        for secret in [&app.client_secret, &given.access, &given.refresh, &bench.refresh_token("own")] {
            assert!(!children[0].contains(secret.as_str()));
        }
    });
}

#[test]
fn without_the_refresh_check_the_user_s_own_token_is_saved_as_it_was() {
    with_each(|bench| {
        let given = bench.token();
        let (code, document) = bench.add_json(&given, &["Box", "--no-refresh-check"]);
        assert_eq!(code, 0, "{document}");
        assert_eq!(
            (&document["verified"]["listed"], &document["verified"]["refreshed"]),
            (&true.into(), &false.into())
        );
        assert_eq!(bench.home.dump()["Box"]["token"], given.blob());
        assert!(bench.sandbox.is_live_refresh(&given.refresh));
        bench.works_after_an_hour("Box");
    });
}

#[test]
fn without_verification_box_is_not_asked_and_no_rclone_is_started() {
    let bench = Bench::new();
    bench.home.log_children();
    let given = bench.token();
    let (code, document) = bench.add_json(&given, &["Box", "--no-verify"]);
    assert_eq!(code, 0, "{document}");
    assert_eq!(document["verified"]["listed"], false);
    assert!(bench.sandbox.requests().is_empty());
    assert!(bench.home.children().is_empty());
    assert_eq!(bench.home.dump()["Box"]["token"], given.blob());
    bench.leaves_only_rclone_conf();
}
