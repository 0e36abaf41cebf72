//! Small programs of the system: crontab, systemctl, a shell.

use std::io::{self, Seek as _, Write as _};
use std::process::Stdio;
use std::time::Duration;

use super::{Care, Outcome, command, run_fed, search_path};

const LIMIT: Duration = Duration::from_secs(20);

/// Runs it to its end with `input` as its standard input.
pub(crate) fn tool(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Outcome> {
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    let mut child = command(program);
    child.args(arguments).env("PATH", search_path());
    let mut care = Care { limit: LIMIT, on_stderr: &mut |_| {}, holds: &|| false, on_hold: &|_| {} };
    run_fed(&mut child, Stdio::from(file), &mut care)
}
