//! `rclone authorize`, with a scripted browser.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use box_sandbox::{AppSpec, Page, RCLONE_CLIENT_ID, authorize_port};

use crate::support::{Bench, with_each_in_turn};

/// `rclone authorize box`, waiting at `url` for a browser.
struct Authorize {
    child: Child,
    url: String,
}

impl Authorize {
    fn start(bench: &Bench, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = bench.command();
        command
            .args(["authorize", "box", "--auth-no-open-browser"])
            .env("RCLONE_CONFIG", "")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        change(&mut command);
        let mut child = command.spawn().expect("start rclone");
        let mut errors = BufReader::new(child.stderr.as_mut().expect("a pipe"));
        let mut line = String::new();
        let url = loop {
            line.clear();
            let read = errors.read_line(&mut line).expect("rclone's words");
            assert!(read > 0, "rclone ended before it gave an address");
            if let Some(at) = line.find("http://127.0.0.1:53682/auth?") {
                break line[at..].trim().to_owned();
            }
        };
        Self { child, url }
    }

    fn end(self) -> Output {
        self.child.wait_with_output().expect("rclone's end")
    }
}

fn assert_signed_in(bench: &Bench, page: &Page, output: Output) {
    // rclone may end before its page is out.
    assert!([0, 200].contains(&page.status), "{page:?}");
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let blob = said.lines().find(|line| line.starts_with('{')).unwrap();
    let token: serde_json::Value = serde_json::from_str(blob).unwrap();
    assert!(bench.sandbox.is_live_refresh(token["refresh_token"].as_str().unwrap()));
    bench.configure(&format!("token = {blob}"));
    assert_eq!(bench.folders().len(), 3);
}

#[test]
fn the_browser_goes_there_and_back_and_the_token_works() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        let authorize = Authorize::start(&bench, |_| ());
        let page = bench.sandbox.browse(&authorize.url);
        assert!(page.visited[1].contains("/api/oauth2/authorize?"));
        assert!(page.visited[1].contains(RCLONE_CLIENT_ID));
        assert!(page.visited[2].starts_with("http://127.0.0.1:53682/?code="));
        assert_signed_in(&bench, &page, authorize.end());
    });
}

#[test]
fn an_app_of_one_s_own_signs_in_too() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        let app = bench.sandbox.own_app();
        let authorize = Authorize::start(&bench, |command| {
            command.env("RCLONE_BOX_CLIENT_ID", &app.client_id);
            command.env("RCLONE_BOX_CLIENT_SECRET", &app.client_secret);
        });
        let page = bench.sandbox.browse(&authorize.url);
        assert_signed_in(&bench, &page, authorize.end());
    });
}

#[test]
fn a_person_who_says_no_ends_it() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        bench.sandbox.change(|settings| settings.refuse_consent = true);
        let authorize = Authorize::start(&bench, |_| ());
        let page = bench.sandbox.browse(&authorize.url);
        assert!(page.visited[2].contains("error=access_denied"));
        let output = authorize.end();
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        assert_eq!(bench.grants(), 0);
    });
}

#[test]
fn the_consent_page_has_two_buttons_that_work() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        bench.sandbox.change(|settings| settings.consent_page = true);
        for grant in [false, true] {
            let authorize = Authorize::start(&bench, |_| ());
            let page = bench.sandbox.browse(&authorize.url);
            assert!(page.body.contains("Grant access to Box"));
            assert!(page.body.contains("Deny access to Box"));
            let page = bench.sandbox.decide(&page, grant);
            let output = authorize.end();
            assert_eq!(output.status.success(), grant, "{}", page.body);
        }
    });
}

#[test]
fn an_app_without_the_redirect_uri_shows_an_error_page() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        for mismatch_redirects in [false, true] {
            let app = bench.sandbox.app(AppSpec { redirect_uri: None, mismatch_redirects, ..AppSpec::default() });
            let mut authorize = Authorize::start(&bench, |command| {
                command.env("RCLONE_BOX_CLIENT_ID", &app.client_id);
                command.env("RCLONE_BOX_CLIENT_SECRET", &app.client_secret);
            });
            let page = bench.sandbox.browse(&authorize.url);
            if mismatch_redirects {
                assert!(page.visited[2].contains("error=redirect_uri_mismatch"));
            } else {
                assert_eq!((page.status, page.visited.len()), (400, 2));
                assert!(page.body.contains("redirect_uri_mismatch"));
                authorize.child.kill().unwrap();
            }
            assert!(!authorize.end().status.success());
        }
    });
}

#[test]
fn a_code_works_once_for_its_own_app_and_redirect_uri() {
    let _port = authorize_port();
    let bench = Bench::new(&box_sandbox::rclone::newest(), box_sandbox::Sandbox::start());
    let app = bench.sandbox.own_app();
    let other = bench.sandbox.own_app();
    let code = || {
        let url = format!(
            "https://app.box.com/api/oauth2/authorize?response_type=code&client_id={}&redirect_uri={}&state=s",
            app.client_id, "http%3A%2F%2F127.0.0.1%3A53682%2F"
        );
        // Nobody listens at the redirect URI, so look at the redirect itself.
        let page = bench.sandbox.get_as(&url, "");
        assert_eq!(page.status, 302);
        let location = page.location.expect("a redirect");
        let (_, rest) = location.split_once("code=").expect("a code");
        rest.split('&').next().unwrap().to_owned()
    };
    let exchange = |code: &str, app: &box_sandbox::App, redirect_uri: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
            ("code", code),
            ("redirect_uri", redirect_uri),
        ];
        let url = "https://api.box.com/oauth2/token";
        bench.sandbox.post_form(url, &fields).status
    };
    let uri = box_sandbox::REDIRECT_URI;
    let first = code();
    assert_eq!(exchange(&first, &other, uri), 400, "another app");
    assert_eq!(exchange(&first, &app, uri), 200);
    assert_eq!(exchange(&first, &app, uri), 400, "a second time");
    assert_eq!(exchange(&code(), &app, "http://127.0.0.1:1/"), 400);
}
