//! Each error code that Box, or a proxy in front of it, returns at the token endpoint or in the API gets its own text.

use std::time::Duration;

use box_sandbox::{AppKind, AppSpec};

use crate::case::{Case, case, check};
use crate::scene::{HTML, JSON, LISTING, Scene, TOKEN};
use crate::support::{Args, Ran, aged};

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
fn token_says(m: &Scene, status: u16, body: &str, content_type: &str) {
    for path in [TOKEN, "/oauth2/token"] {
        m.answers("POST", path, status, body, content_type);
    }
}

fn renewal(m: &Scene, status: u16, body: &str, content_type: &str) -> Ran {
    token_says(m, status, body, content_type);
    m.add(&m.mint(), "")
}

fn listing(golden: &'static str, status: u16, body: &'static str) -> Case {
    case(golden, 8, "network", move |m| {
        m.answers("GET", LISTING, status, body, HTML);
        m.list("")
    })
}

#[test]
fn a_rule_about_the_account_is_told_while_renewing() {
    check(TOKEN_ENDPOINT.map(|(golden, exit, code, status, error)| {
        case(golden, exit, code, move |m| {
            let body = format!(r#"{{"error":"{error}","error_description":"Box's own words"}}"#);
            renewal(m, status, &body, JSON)
        })
    }));
}

#[test]
fn each_error_of_the_api_is_told_apart() {
    check(API.map(|(golden, exit, code, status, error)| {
        case(golden, exit, code, move |m| {
            m.box_says(status, error, "Box's own words");
            m.list("")
        })
    }));
}

#[test]
fn an_item_that_is_busy_is_waited_for() {
    let busy =
        [("api_operation_blocked", "operation_blocked_temporary"), ("api_name_reserved", "name_temporarily_reserved")];
    check(busy.map(|(golden, error)| {
        case(golden, 8, "box_unavailable", move |m| {
            m.upload_says(409, error, "Box's own words");
            m.list("--check-write")
        })
    }));
}

#[test]
fn a_firewall_a_login_page_or_junk_is_not_box() {
    check([
        case("firewall_while_renewing", 8, "network", |m| renewal(m, 403, PAGE, HTML)),
        case("empty_refusal_while_renewing", 8, "network", |m| renewal(m, 401, "", HTML)),
        listing("firewall", 403, PAGE),
        listing("not_box_511", 511, PAGE),
        listing("not_box_307", 307, ""),
        listing("not_box_junk", 200, "hello"),
        listing("not_box_other_json", 200, "[1, 2]"),
    ]);
}

#[test]
fn sixty_days_are_said_only_of_a_sign_in_that_was_idle_so_long() {
    const EXPIRED: &str = r#"{"error":"invalid_grant","error_description":"Refresh token has expired"}"#;
    check([
        case("refresh_token_said_expired", 6, "refresh_token_invalid", |m| renewal(m, 400, EXPIRED, JSON)),
        case("refresh_token_idle", 6, "refresh_token_invalid", |m| {
            token_says(m, 400, EXPIRED, JSON);
            m.verify_token(&aged(m.mint(), Duration::from_secs(61 * 86_400)), "")
        }),
    ]);
}

#[test]
fn an_app_is_limited_not_allowed_or_full() {
    check([
        case("jwt_rate_limited", 8, "rate_limited", |m| {
            let app = m.jwt_app(AppSpec::default());
            token_says(m, 429, r#"{"error":"rate_limit_exceeded"}"#, JSON);
            m.add_jwt(&app, "")
        }),
        // Renewing would not help: the app is not on the enterprise's list.
        case("app_disabled", 6, "app_not_authorized", |m| {
            m.box_says(401, "unauthorized", "Unauthorized - Cannot authorize with this service");
            m.list("")
        }),
        // It has no page in the browser, and is emptied with rclone.
        case("service_account_full", 1, "storage_full", |m| {
            let app = m.jwt_app(AppSpec::default());
            m.upload_says(403, "storage_limit_exceeded", "Account storage limit reached");
            m.add_jwt(&app, "--check-write")
        }),
    ]);
}

#[test]
fn an_app_without_user_access_tokens_is_told_which_boxes_to_tick() {
    let refused = |golden, error: &'static str, text: &'static str| {
        let case = case(golden, 6, "app_not_authorized", move |m| {
            let app = m.app(AppSpec { kind: AppKind::ClientCredentials, ..AppSpec::default() });
            token_says(m, 400, &format!(r#"{{"error":"{error}","error_description":"{text}"}}"#), JSON);
            m.file("secret", &app.client_secret);
            let own = ["--client-id", &app.client_id, "--client-secret-file", "secret"];
            m.add_with("--client-credentials --box-subject user:42".and(own))
        });
        case.newest_only()
    };
    let subject = r#"The \"box_subject_type\" value is unauthorized for this client_id"#;
    let tokens = "Cannot obtain user token based on the enterprise configuration for your app";
    check([
        refused("user_tokens_off", "unauthorized_client", subject),
        refused("user_tokens_off_by_enterprise", "invalid_grant", tokens),
    ]);
}
