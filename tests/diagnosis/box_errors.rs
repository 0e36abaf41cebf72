//! Each error code that Box, or a proxy in front of it, returns at the token endpoint or in the API gets its own text.

use box_sandbox::Fault;

use crate::case::{Case, side_by_side};
use crate::world::{LISTING, TOKEN, World, aged, error_of_box};

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const PAGE: &str = "<html><body>Forbidden</body></html>";

/// A golden text, the exit code and the code in JSON; then the status and the error code that Box answers with.
type Row = (&'static str, i32, &'static str, u16, &'static str);

const TOKEN_ENDPOINT: [Row; 12] = [
    ("account_deactivated", 6, "access_denied", 400, "account_deactivated"),
    ("password_reset", 6, "access_denied", 400, "password_reset_required"),
    ("terms_of_service", 6, "access_denied", 400, "terms_of_service_required"),
    ("email_unconfirmed", 6, "access_denied", 400, "user_email_confirmation_required"),
    ("trial_ended", 6, "access_denied", 400, "no_credit_card_trial_ended"),
    ("device_refused", 7, "permission_denied", 400, "unauthorized_device"),
    ("service_blocked", 7, "permission_denied", 403, "service_blocked"),
    ("grace_period_over", 7, "permission_denied", 403, "grace_period_expired"),
    ("address_blocked", 7, "permission_denied", 403, "error_access_from_ip_not_allowed"),
    ("sign_in_forbidden", 6, "access_denied", 403, "access_denied"),
    ("token_unavailable", 8, "box_unavailable", 503, "temporarily_unavailable"),
    ("token_server_error", 8, "box_unavailable", 500, "server_error"),
];

const API: [Row; 14] = [
    ("api_item_locked", 7, "permission_denied", 403, "access_denied_item_locked"),
    ("api_address_blocked", 7, "permission_denied", 403, "error_access_from_ip_not_allowed"),
    ("api_email_unconfirmed", 6, "access_denied", 403, "user_email_confirmation_required"),
    ("api_grace_period_over", 7, "permission_denied", 403, "grace_period_expired"),
    ("api_service_blocked", 7, "permission_denied", 403, "service_blocked"),
    ("api_root_collaboration", 7, "permission_denied", 403, "collaborations_not_available_on_root_folder"),
    ("api_root_refused", 7, "permission_denied", 403, "access_denied_insufficient_permissions"),
    ("api_terms_of_service", 6, "access_denied", 400, "terms_of_service_required"),
    ("api_password_reset", 6, "access_denied", 400, "password_reset_required"),
    ("api_method", 8, "network", 405, "method_not_allowed"),
    ("api_length", 8, "network", 411, "length_required"),
    ("api_precondition", 8, "box_unavailable", 412, "sync_item_precondition_failed"),
    ("api_too_large", 1, "file_too_large", 413, "request_entity_too_large"),
    ("api_narrow_token", 7, "insufficient_scope", 403, "insufficient_scope"),
];

/// At rclone's own address, and at the one of apps that sign in by themselves.
fn token_says(world: &World, status: u16, body: &str, content_type: &str) {
    for path in [TOKEN, "/oauth2/token"] {
        world.sandbox.fault(Fault::on("POST", path).status(status).body(body).header("Content-Type", content_type));
    }
}

fn each(rows: &[Row], run: impl Fn(&Row) + Sync) {
    let run = &run;
    let cases: Vec<_> = rows.iter().map(|row| move || run(row)).collect();
    for few in cases.chunks(4) {
        side_by_side(&few.iter().map(|case| case as &(dyn Fn() + Sync)).collect::<Vec<_>>());
    }
}

#[test]
fn a_rule_about_the_account_is_told_while_renewing() {
    each(&TOKEN_ENDPOINT, |&(golden, exit, code, status, error)| {
        Case::new(golden, exit, code).run(|world| {
            let body = format!(r#"{{"error":"{error}","error_description":"Box's own words"}}"#);
            token_says(world, status, &body, JSON);
            world.add(&world.token(), &[])
        });
    });
}

#[test]
fn each_error_of_the_api_is_told_apart() {
    each(&API, |&(golden, exit, code, status, error)| {
        Case::new(golden, exit, code).run(|world| {
            world.box_says(status, error, "Box's own words");
            world.list(&[])
        });
    });
}

#[test]
fn an_item_that_is_busy_is_waited_for() {
    each(
        &[
            ("api_operation_blocked", 8, "box_unavailable", 409, "operation_blocked_temporary"),
            ("api_name_reserved", 8, "box_unavailable", 409, "name_temporarily_reserved"),
        ],
        |&(golden, exit, code, status, error)| {
            Case::new(golden, exit, code).run(|world| {
                world.sandbox.fault(error_of_box("POST", "/api/2.0/files/content", status, error, "Box's own words"));
                world.list(&["--check-write"])
            });
        },
    );
}

#[test]
fn a_firewall_in_front_of_box_is_no_refusal_of_box() {
    side_by_side(&[
        &|| {
            Case::new("firewall_while_renewing", 8, "network").run(|world| {
                token_says(world, 403, PAGE, HTML);
                world.add(&world.token(), &[])
            });
        },
        &|| {
            Case::new("empty_refusal_while_renewing", 8, "network").run(|world| {
                token_says(world, 401, "", HTML);
                world.add(&world.token(), &[])
            });
        },
        &|| {
            Case::new("firewall", 8, "network").run(|world| {
                let page = Fault::on("GET", LISTING).status(403).body(PAGE).header("Content-Type", HTML);
                world.sandbox.fault(page);
                world.list(&[])
            });
        },
    ]);
}

#[test]
fn a_login_page_or_junk_is_not_box() {
    let listing = |status: u16, body: &'static str| {
        move |world: &mut World| {
            world.sandbox.fault(Fault::on("GET", LISTING).status(status).body(body).header("Content-Type", HTML));
            world.list(&[])
        }
    };
    side_by_side(&[
        &|| Case::new("not_box_511", 8, "network").run(listing(511, PAGE)),
        &|| Case::new("not_box_307", 8, "network").run(listing(307, "")),
        &|| Case::new("not_box_junk", 8, "network").run(listing(200, "hello")),
        &|| Case::new("not_box_other_json", 8, "network").run(listing(200, "[1, 2]")),
    ]);
}

/// Renewing would not help: the app is not on the enterprise's list.
#[test]
fn an_app_that_the_enterprise_does_not_allow_is_not_signed_in_again() {
    Case::new("app_disabled", 6, "app_not_authorized").run(|world| {
        world.box_says(401, "unauthorized", "Unauthorized - Cannot authorize with this service");
        world.list(&[])
    });
}

#[test]
fn sixty_days_are_said_only_of_a_sign_in_that_was_idle_so_long() {
    let expired = r#"{"error":"invalid_grant","error_description":"Refresh token has expired"}"#;
    side_by_side(&[
        &|| {
            Case::new("refresh_token_said_expired", 6, "refresh_token_invalid").run(|world| {
                token_says(world, 400, expired, JSON);
                world.add(&world.token(), &[])
            });
        },
        &|| {
            Case::new("refresh_token_idle", 6, "refresh_token_invalid").run(|world| {
                token_says(world, 400, expired, JSON);
                let token = aged(world.token(), std::time::Duration::from_secs(61 * 86_400));
                world.verify(&format!("token = {}", token.blob()))
            });
        },
    ]);
}

#[test]
fn the_sign_in_of_an_app_is_limited_too() {
    Case::new("jwt_rate_limited", 8, "rate_limited").run(|world| {
        let app = world.sandbox.jwt_app();
        world.name(&app.client_id, "CLIENT_ID");
        token_says(world, 429, r#"{"error":"rate_limit_exceeded"}"#, JSON);
        let file = app.config_file.to_str().expect("UTF-8").to_owned();
        world.pluton(&["storage", "add", "box", "work", "--box-config-file", &file])
    });
}

#[test]
fn an_app_without_user_access_tokens_is_told_which_boxes_to_tick() {
    let case = |golden, error: &'static str, text: &'static str| {
        Case::new(golden, 6, "app_not_authorized").newest_only().run(|world| {
            let app = world.sandbox.client_credentials_app();
            world.name(&app.client_id, "CLIENT_ID");
            token_says(world, 400, &format!(r#"{{"error":"{error}","error_description":"{text}"}}"#), JSON);
            let secret = world.home.file("secret", &app.client_secret);
            let args = ["--client-credentials", "--client-id", &app.client_id, "--client-secret-file", &secret];
            world.pluton(&[&["storage", "add", "box", "work", "--box-subject", "user:42"], &args[..]].concat())
        });
    };
    let subject = r#"The \"box_subject_type\" value is unauthorized for this client_id"#;
    let tokens = "Cannot obtain user token based on the enterprise configuration for your app";
    case("user_tokens_off", "unauthorized_client", subject);
    case("user_tokens_off_by_enterprise", "invalid_grant", tokens);
}

/// It has no page in the browser.
#[test]
fn a_full_service_account_is_emptied_with_rclone() {
    Case::new("service_account_full", 1, "storage_full").run(|world| {
        let app = world.sandbox.jwt_app();
        world.name(&app.service_user_id, "SERVICE_ACCOUNT");
        world.sandbox.fault(error_of_box(
            "POST",
            "/api/2.0/files/content",
            403,
            "storage_limit_exceeded",
            "Account storage limit reached",
        ));
        let file = app.config_file.to_str().expect("UTF-8").to_owned();
        world.pluton(&["storage", "add", "box", "work", "--check-write", "--box-config-file", &file])
    });
}

#[test]
fn a_setting_in_the_environment_is_not_blamed_on_the_storage() {
    Case::new("environment_refused", 2, "invalid_value").run(|world| {
        world.home.set("RCLONE_TIMEOUT", "soon");
        world.list(&[])
    });
}

/// Debian's rclone has no such setting.
#[test]
fn the_proxy_is_named_by_the_variable_that_names_it() {
    Case::new("proxy_of_rclone", 8, "network").newest_only().run(|world| {
        world.home.set("RCLONE_HTTP_PROXY", "http://127.0.0.1:9");
        world.list(&[])
    });
}

#[test]
fn a_proxy_that_is_asked_in_the_wrong_way_is_told_the_right_one() {
    Case::new("proxy_scheme", 8, "network").run(|world| {
        let url = world.sandbox.proxy_url().replace("http://", "https://");
        world.home.set("HTTPS_PROXY", &url).set("https_proxy", &url);
        world.list(&[])
    });
}
