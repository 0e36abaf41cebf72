//! Errors when rclone.conf cannot be read.

use std::fs;

use crate::case::{case, check};
use crate::scene::Scene;
use crate::support::Ran;

fn encrypted(m: &mut Scene, password: Option<&str>) -> Ran {
    m.save("description = x");
    m.rclone("config encryption set --password-command 'echo right-password'").ok();
    if let Some(password) = password {
        m.set("RCLONE_CONFIG_PASS", password);
    }
    m.list("").omits("wrong-password")
}

#[test]
fn it_is_encrypted_broken_or_no_file() {
    check([
        case("config_encrypted", 9, "config_encrypted", |m| encrypted(m, None)).newest_only(),
        case("config_password_wrong", 9, "config_encrypted", |m| encrypted(m, Some("wrong-password"))).newest_only(),
        case("config_unreadable", 9, "config_unreadable", |m| {
            m.save("this line is none");
            m.list("")
        })
        .newest_only(),
        case("config_is_a_directory", 9, "config_unreadable", |m| {
            fs::create_dir_all(m.config()).expect("a directory");
            m.list("")
        })
        .newest_only(),
    ]);
}
