//! Each way to sign in, from its first question to the section that rclone reads.

use crate::session::{ADVANCED, BROWSER, CLIENT_ID, CLIENT_SECRET, NAME, PASTE, SIGN_IN};
use crate::support::Machine;

#[test]
fn an_app_of_ones_own() {
    let m = Machine::new();
    let app = m.sandbox.own_app();
    let token = m.sandbox.mint(&app.client_id);
    let mut session = m.asks("");
    session.answers(NAME, "Box Backups").chooses(SIGN_IN, "Your own Box app");
    session.sees("https://app.box.com/developers/console").sees("http://127.0.0.1:53682/").sees("Save Changes");
    session.answers(CLIENT_ID, &app.client_id).answers(CLIENT_SECRET, &app.client_secret);
    session.chooses(BROWSER, "No").sees(&format!("rclone authorize \"box\" \"{}\"", app.client_id));
    session.sees(PASTE).types(&token.block()).answers(ADVANCED, "");
    let ended = session.ends().with(0).shows("Saved as [Box Backups]");
    ended.never_showed(&app.client_secret).never_showed(&token.refresh);

    let section = m.dump()["Box Backups"].clone();
    assert_eq!(section["client_id"], app.client_id);
    assert_eq!(section["client_secret"], app.client_secret);
    m.all_live("Box Backups");
}

#[test]
fn a_service_account_after_a_wrong_path() {
    let m = Machine::new();
    let file = m.sandbox.jwt_app().config_file;
    let path = file.to_str().expect("UTF-8");
    let mut session = m.asks("server");
    session.chooses(SIGN_IN, "Service account").answers("Path of config.json: ", "/nowhere/config.json");
    session.sees("cannot read").answers("Path of config.json: ", path).answers(ADVANCED, "");
    session.ends().with(0).shows("Saved as [server]");

    let section = m.dump()["server"].clone();
    assert_eq!(section["box_config_file"], path);
    assert_eq!(section["box_sub_type"], "enterprise");
    let minted = m.token("server");
    assert!(m.sandbox.is_live_access(minted["access_token"].as_str().expect("text")));
}

#[test]
fn a_config_json_that_is_pasted_instead_of_its_path_does_not_stay_on_the_screen() {
    let m = Machine::new();
    let file = m.sandbox.jwt_app().config_file;
    let mut session = m.asks("server");
    session.chooses(SIGN_IN, "Service account").sees("Path of config.json: ");
    // A long paste does not arrive all at once.
    let text = m.read(&file);
    let (first, rest) = text.split_at(text.find("PRIVATE KEY").expect("a key"));
    session.types(first);
    std::thread::sleep(std::time::Duration::from_millis(150));
    session.types(rest);
    session.sees("this is not a path").answers("Path of config.json: ", file.to_str().expect("UTF-8"));
    let ended = session.answers(ADVANCED, "").ends().with(0);
    assert!(!ended.screen.contains("passphrase") && !ended.screen.contains("PRIVATE KEY"), "{}", ended.screen);
}

#[test]
fn a_timer_is_offered_for_what_rclone_cannot_renew() {
    let m = Machine::new();
    m.script("systemctl", "[ \"$2\" != cat ]");
    let file = m.sandbox.jwt_app().config_file;
    let mut session = m.asks("server");
    session.chooses(SIGN_IN, "Service account").answers("Path of config.json: ", file.to_str().expect("UTF-8"));
    session.answers(ADVANCED, "").answers("renews it every 20 minutes?", "y");
    session.ends().with(0).shows("Installed a timer").shows("systemctl --user disable --now pluton-refresh.timer");
    assert!(m.at(".config/systemd/user/pluton-refresh.timer").is_file());
}

#[test]
fn a_folder_that_is_shared_with_a_service_account_is_chosen_as_its_root() {
    let m = Machine::new();
    let app = m.sandbox.jwt_app();
    let folder = m.sandbox.create_folder("0", "Backups\u{1b}[2J");
    m.sandbox.share(&folder, &app.service_user_id);
    let file = app.config_file.to_str().expect("UTF-8");
    let mut session = m.asks(["server", "--box-config-file", file]);
    session.chooses("Back up into\n", "Backups");
    session.ends().with(0).shows("Saved as [server]");
    assert_eq!(m.dump()["server"]["root_folder_id"], folder);
    m.rclone("mkdir server:sub").ok();
    assert!(m.sandbox.requests().iter().any(|request| request.method == "POST" && request.path == "/2.0/folders"));

    let mut session = m.asks(["own", "--box-config-file", file]);
    session.chooses("Back up into\n", "Its own root");
    session.ends().with(0).shows("Saved as [own]");
    assert!(m.dump()["own"]["root_folder_id"].is_null());
}

#[test]
fn client_credentials_after_a_wrong_subject() {
    let m = Machine::new();
    let app = m.sandbox.client_credentials_app();
    let mut session = m.asks("server");
    session.chooses(SIGN_IN, "Client credentials");
    session.answers(CLIENT_ID, &app.client_id).answers(CLIENT_SECRET, &app.client_secret);
    let subject = "Act as (enterprise:ID or user:ID): ";
    session.answers(subject, &app.enterprise_id).sees("there is no colon");
    session.answers(subject, &format!("enterprise:{}", app.enterprise_id)).answers(ADVANCED, "");
    session.ends().with(0).shows("Saved as [server]").never_showed(&app.client_secret);

    let section = m.dump()["server"].clone();
    assert_eq!(section["box_subject_id"], app.enterprise_id);
    assert!(section["client_credentials"].is_null(), "{section}");
}

#[test]
fn an_access_token_after_two_words_that_are_none() {
    let m = Machine::new();
    let token = m.mint();
    let hidden = "Access token (it stays hidden): ";
    let mut session = m.asks("look");
    session.chooses(SIGN_IN, "Access token").sees("60 minutes");
    session.answers(hidden, "no token").sees("one word").answers(hidden, &token.access).answers(ADVANCED, "");
    session.ends().with(0).shows("Saved as [look]").never_showed(&token.access);
    assert_eq!(m.dump()["look"]["access_token"], token.access);
}
