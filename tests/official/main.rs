//! Box's own Python client works with the loopback Box, which shows that it behaves like Box.

#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use box_sandbox::{Sandbox, pip};

use crate::support::skip;

const VERSION: &str = "1.17.0";

/// Runs one part of client.py, with the arguments it takes.
fn client(sandbox: &Sandbox, part: &str, arguments: &[&str]) {
    let packages = match pip::installed("box-sdk-gen", VERSION, "official-requirements.txt") {
        Ok(packages) => packages,
        Err(why) => return skip(&format!("Box's own client cannot be had: {why:#}")),
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/official/client.py");
    let output = Command::new("python3")
        .args([script, part])
        .args(arguments)
        .env("PYTHONPATH", packages)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("REQUESTS_CA_BUNDLE", sandbox.ca_file())
        .envs(sandbox.env())
        .output()
        .expect("python3 runs");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{part}: {said}{errors}");
    assert!(said.ends_with("done\n"), "{part}: {said}");
}

#[test]
fn a_person_lists_uploads_downloads_deletes_and_empties_the_trash() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    let token = sandbox.mint(&app.client_id);
    client(&sandbox, "person", &[&app.client_id, &app.client_secret, &token.access, &token.refresh]);
    assert!(sandbox.files().is_empty());
}

#[test]
fn a_large_file_goes_up_in_parts() {
    let sandbox = Sandbox::start();
    let app = sandbox.own_app();
    client(&sandbox, "large", &[&app.client_id, &app.client_secret, &sandbox.mint(&app.client_id).access]);
    assert_eq!(sandbox.files(), [("large".to_owned(), 20_000_001)]);
}

#[test]
fn a_service_account_signs_its_assertions_with_each_algorithm() {
    let sandbox = Sandbox::start();
    let app = sandbox.jwt_app();
    let file = app.config_file.display().to_string();
    for algorithm in ["RS256", "RS384", "RS512"] {
        client(&sandbox, "jwt", &[&file, algorithm, &app.service_user_id, &app.user_id]);
    }
}

#[test]
fn client_credentials_are_the_service_account_or_a_person() {
    let sandbox = Sandbox::start();
    let app = sandbox.client_credentials_app();
    let subjects = [&app.enterprise_id, &app.user_id, &app.service_user_id].map(String::as_str);
    client(&sandbox, "credentials", &[&[app.client_id.as_str(), &app.client_secret], &subjects[..]].concat());
}
