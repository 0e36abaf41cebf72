//! The sandbox by hand: start it, copy the exports, and point any rclone at it.
#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Settings};

fn main() {
    let sandbox = Sandbox::with(Settings { port: port(), ..Settings::default() });
    for (name, value) in sandbox.env() {
        println!("export {name}='{}'", value.display());
    }
    let app = sandbox.own_app();
    let jwt = sandbox.jwt_app();
    let server = sandbox.client_credentials_app();
    println!("\n# rclone's own app: paste this token");
    println!("{}", sandbox.mint(RCLONE_CLIENT_ID).blob());
    println!("\n# an app of one's own: client ID, secret, token");
    println!("{}\n{}", app.client_id, app.client_secret);
    println!("{}", sandbox.mint(&app.client_id).blob());
    println!("\n# a JWT service account");
    println!("{}", jwt.config_file.display());
    println!("\n# client credentials: client ID, secret, subjects");
    println!("{}\n{}", server.client_id, server.client_secret);
    println!("enterprise:{} user:{}", server.enterprise_id, server.user_id);
    println!("\n# Ctrl-C ends it.");
    wait_for_ctrl_c();
}

/// The number after `--port`, or 0 for any free one.
fn port() -> u16 {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => 0,
        (Some("--port"), Some(port)) => port.parse().expect("--port takes a number"),
        _ => panic!("usage: box-sandbox [--port NUMBER]"),
    }
}

fn wait_for_ctrl_c() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _ = runtime.block_on(tokio::signal::ctrl_c());
}
