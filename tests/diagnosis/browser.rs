//! Errors of the sign-in through the browser.

use std::net::TcpListener;

use box_sandbox::{App, AppSpec, Fault};

use crate::case::Case;
use crate::support::Ran;
use crate::world::{TOKEN, World};

fn through(world: &World, app: &App, secret: &str) -> Ran {
    let file = world.home.file("secret", secret);
    let args = ["--no-browser", "--client-id", &app.client_id, "--client-secret-file", &file];
    world.authorize(&args, |link| drop(world.sandbox.browse(link))).keeps(&[secret])
}

#[test]
fn the_person_says_no() {
    Case::new("person_refused", 6, "access_denied").in_turn().run(|world| {
        world.sandbox.change(|settings| settings.refuse_consent = true);
        world.authorize(&["--no-browser"], |link| drop(world.sandbox.browse(link)))
    });
}

#[test]
fn the_app_does_not_have_the_redirect_address() {
    for (golden, redirect_uri) in [("redirect_missing", None), ("redirect_other", Some("http://localhost/".to_owned()))]
    {
        let redirect_uri = &redirect_uri;
        // Debian's rclone does not pass on what Box says.
        Case::new(golden, 6, "redirect_uri_mismatch").newest_only().in_turn().run(|world| {
            let redirect_uri = redirect_uri.clone();
            let spec = AppSpec { redirect_uri, mismatch_redirects: true, ..AppSpec::default() };
            let app = world.sandbox.app(spec);
            world.name(&app.client_id, "CLIENT_ID");
            through(world, &app, &app.client_secret)
        });
    }
    Case::new("redirect_missing_unsaid", 6, "access_denied").debian_only().in_turn().run(|world| {
        let app = world.sandbox.app(AppSpec { redirect_uri: None, mismatch_redirects: true, ..AppSpec::default() });
        world.name(&app.client_id, "CLIENT_ID");
        through(world, &app, &app.client_secret)
    });
}

#[test]
fn another_tab_comes_back() {
    Case::new("state_mismatch", 6, "access_denied").in_turn().run(|world| {
        world.authorize(&["--no-browser"], |_| {
            drop(world.sandbox.browse("http://127.0.0.1:53682/?code=abc&state=wrong"));
        })
    });
}

#[test]
fn the_code_is_too_old() {
    Case::new("code_over", 6, "authorize_timeout").in_turn().run(|world| {
        let body = r#"{"error":"invalid_grant","error_description":"The authorization code has expired"}"#;
        let fault = Fault::on("POST", TOKEN).status(400).body(body);
        world.sandbox.fault(fault.header("Content-Type", "application/json"));
        world.authorize(&["--no-browser"], |link| drop(world.sandbox.browse(link)))
    });
}

#[test]
fn the_secret_is_wrong() {
    Case::new("client_secret_wrong_in_browser", 6, "client_invalid").in_turn().run(|world| {
        let app = world.own_app();
        through(world, &app, "wrong-secret")
    });
}

#[test]
fn the_app_is_made_for_another_way_to_sign_in() {
    Case::new("app_of_another_type", 6, "client_invalid").in_turn().run(|world| {
        let app = world.sandbox.client_credentials_app();
        world.name(&app.client_id, "CLIENT_ID");
        through(world, &app, &app.client_secret)
    });
}

#[test]
fn the_port_is_taken() {
    Case::new("port_taken", 6, "port_in_use").in_turn().run(|world| {
        let _squatter = TcpListener::bind("127.0.0.1:53682").expect("the port");
        world.pluton(&["storage", "add", "box", "work", "--authorize", "--no-browser"])
    });
}

/// No failure: the link is shown instead.
#[test]
fn no_browser_can_be_opened() {
    Case::new("browser_not_opened", 6, "access_denied").newest_only().in_turn().run(|world| {
        for opener in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
            world.home.script(opener, "exit 3");
        }
        world.sandbox.change(|settings| settings.refuse_consent = true);
        world.authorize(&[], |link| drop(world.sandbox.browse(link)))
    });
}
