//! Errors of the network, and when Box is unavailable.

use std::time::Duration;

use box_sandbox::{Fault, Sandbox, Settings};

use crate::case::{Case, side_by_side};
use crate::support::Ran;
use crate::world::{LISTING, TOKEN, World, aged};

/// A renewal that goes to an address of the test's own.
fn renewed_at(world: &mut World, url: &str, host: &str) -> Ran {
    world.home.set("NO_PROXY", host).set("no_proxy", host);
    let token = aged(world.token(), Duration::from_secs(3600));
    world.verify(&format!("token_url = {url}\ntoken = {}", token.blob()))
}

fn through_proxy(world: &mut World, url: &str) -> Ran {
    world.home.set("HTTPS_PROXY", url).set("https_proxy", url);
    world.list(&[])
}

/// No resolver is asked for a name with an empty part, and what rclone says is the same.
#[test]
fn a_name_cannot_be_looked_up() {
    Case::new("no_such_host", 8, "network").run(|world| renewed_at(world, "https://no..such/token", "no..such"));
}

#[test]
fn a_connection_is_refused_or_breaks_off() {
    side_by_side(&[
        &|| {
            Case::new("unreachable", 8, "network").run(|world| renewed_at(world, "http://127.0.0.1:9/token", ""));
        },
        &|| {
            Case::new("broke_off", 8, "network").run(|world| {
                world.sandbox.fault(Fault::on("GET", LISTING).reset());
                world.list(&[])
            });
        },
    ]);
}

#[test]
fn the_proxy_is_not_there() {
    side_by_side(&[
        &|| {
            Case::new("proxy_unreachable", 8, "network").run(|world| through_proxy(world, "http://127.0.0.1:9"));
        },
        &|| {
            Case::new("proxy_unknown", 8, "network").run(|world| through_proxy(world, "http://no..such:3128"));
        },
    ]);
}

#[test]
fn the_proxy_wants_a_login_or_refuses() {
    side_by_side(&[
        &|| {
            Case::new("proxy_login", 8, "network").run(|world| {
                world.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
                world.list(&[])
            });
        },
        &|| {
            Case::new("proxy_login_wrong", 8, "network").run(|world| {
                world.sandbox.change(|settings| settings.proxy_login = Some("me:right".into()));
                let url = world.sandbox.proxy_url().replace("://", "://me:wrongword@");
                through_proxy(world, &url).keeps(&["wrongword"])
            });
        },
        &|| {
            Case::new("proxy_refused", 8, "network").run(|world| {
                world.sandbox.change(|settings| settings.proxy_refuses = Some(502));
                world.list(&[])
            });
        },
    ]);
}

#[test]
fn something_else_than_box_answers() {
    Case::new("not_box", 8, "network").run(|world| {
        let page = Fault::on("*", "/").body("<html><body>Please sign in to the hotel's network</body></html>");
        world.sandbox.fault(page.header("Content-Type", "text/html"));
        world.list(&[])
    });
}

#[test]
fn a_certificate_is_not_trusted() {
    Case::new("certificate_unknown", 8, "tls").run(|world| {
        world.home.unset("RCLONE_CA_CERT").unset("SSL_CERT_FILE");
        world.list(&[])
    });
}

#[test]
fn a_certificate_is_out_of_date() {
    Case::new("certificate_over", 8, "tls")
        .sandbox(|| Sandbox::with(Settings { certificate_expired: true, ..Settings::default() }))
        .run(|world| world.list(&[]));
}

#[test]
fn the_certificates_cannot_be_read() {
    side_by_side(&[
        &|| {
            Case::new("ca_missing", 8, "tls").run(|world| {
                world.home.set("RCLONE_CA_CERT", "/nowhere/ca.pem");
                world.list(&[])
            });
        },
        &|| {
            Case::new("ca_empty", 8, "tls").run(|world| {
                world.home.set("RCLONE_CA_CERT", "/dev/null");
                world.list(&[])
            });
        },
    ]);
}

#[test]
fn box_never_answers() {
    Case::new("timed_out", 8, "timeout").run(|world| {
        world.sandbox.fault(Fault::on("GET", LISTING).delay(Duration::from_secs(600)));
        world.list(&["--timeout", "1s"])
    });
}

#[test]
fn box_asks_to_slow_down() {
    Case::new("rate_limited", 8, "rate_limited").run(|world| {
        world.sandbox.fault(Fault::on("GET", LISTING).status(429).header("Retry-After", "1"));
        world.list(&[])
    });
}

#[test]
fn box_is_down() {
    side_by_side(&[
        &|| {
            Case::new("box_down", 8, "box_unavailable").run(|world| {
                world.sandbox.fault(Fault::on("GET", LISTING).status(503));
                world.list(&[])
            });
        },
        &|| {
            Case::new("box_down_while_renewing", 8, "box_unavailable").run(|world| {
                world.sandbox.fault(Fault::on("POST", TOKEN).status(500).body("oops"));
                world.add(&world.token(), &[])
            });
        },
    ]);
}
