//! Errors because Box refuses the app.

use std::time::Duration;

use box_sandbox::AppSpec;

use crate::case::{Case, side_by_side};
use crate::world::aged;

#[test]
fn its_id_or_its_secret_is_wrong() {
    side_by_side(&[
        &|| {
            Case::new("client_id_wrong", 6, "client_invalid").run(|world| {
                let app = world.own_app();
                let token = world.sandbox.mint(&app.client_id);
                world.add_own(&token, "nosuchclient", &app.client_secret, &[])
            });
        },
        &|| {
            Case::new("client_secret_wrong", 6, "client_invalid").run(|world| {
                let app = world.own_app();
                let token = world.sandbox.mint(&app.client_id);
                world.add_own(&token, &app.client_id, "wrong-secret", &[])
            });
        },
        &|| {
            Case::new("client_secret_wrong_saved", 6, "client_invalid").run(|world| {
                let app = world.own_app();
                let token = aged(world.sandbox.mint(&app.client_id), Duration::from_secs(3600));
                let lines =
                    format!("client_id = {}\nclient_secret = wrong-secret\ntoken = {}", app.client_id, token.blob());
                world.verify(&lines).keeps(&["wrong-secret"])
            });
        },
    ]);
}

#[test]
fn the_enterprise_has_not_authorized_it() {
    Case::new("app_not_authorized", 6, "app_not_authorized").run(|world| {
        let app = world.sandbox.app(AppSpec { authorized: false, ..AppSpec::default() });
        world.name(&app.client_id, "CLIENT_ID");
        let token = world.sandbox.mint(&app.client_id);
        world.add_own(&token, &app.client_id, &app.client_secret, &[])
    });
}
