//! The rclone in use, the variables around it, and the port that a sign-in through the browser needs.

use std::net::{Ipv4Addr, TcpListener};

use crate::config;
use crate::context::Context;
use crate::rclone::{OLDEST, Version, masks};
use crate::ui::report::Finding;

/// The port of rclone's own redirect address.
const PORT: u16 = 53682;

/// What rclones before this one cannot do.
const NEEDS: [(Version, &str); 4] = [
    (Version(1, 62, 0), "names with letters beyond ASCII, + or @"),
    (Version(1, 64, 0), "impersonate (older ones ignore it without a word)"),
    (Version(1, 66, 0), "description"),
    (Version(1, 72, 0), "many storages in one process"),
];

pub(super) fn rclone(context: &Context) -> (Option<Version>, Vec<Finding>) {
    const ABOUT: &str = "rclone";
    let rclone = match context.rclone(None) {
        Ok(rclone) => rclone.without_spinner(),
        Err(error) => return (None, vec![Finding::from_error(ABOUT, error)]),
    };
    let place = config::shown(rclone.program());
    match rclone.version() {
        Err(error) => (None, vec![Finding::from_error(ABOUT, error)]),
        Ok(version) => (Some(version), judge(version, &place)),
    }
}

fn judge(version: Version, place: &str) -> Vec<Finding> {
    const ABOUT: &str = "rclone";
    let mut findings = vec![if version < OLDEST {
        Finding::bad(ABOUT, format!("{place} is {version}; Pluton needs {OLDEST} or newer"))
            .hint("install a newer one: https://rclone.org/install/")
    } else {
        Finding::good(ABOUT, format!("{place}, version {version}"))
    }];
    if version == Version(1, 63, 0) {
        findings
            .push(Finding::bad(ABOUT, "1.63.0 cannot sign in service accounts (JWT)").hint("install 1.63.1 or newer"));
    }
    let missing: Vec<&str> = NEEDS.iter().filter(|(since, _)| version < *since).map(|(_, what)| *what).collect();
    if !missing.is_empty() {
        findings.push(Finding::good(ABOUT, format!("this version lacks: {}", missing.join("; "))));
    }
    findings
}

/// Names only: values may be secrets.
pub(super) fn variables() -> Vec<Finding> {
    const ABOUT: &str = "environment";
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("RCLONE_") || is_network(name)).collect();
    names.sort();
    let (masking, plain): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| stands_in_front(name));
    let mut findings: Vec<Finding> = masking
        .iter()
        .map(|name| {
            Finding::odd(ABOUT, format!("{name} is set: rclone takes it instead of what rclone.conf says"))
                .hint_run(format!("unset {name}"))
        })
        .collect();
    if !plain.is_empty() {
        findings.push(Finding::good(ABOUT, format!("also set: {}", plain.join(", "))));
    }
    findings
}

/// Of all that is kept from an rclone that proves, what replaces a section's own keys.
fn stands_in_front(name: &str) -> bool {
    let is_setting = ["RCLONE_CONFIG", "RCLONE_CONFIG_DIR", "RCLONE_CONFIG_PASS"].contains(&name);
    masks(name) && !is_setting && (name.starts_with("RCLONE_BOX_") || name.starts_with("RCLONE_CONFIG_"))
}

fn is_network(name: &str) -> bool {
    let upper = name.to_uppercase();
    ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"].contains(&upper.as_str())
}

pub(super) fn port() -> Vec<Finding> {
    const ABOUT: &str = "browser sign-in";
    if TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_ok() {
        return vec![Finding::good(ABOUT, format!("port {PORT} is free"))];
    }
    let message = format!("port {PORT} is in use by another program, so nobody can sign in through a browser here");
    vec![
        Finding::odd(ABOUT, message)
            .hint("end the other `rclone authorize` or `rclone config` that still waits")
            .hint_command("see which program it is", format!("ss -ltnp 'sport = :{PORT}'")),
    ]
}
