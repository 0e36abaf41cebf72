//! `rclone authorize`, with a scripted browser.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use box_sandbox::{App, AppSpec, Page, RCLONE_CLIENT_ID, REDIRECT_URI, Sandbox, authorize_port};

use crate::support::{Bench, grant, with_each_in_turn};

/// `rclone authorize box`, waiting at `url` for a browser.
struct Authorize {
    child: Child,
    url: String,
}

impl Authorize {
    /// For this app, or else for rclone's own.
    fn start(bench: &Bench, app: Option<&App>) -> Self {
        let mut command = bench.command();
        command.args(["authorize", "box", "--auth-no-open-browser"]).env("RCLONE_CONFIG", "");
        if let Some(app) = app {
            command.env("RCLONE_BOX_CLIENT_ID", &app.client_id).env("RCLONE_BOX_CLIENT_SECRET", &app.client_secret);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("start rclone");
        let errors = BufReader::new(child.stderr.as_mut().expect("a pipe"));
        let url = errors.lines().map_while(Result::ok).find_map(|line| {
            let at = line.find("http://127.0.0.1:53682/auth?")?;
            Some(line[at..].trim().to_owned())
        });
        Self { child, url: url.expect("rclone gives an address") }
    }
}

#[test]
fn the_browser_goes_there_and_back_and_the_token_works() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        for app in [None, Some(bench.sandbox.own_app())] {
            let authorize = Authorize::start(&bench, app.as_ref());
            let page = bench.sandbox.browse(&authorize.url);
            let client_id = app.as_ref().map_or(RCLONE_CLIENT_ID, |app| &app.client_id);
            assert!(page.visited[1].contains("/api/oauth2/authorize?") && page.visited[1].contains(client_id));
            assert!(page.visited[2].starts_with("http://127.0.0.1:53682/?code="));
            // rclone may end before its page is out.
            assert!([0, 200].contains(&page.status), "{page:?}");
            let output = authorize.child.wait_with_output().unwrap();
            assert!(output.status.success());
            let said = String::from_utf8(output.stdout).unwrap();
            let blob = said.lines().find(|line| line.starts_with('{')).unwrap();
            bench.configure(&format!("token = {blob}"));
            assert!(bench.sandbox.is_live_refresh(bench.token()["refresh_token"].as_str().unwrap()));
            assert_eq!(bench.folders().len(), 3);
        }
    });
}

#[test]
fn the_consent_page_has_two_buttons_that_work() {
    let _port = authorize_port();
    with_each_in_turn(|bench| {
        bench.sandbox.change(|settings| settings.consent_page = true);
        for grant in [false, true] {
            let authorize = Authorize::start(&bench, None);
            let page = bench.sandbox.browse(&authorize.url);
            assert!(page.body.contains("Grant access to Box"));
            assert!(page.body.contains("Deny access to Box"));
            let page = bench.sandbox.decide(&page, grant);
            assert_eq!(authorize.child.wait_with_output().unwrap().status.success(), grant, "{}", page.body);
        }
    });
}

/// Where Box sends the browser for this app and redirect URI; nobody need listen there.
fn redirected(sandbox: &Sandbox, app: &App, redirect_uri: &str) -> Page {
    let id = &app.client_id;
    let url = "https://account.box.com/api/oauth2/authorize?response_type=code";
    sandbox.get_as(&format!("{url}&client_id={id}&redirect_uri={redirect_uri}"), "")
}

#[test]
fn a_code_works_once_for_its_own_app_and_redirect_uri() {
    let sandbox = Sandbox::start();
    let (app, other) = (sandbox.own_app(), sandbox.own_app());
    let code = || {
        let location = redirected(&sandbox, &app, REDIRECT_URI).location.expect("a redirect");
        let (_, rest) = location.split_once("code=").expect("a code");
        rest.split('&').next().unwrap().to_owned()
    };
    let exchange = |code: &str, app: &App, redirect_uri: &str| {
        grant(&sandbox, app, "authorization_code", &[("code", code), ("redirect_uri", redirect_uri)]).0
    };
    let first = code();
    assert_eq!(exchange(&first, &other, REDIRECT_URI), 400, "another app");
    assert_eq!(exchange(&first, &app, REDIRECT_URI), 200);
    assert_eq!(exchange(&first, &app, REDIRECT_URI), 400, "a second time");
    assert_eq!(exchange(&code(), &app, "http://127.0.0.1:1/"), 400, "another redirect URI");
}

#[test]
fn a_redirect_address_of_this_machine_may_have_any_port_and_another_shows_an_error_page() {
    let sandbox = Sandbox::start();
    let (app, without) = (sandbox.own_app(), sandbox.app(AppSpec { redirect_uri: None, ..AppSpec::default() }));
    let page = redirected(&sandbox, &app, "http://127.0.0.1:9/");
    assert!(page.location.is_some_and(|location| location.starts_with("http://127.0.0.1:9/?code=")));
    for (app, uri) in [(&app, "http://127.0.0.1:9/other"), (&without, REDIRECT_URI)] {
        let page = redirected(&sandbox, app, uri);
        assert_eq!((page.status, page.location), (400, None));
        assert!(page.body.contains("redirect_uri_mismatch"));
    }
}
