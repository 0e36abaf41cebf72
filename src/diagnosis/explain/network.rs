//! Box asks to wait.

use super::super::Evidence;
use crate::error::{Code, Error, Who};

pub(super) fn rate(heard: &Evidence<'_>) -> Error {
    let asked = retry_after(heard.said);
    let wait = match asked {
        Some(seconds) => format!("wait {seconds} seconds, as Box asks, and run this again"),
        None => "wait a minute, and run this again".to_owned(),
    };
    Error::new(Code::RateLimited, "Box asks to slow down: too many requests in a minute")
        .responsible(Who::Box)
        .hint(wait)
        .hint_command("if backups do it, have rclone ask less often", "export RCLONE_TPSLIMIT=10")
        .retry_after(asked)
}

fn retry_after(said: &str) -> Option<u32> {
    let said = said.to_lowercase();
    let rest = said.split_once("retry-after: ")?.1;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

pub(super) fn down(heard: &Evidence<'_>) -> Error {
    Error::new(Code::BoxUnavailable, "Box has a fault of its own at the moment")
        .responsible(Who::Box)
        .hint("look at https://status.box.com, and run this again later")
        .retry_after(retry_after(heard.said))
}
