//! Errors of an app that signs in with its client ID and secret.

use box_sandbox::{App, AppKind, AppSpec, Fault};

use crate::case::{case, check};
use crate::scene::Scene;
use crate::support::{Args, Ran};

fn add(m: &Scene, app: &App, secret: &str, more: &str) -> Ran {
    m.file("secret", secret);
    let args = ["--client-credentials", "--client-id", &app.client_id, "--client-secret-file", "secret"];
    m.add_with(args.and(more)).omits(secret)
}

fn server_app(m: &mut Scene, authorized: bool) -> App {
    m.app(AppSpec { kind: AppKind::ClientCredentials, authorized, ..AppSpec::default() })
}

const SUBJECT: &str = "--box-subject enterprise:900000001";

#[test]
fn nobody_is_named_to_act_for_or_the_wrong_one() {
    check([
        case("subject_missing", 2, "input_required", |m| {
            let app = server_app(m, true);
            add(m, &app, &app.client_secret, "")
        })
        .newest_only(),
        case("subject_missing_saved", 6, "client_invalid", |m| {
            let app = server_app(m, true);
            let (id, secret) = (&app.client_id, &app.client_secret);
            m.verify(&format!("client_credentials = true\nclient_id = {id}\nclient_secret = {secret}")).omits(secret)
        })
        .newest_only(),
        case("subject_wrong", 6, "client_invalid", |m| {
            let app = server_app(m, true);
            add(m, &app, &app.client_secret, "--box-subject enterprise:1")
        })
        .newest_only(),
    ]);
}

#[test]
fn box_refuses_the_app() {
    check([
        case("client_credentials_secret_wrong", 6, "client_invalid", |m| {
            let app = server_app(m, true);
            add(m, &app, "wrong-secret", SUBJECT)
        })
        .newest_only(),
        case("client_credentials_of_an_oauth_app", 6, "client_invalid", |m| {
            let app = m.app(AppSpec::default());
            add(m, &app, &app.client_secret, SUBJECT)
        })
        .newest_only(),
        case("client_credentials_not_authorized", 6, "app_not_authorized", |m| {
            let app = server_app(m, false);
            add(m, &app, &app.client_secret, SUBJECT)
        })
        .newest_only(),
        case("rate_limited_with_a_wait", 8, "rate_limited", |m| {
            let app = server_app(m, true);
            m.sandbox.fault(Fault::on("POST", "/oauth2/token").status(429).header("Retry-After", "37"));
            add(m, &app, &app.client_secret, SUBJECT)
        })
        .newest_only(),
    ]);
}
