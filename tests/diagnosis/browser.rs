//! Errors of the sign-in through the browser.

use std::net::TcpListener;

use box_sandbox::{App, AppKind, AppSpec};

use crate::case::{case, check};
use crate::scene::{JSON, Scene, TOKEN};
use crate::support::Ran;

fn through(m: &Scene, app: &App, secret: &str) -> Ran {
    m.file("secret", secret);
    let args = ["--no-browser", "--client-id", &app.client_id, "--client-secret-file", "secret"];
    m.authorize(args, |link| drop(m.sandbox.browse(link))).omits(secret)
}

/// An app of one's own that does not have rclone's redirect address.
fn redirected(m: &mut Scene, redirect_uri: Option<&str>) -> Ran {
    let redirect_uri = redirect_uri.map(str::to_owned);
    let app = m.app(AppSpec { redirect_uri, mismatch_redirects: true, ..AppSpec::default() });
    through(m, &app, &app.client_secret)
}

#[test]
fn the_person_says_no_or_another_tab_comes_back_or_the_code_is_too_old() {
    check([
        case("person_refused", 6, "access_denied", |m| {
            m.sandbox.change(|settings| settings.refuse_consent = true);
            m.authorize("--no-browser", |link| drop(m.sandbox.browse(link)))
        })
        .in_turn(),
        case("state_mismatch", 6, "access_denied", |m| {
            let other = "http://127.0.0.1:53682/?code=abc&state=wrong";
            m.authorize("--no-browser", |_| drop(m.sandbox.browse(other)))
        })
        .in_turn(),
        case("code_over", 6, "authorize_timeout", |m| {
            let body = r#"{"error":"invalid_grant","error_description":"The authorization code has expired"}"#;
            m.answers("POST", TOKEN, 400, body, JSON);
            m.authorize("--no-browser", |link| drop(m.sandbox.browse(link)))
        })
        .in_turn(),
    ]);
}

#[test]
fn the_app_is_set_up_for_something_else() {
    check([
        // Debian's rclone does not pass on what Box says.
        case("redirect_missing", 6, "redirect_uri_mismatch", |m| redirected(m, None)).newest_only().in_turn(),
        case("redirect_other", 6, "redirect_uri_mismatch", |m| redirected(m, Some("http://localhost/")))
            .newest_only()
            .in_turn(),
        case("redirect_missing_unsaid", 6, "access_denied", |m| redirected(m, None)).debian_only().in_turn(),
        case("client_secret_wrong_in_browser", 6, "client_invalid", |m| {
            let app = m.app(AppSpec::default());
            through(m, &app, "wrong-secret")
        })
        .in_turn(),
        case("app_of_another_type", 6, "client_invalid", |m| {
            let app = m.app(AppSpec { kind: AppKind::ClientCredentials, ..AppSpec::default() });
            through(m, &app, &app.client_secret)
        })
        .in_turn(),
    ]);
}

#[test]
fn the_port_is_taken_or_no_browser_can_be_opened() {
    check([
        case("port_taken", 6, "port_in_use", |m| {
            let _squatter = TcpListener::bind("127.0.0.1:53682").expect("the port");
            m.add_with("--authorize --no-browser")
        })
        .in_turn(),
        // No failure: the link is shown instead.
        case("browser_not_opened", 6, "access_denied", |m| {
            for opener in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
                m.script(opener, "exit 3");
            }
            m.sandbox.change(|settings| settings.refuse_consent = true);
            m.authorize("", |link| drop(m.sandbox.browse(link)))
        })
        .newest_only()
        .in_turn(),
    ]);
}
