//! Files that go to Box and come back, and how many requests that takes.

use std::path::Path;
use std::time::Duration;

use super::{NETWORK, Rclone};
use crate::error::Result;
use crate::process::Outcome;
use crate::signals;

/// Bytes a second. A transfer gets the time it takes at this rate on top of the ordinary limit.
const SLOW: u64 = 128 << 10;
/// Has rclone say each request it makes; it hides the token in them itself.
const DUMP: [&str; 5] = ["-vv", "--dump", "headers", "--retries", "1"];
const REQUEST: &str = "HTTP REQUEST (";

pub(crate) struct Transfer {
    /// Without the requests in what rclone said.
    pub(crate) outcome: Outcome,
    pub(crate) requests: usize,
}

impl Rclone {
    /// Copies a local file of `size` bytes to `to` (`NAME:path`).
    pub(crate) fn upload(&self, config: &Path, from: &Path, to: &str, size: u64) -> Result<Transfer> {
        self.transfer(config, ["copyto".as_ref(), from.as_os_str(), to.as_ref()], size, "writing a file")
    }

    /// Prints the size of the file called `file` if it is in the folder `folder` (`NAME:`).
    pub(crate) fn list_file(&self, config: &Path, folder: &str, file: &str) -> Result<Transfer> {
        let only = format!("--include=/{file}");
        let args = ["lsf", "--files-only", "--max-depth=1", "--format=s", &only, folder];
        self.transfer(config, args.map(AsRef::as_ref), 0, "listing it")
    }

    /// Copies the file at `from` (`NAME:path`) to a local one. Whether it is the same is for the caller to see.
    pub(crate) fn download(&self, config: &Path, from: &str, to: &Path, size: u64) -> Result<Transfer> {
        let [size_too, hash_too, again] = ["--ignore-size", "--ignore-checksum", "--ignore-times"].map(AsRef::as_ref);
        let args = ["copyto".as_ref(), size_too, hash_too, again, from.as_ref(), to.as_os_str()];
        self.transfer(config, args, size, "reading it back")
    }

    /// Deletes the file at `path` (`NAME:path`), also after Ctrl-C: nothing of a check may stay behind.
    pub(crate) fn delete(&self, config: &Path, path: &str) -> Result<Transfer> {
        signals::shielded(|| self.transfer(config, ["deletefile", path].map(AsRef::as_ref), 0, "deleting it"))
    }

    fn transfer<const N: usize>(
        &self,
        config: &Path,
        args: [&std::ffi::OsStr; N],
        size: u64,
        waiting: &str,
    ) -> Result<Transfer> {
        let mut command = self.isolated(config);
        command.args(args).args(NETWORK).args(DUMP);
        let _spinner = self.terminal.wait(waiting);
        let limit = self.limit + Duration::from_secs(size / SLOW);
        let mut requests = 0;
        let outcome = self.run_watched(&mut command, &[], limit, &mut |line| {
            requests += usize::from(line.contains(REQUEST));
        })?;
        let stderr = without_details(&outcome.stderr);
        Ok(Transfer { outcome: Outcome { stderr, ..outcome }, requests })
    }
}

/// What rclone says without `-vv`. A line without a date goes on with the one before.
fn without_details(stderr: &str) -> String {
    let mut counts = true;
    let mut kept = String::new();
    for line in stderr.lines() {
        if is_dated(line) {
            counts = !line.contains(" DEBUG : ")
                && !line.contains(" INFO  : ")
                && !line.contains("Automatically setting -vv");
        }
        if counts {
            kept.extend([line, "\n"]);
        }
    }
    kept
}

fn is_dated(line: &str) -> bool {
    let mut parts = line.splitn(3, '/');
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    is_number(parts.next()) && is_number(parts.next())
}

#[cfg(test)]
mod tests {
    use super::without_details;

    #[test]
    fn a_failure_reads_as_if_no_request_had_been_dumped() {
        let said = "2026/11/25 21:53:58 NOTICE: Automatically setting -vv as --dump is enabled\n\
            2026/11/25 21:53:58 DEBUG : HTTP REQUEST (req 0xc000540b00)\n\
            2026/11/25 21:53:58 DEBUG : GET /2.0/folders/0/items HTTP/1.1\nHost: api.box.com\n\n\
            2026/11/25 21:53:58 INFO  : \nTransferred: 0 B\n\
            2026/11/25 21:53:59 ERROR : x: Failed to copy: Error \"forbidden\" (403)\nmore of it\n\
            2026/11/25 21:53:59 DEBUG : 9 go routines active\n";
        let kept = "2026/11/25 21:53:59 ERROR : x: Failed to copy: Error \"forbidden\" (403)\nmore of it\n";
        assert_eq!(without_details(said), kept);
    }
}
