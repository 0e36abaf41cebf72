//! Errors when rclone.conf cannot be read.

use std::fs;

use crate::case::{Case, side_by_side};

#[test]
fn it_is_encrypted() {
    for (golden, password) in [("config_encrypted", None), ("config_password_wrong", Some("wrong-password"))] {
        Case::new(golden, 9, "config_encrypted").newest_only().run(|world| {
            world.save("description = x");
            let script = world.home.script("password", "echo right-password").path().join("bin/password");
            let set = ["config", "encryption", "set", "--password-command", script.to_str().expect("UTF-8")];
            world.home.rclone(&set).ok();
            if let Some(password) = password {
                world.home.set("RCLONE_CONFIG_PASS", password);
            }
            world.list(&[]).keeps(&["wrong-password"])
        });
    }
}

#[test]
fn it_is_broken_or_no_file() {
    side_by_side(&[
        &|| {
            Case::new("config_unreadable", 9, "config_unreadable").newest_only().run(|world| {
                world.save("this line is none");
                world.list(&[])
            });
        },
        &|| {
            Case::new("config_is_a_directory", 9, "config_unreadable").newest_only().run(|world| {
                fs::create_dir_all(world.home.config()).expect("a directory");
                world.list(&[])
            });
        },
    ]);
}
