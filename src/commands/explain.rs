//! After a failure: recognises it, looks up what makes the explanation better, and explains.

use std::time::Duration;

use jiff::Timestamp;

use super::account;
use crate::box_api;
use crate::diagnosis::{self, Cause, End, Evidence, Facts, Look, Operation};
use crate::error::Error;
use crate::process::{Ending, Outcome};
use crate::secret::Secret;
use crate::storage::jwt::JwtFile;
use crate::storage::section::Section;

/// Looking must not keep anyone waiting for the bad news.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) fn explain(asked: &Operation<'_>, heard: &Evidence<'_>, section: Option<&Section>) -> Error {
    let cause = diagnosis::recognise(asked, heard);
    diagnosis::explain(cause, asked, heard, &look(cause, asked, section))
}

pub(super) fn end(outcome: &Outcome) -> End {
    match outcome.ending {
        Ending::TimedOut => End::TimedOut,
        #[cfg(unix)]
        Ending::Finished(status) => {
            std::os::unix::process::ExitStatusExt::signal(&status).map_or(End::Exited, End::Killed)
        }
        _ => End::Exited,
    }
}

fn look(cause: Cause, asked: &Operation<'_>, section: Option<&Section>) -> Facts {
    let mut facts = Facts { is_idle: section.is_some_and(is_idle), ..Facts::default() };
    match cause.worth_a_look() {
        Some(Look::Clock) => {
            facts.clock_behind = box_api::reach("api.box.com", LIMIT).ok().and_then(Result::ok).flatten();
        }
        Some(Look::Account) => facts.account = section.and_then(|section| account::who(section).ok()?.account),
        Some(Look::Proxy) => {
            facts.proxy =
                std::env::var_os("RCLONE_HTTP_PROXY").filter(|url| !url.is_empty()).and(Some("RCLONE_HTTP_PROXY"));
        }
        Some(Look::ConfigFile) => facts.config_file = asked.config_file.and_then(complaint),
        None => {}
    }
    facts
}

/// Whether Box has long forgotten the section's refresh token.
fn is_idle(section: &Section) -> bool {
    section.token().and_then(|token| token.sign_in_expiry()).is_some_and(|end| end <= Timestamp::now())
}

/// What is wrong with a Box app's config.json, read with our own eyes.
fn complaint(path: &str) -> Option<String> {
    let text = Secret::new(std::fs::read_to_string(path).ok()?);
    JwtFile::parse(&text).err().map(|why| why.to_string())
}
