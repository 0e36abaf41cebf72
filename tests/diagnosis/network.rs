//! Errors of the network, and when Box is unavailable.

use std::time::Duration;

use box_sandbox::{Fault, Sandbox, Settings};

use crate::case::{case, check};
use crate::scene::{HTML, LISTING, Scene, TOKEN};
use crate::support::{Ran, aged};

/// A renewal that goes to an address of the test's own.
fn renewed_at(m: &mut Scene, url: &str, host: &str) -> Ran {
    m.set("NO_PROXY", host).set("no_proxy", host);
    m.verify_token(&aged(m.mint(), Duration::from_secs(3600)), &format!("token_url = {url}\n"))
}

fn through_proxy(m: &mut Scene, url: &str) -> Ran {
    m.set("HTTPS_PROXY", url).set("https_proxy", url);
    m.list("")
}

fn listed(m: &Scene, fault: impl Fn(Fault) -> Fault, args: &str) -> Ran {
    m.sandbox.fault(fault(Fault::on("GET", LISTING)));
    m.list(args)
}

#[test]
fn a_connection_cannot_be_made_or_breaks_off() {
    check([
        // No resolver is asked for a name with an empty part, and what rclone says is the same.
        case("no_such_host", 8, "network", |m| renewed_at(m, "https://no..such/token", "no..such")),
        case("unreachable", 8, "network", |m| renewed_at(m, "http://127.0.0.1:9/token", "")),
        case("broke_off", 8, "network", |m| listed(m, Fault::reset, "")),
        case("timed_out", 8, "timeout", |m| listed(m, |fault| fault.delay(Duration::from_secs(600)), "--timeout 1s")),
    ]);
}

#[test]
fn the_proxy_is_not_there_wants_a_login_or_refuses() {
    check([
        case("proxy_unreachable", 8, "network", |m| through_proxy(m, "http://127.0.0.1:9")),
        case("proxy_unknown", 8, "network", |m| through_proxy(m, "http://no..such:3128")),
        case("proxy_login", 8, "network", |m| {
            m.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
            m.list("")
        }),
        case("proxy_login_wrong", 8, "network", |m| {
            m.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
            let url = m.sandbox.proxy_url().replace("://", "://me:wrongword@");
            through_proxy(m, &url).omits("wrongword")
        }),
        case("proxy_refused", 8, "network", |m| {
            m.sandbox.change(|settings| settings.proxy_refuses = Some(502));
            m.list("")
        }),
        // Debian's rclone has no such setting; the proxy is named by the variable that names it.
        case("proxy_of_rclone", 8, "network", |m| {
            m.set("RCLONE_HTTP_PROXY", "http://127.0.0.1:9");
            m.list("")
        })
        .newest_only(),
        // It is asked in the wrong way.
        case("proxy_scheme", 8, "network", |m| {
            let url = m.sandbox.proxy_url().replace("http://", "https://");
            through_proxy(m, &url)
        }),
    ]);
}

#[test]
fn something_else_than_box_answers_or_its_certificate_is_not_trusted() {
    check([
        case("not_box", 8, "network", |m| {
            m.answers("*", "/", 200, "<html><body>Please sign in to the hotel's network</body></html>", HTML);
            m.list("")
        }),
        case("certificate_unknown", 8, "tls", |m| {
            m.unset("RCLONE_CA_CERT").unset("SSL_CERT_FILE");
            m.list("")
        }),
        case("certificate_over", 8, "tls", |m| m.list(""))
            .sandbox(|| Sandbox::with(Settings { certificate_expired: true, ..Settings::default() })),
        case("ca_missing", 8, "tls", |m| {
            m.set("RCLONE_CA_CERT", "/nowhere/ca.pem");
            m.list("")
        }),
        case("ca_empty", 8, "tls", |m| {
            m.set("RCLONE_CA_CERT", "/dev/null");
            m.list("")
        }),
    ]);
}

#[test]
fn box_asks_to_slow_down_or_is_down() {
    check([
        case("rate_limited", 8, "rate_limited", |m| {
            listed(m, |fault| fault.status(429).header("Retry-After", "1"), "")
        }),
        case("box_down", 8, "box_unavailable", |m| listed(m, |fault| fault.status(503), "")),
        case("box_down_while_renewing", 8, "box_unavailable", |m| {
            m.sandbox.fault(Fault::on("POST", TOKEN).status(500).body("oops"));
            m.add(&m.mint(), "")
        }),
    ]);
}
