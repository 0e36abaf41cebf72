//! Errors of rclone itself: missing, too old, refusing an option, crashed, killed, or printing something unknown.

use crate::case::{case, check};
use crate::scene::Scene;
use crate::support::Ran;

fn with_script(m: &Scene, script: &str) -> Ran {
    m.script_rclone(script);
    m.list("")
}

fn with_option(m: &Scene, line: &str) -> Ran {
    m.verify_token(&m.mint(), &format!("{line}\n"))
}

#[test]
fn there_is_none_or_it_is_too_old() {
    const OLD: &str = "[ \"$1\" = version ] && echo 'rclone v1.40.0' && exit 0; echo 'unknown flag: --x' >&2; exit 1";
    check([
        case("rclone_missing", 3, "rclone_missing", |m| {
            let empty = m.path().to_owned();
            m.set("PATH", empty);
            m.list("")
        })
        .newest_only(),
        case("rclone_missing_there", 3, "rclone_missing", |m| {
            m.set("PLUTON_RCLONE", "/nowhere/rclone");
            m.list("")
        })
        .newest_only(),
        case("rclone_is_another_program", 3, "rclone_missing", |m| with_script(m, "echo 'hello'; exit 1"))
            .newest_only(),
        case("rclone_too_old_for_an_option", 3, "rclone_too_old", |m| m.list("--impersonate 42")).debian_only(),
        case("rclone_too_old", 3, "rclone_too_old", |m| with_script(m, OLD)).newest_only(),
    ]);
}

#[test]
fn it_does_not_take_an_option_a_name_or_a_setting() {
    check([
        case("option_refused", 2, "invalid_value", |m| with_option(m, "upload_cutoff = 50MB")),
        case("option_too_small", 2, "invalid_value", |m| with_option(m, "upload_cutoff = 1M")),
        case("option_encoding", 2, "invalid_value", |m| with_option(m, "encoding = slash")),
        // One that another program wrote.
        case("name_refused", 2, "invalid_value", |m| {
            m.quick("Box (work)");
            m.pluton("storage verify 'Box (work)'")
        })
        .newest_only(),
        // It is not blamed on the storage.
        case("environment_refused", 2, "invalid_value", |m| {
            m.set("RCLONE_TIMEOUT", "soon");
            m.list("")
        }),
    ]);
}

#[test]
fn it_breaks_or_says_what_nobody_has_met_yet() {
    // What a Go program prints when it panics.
    const PANIC: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0
printf 'panic: runtime error: invalid memory address or nil pointer dereference\\n\\ngoroutine 1 [running]:\\nmain.main()\\n' >&2
exit 2";
    const KILLED: &str = "[ \"$1\" = version ] && echo 'rclone v1.75.2' && exit 0\nkill -KILL $$";
    check([
        case("rclone_crashed", 1, "unknown", |m| with_script(m, PANIC)).newest_only(),
        case("rclone_killed", 1, "unknown", |m| with_script(m, KILLED)).newest_only(),
        case("unknown", 1, "unknown", |m| {
            m.box_says(418, "teapot", "\\u001b[2J\\u202eshort and stout");
            m.list("")
        }),
    ]);
}
