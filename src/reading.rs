//! Reads what the user names: a file, a pipe, standard input. Ctrl-C ends it, whoever should have written there.
#![expect(clippy::disallowed_methods, reason = "what is piped is read here, so that Ctrl-C ends the wait for it")]

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;
use std::time::Duration;

use crate::error::Result;
use crate::signals;

/// Larger than anything that is asked for; a device may have no end.
const MOST: u64 = 4 << 20;

pub(crate) fn file(path: &Path) -> Result<io::Result<String>> {
    let path = path.to_owned();
    watched(move || text(File::open(path)?))
}

pub(crate) fn stdin() -> Result<io::Result<String>> {
    watched(|| text(io::stdin()))
}

pub(crate) fn is_typed() -> bool {
    io::stdin().is_terminal()
}

fn watched(read: impl FnOnce() -> io::Result<String> + Send + 'static) -> Result<io::Result<String>> {
    let read = signals::watched(Duration::MAX, read)?;
    Ok(read.unwrap_or_else(|| Err(io::ErrorKind::Other.into())))
}

fn text(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let length = from.take(MOST + 1).read_to_string(&mut text)?;
    let is_too_long = u64::try_from(length).is_ok_and(|length| length > MOST);
    if is_too_long { Err(io::Error::other("it is far too large")) } else { Ok(text) }
}
