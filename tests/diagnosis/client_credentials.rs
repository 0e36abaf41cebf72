//! Errors of an app that signs in with its client ID and secret.

use box_sandbox::{App, AppSpec, Fault};

use crate::case::{Case, side_by_side};
use crate::support::Ran;
use crate::world::World;

fn add(world: &World, app: &App, secret: &str, subject: Option<&str>) -> Ran {
    let file = world.home.file("secret", secret);
    let own = ["storage", "add", "box", "work", "--client-credentials", "--client-id", &app.client_id];
    let subject = subject.map(|subject| vec!["--box-subject", subject]).unwrap_or_default();
    world.pluton(&[&own[..], &["--client-secret-file", &file], &subject].concat()).keeps(&[secret])
}

fn server_app(world: &mut World) -> App {
    let app = world.sandbox.client_credentials_app();
    world.name(&app.client_id, "CLIENT_ID");
    app
}

#[test]
fn nobody_is_named_to_act_for() {
    side_by_side(&[
        &|| {
            Case::new("subject_missing", 2, "input_required").newest_only().run(|world| {
                let app = server_app(world);
                add(world, &app, &app.client_secret, None)
            });
        },
        &|| {
            Case::new("subject_missing_saved", 6, "client_invalid").newest_only().run(|world| {
                let app = server_app(world);
                let lines = format!(
                    "client_credentials = true\nclient_id = {}\nclient_secret = {}",
                    app.client_id, app.client_secret
                );
                world.verify(&lines).keeps(&[app.client_secret])
            });
        },
    ]);
}

#[test]
fn whom_it_names_it_may_not_act_for() {
    Case::new("subject_wrong", 6, "client_invalid").newest_only().run(|world| {
        let app = server_app(world);
        add(world, &app, &app.client_secret, Some("enterprise:1"))
    });
}

#[test]
fn its_secret_is_wrong() {
    Case::new("client_credentials_secret_wrong", 6, "client_invalid").newest_only().run(|world| {
        let app = server_app(world);
        add(world, &app, "wrong-secret", Some("enterprise:900000001"))
    });
}

#[test]
fn the_app_is_of_another_type() {
    Case::new("client_credentials_of_an_oauth_app", 6, "client_invalid").newest_only().run(|world| {
        let app = world.own_app();
        add(world, &app, &app.client_secret, Some("enterprise:900000001"))
    });
}

#[test]
fn the_enterprise_has_not_authorized_it() {
    Case::new("client_credentials_not_authorized", 6, "app_not_authorized").newest_only().run(|world| {
        let kind = box_sandbox::AppKind::ClientCredentials;
        let app = world.sandbox.app(AppSpec { authorized: false, kind, ..AppSpec::default() });
        world.name(&app.client_id, "CLIENT_ID");
        add(world, &app, &app.client_secret, Some("enterprise:900000001"))
    });
}

#[test]
fn box_says_how_long_to_wait() {
    Case::new("rate_limited_with_a_wait", 8, "rate_limited").newest_only().run(|world| {
        let app = server_app(world);
        world.sandbox.fault(Fault::on("POST", "/oauth2/token").status(429).header("Retry-After", "37"));
        add(world, &app, &app.client_secret, Some("enterprise:900000001"))
    });
}
