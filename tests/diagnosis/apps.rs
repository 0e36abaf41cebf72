//! Errors because Box refuses the app.

use std::time::Duration;

use box_sandbox::AppSpec;

use crate::case::{case, check};
use crate::support::aged;

#[test]
fn its_id_or_its_secret_is_wrong_or_the_enterprise_has_not_authorized_it() {
    check([
        case("client_id_wrong", 6, "client_invalid", |m| {
            let app = m.app(AppSpec::default());
            m.add_own(&m.sandbox.mint(&app.client_id), "nosuchclient", &app.client_secret, "")
        }),
        case("client_secret_wrong", 6, "client_invalid", |m| {
            let app = m.app(AppSpec::default());
            m.add_own(&m.sandbox.mint(&app.client_id), &app.client_id, "wrong-secret", "")
        }),
        case("client_secret_wrong_saved", 6, "client_invalid", |m| {
            let app = m.app(AppSpec::default());
            let token = aged(m.sandbox.mint(&app.client_id), Duration::from_secs(3600));
            let lines = format!("client_id = {}\nclient_secret = wrong-secret\n", app.client_id);
            m.verify_token(&token, &lines).omits("wrong-secret")
        }),
        case("app_not_authorized", 6, "app_not_authorized", |m| {
            let app = m.app(AppSpec { authorized: false, ..AppSpec::default() });
            m.add_own(&m.sandbox.mint(&app.client_id), &app.client_id, &app.client_secret, "")
        }),
    ]);
}
