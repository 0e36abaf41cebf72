//! Errors of rclone itself: missing, too old, refusing an option, crashed, killed, or printing something unknown.

use crate::case::{Case, side_by_side};
use crate::world::World;

fn with_script(world: &mut World, script: &str) -> crate::support::Ran {
    world.home.script_rclone(script);
    world.list(&[])
}

#[test]
fn there_is_none() {
    side_by_side(&[
        &|| {
            Case::new("rclone_missing", 3, "rclone_missing").newest_only().run(|world| {
                let empty = world.home.path().display().to_string();
                world.home.set("PATH", empty);
                world.list(&[])
            });
        },
        &|| {
            Case::new("rclone_missing_there", 3, "rclone_missing").newest_only().run(|world| {
                world.home.set("PLUTON_RCLONE", "/nowhere/rclone");
                world.list(&[])
            });
        },
        &|| {
            Case::new("rclone_is_another_program", 3, "rclone_missing")
                .newest_only()
                .run(|world| with_script(world, "echo 'hello'; exit 1"));
        },
    ]);
}

#[test]
fn it_is_too_old() {
    side_by_side(&[
        &|| {
            Case::new("rclone_too_old_for_an_option", 3, "rclone_too_old")
                .debian_only()
                .run(|world| world.list(&["--impersonate", "42"]));
        },
        &|| {
            Case::new("rclone_too_old", 3, "rclone_too_old").newest_only().run(|world| {
                with_script(
                    world,
                    "[ \"$1\" = version ] && echo 'rclone v1.40.0' && exit 0; echo 'unknown flag: --x' >&2; exit 1",
                )
            });
        },
    ]);
}

#[test]
fn it_does_not_take_a_name_that_another_program_wrote() {
    Case::new("name_refused", 2, "invalid_value").newest_only().run(|world| {
        let token = world.token().blob();
        world.home.write_config(&format!("[Box (work)]\ntype = box\ntoken = {token}\n"));
        world.pluton(&["storage", "verify", "Box (work)"])
    });
}

#[test]
fn it_does_not_take_an_option() {
    for (golden, line) in [
        ("option_refused", "upload_cutoff = 50MB"),
        ("option_too_small", "upload_cutoff = 1M"),
        ("option_encoding", "encoding = slash"),
    ] {
        Case::new(golden, 2, "invalid_value").run(|world| {
            let token = world.token();
            world.verify(&format!("{line}\ntoken = {}", token.blob()))
        });
    }
}

#[test]
fn it_breaks() {
    // What a Go program prints when it panics.
    const PANIC: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0
printf 'panic: runtime error: invalid memory address or nil pointer dereference\\n\\ngoroutine 1 [running]:\\nmain.main()\\n' >&2
exit 2";
    const KILLED: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\nkill -KILL $$";
    Case::new("rclone_crashed", 1, "unknown").newest_only().run(|world| with_script(world, PANIC));
    Case::new("rclone_killed", 1, "unknown").newest_only().run(|world| with_script(world, KILLED));
}

#[test]
fn nobody_has_met_it_yet() {
    Case::new("unknown", 1, "unknown").run(|world| {
        world.box_says(418, "teapot", "\\u001b[2J\\u202eshort and stout");
        world.list(&[])
    });
}
