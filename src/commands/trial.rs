//! Writes files into a storage and reads them back: a small one, or the rehearsal of a backup and its restore.
#![expect(clippy::disallowed_methods, reason = "the file that is sent to Box and back lies in the staged directory")]

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::prove::why;
use crate::config::{Rehearsal, Staged};
use crate::diagnosis::Doing;
use crate::error::{Code, Error, Result, Who};
use crate::process::Outcome;
use crate::rclone::{Rclone, Transfer};
use crate::signals;
use crate::storage::options;

/// Where Box keeps what is downloaded.
const DOWNLOADS: &str = "boxcloud.com";
/// Seconds to wait before a fresh file is asked for again; Box's own Retry-After is not seen through rclone.
const NOT_YET: [u64; 4] = [1, 2, 4, 8];
const TICK: Duration = Duration::from_millis(50);
const MEBIBYTE: u64 = 1 << 20;
/// Enough for a speed, and little enough for every plan.
const ORDINARY: u64 = 8 * MEBIBYTE;

/// What is written to prove a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trial {
    Nothing,
    Small,
    /// Some megabytes, and where `large` also a file that is uploaded in parts.
    Restore {
        large: bool,
    },
}

impl Trial {
    pub(super) fn small_if(wanted: bool) -> Self {
        if wanted { Self::Small } else { Self::Nothing }
    }

    pub(super) fn run(self, rclone: &Rclone, staged: &Staged) -> Result<Option<Rehearsal>> {
        let there_and_back = |size| there_and_back(rclone, staged, size);
        match self {
            Self::Nothing => Ok(None),
            Self::Small => there_and_back(0).map(|_| None),
            Self::Restore { large } => {
                let mut rehearsal = there_and_back(ORDINARY)?;
                if large {
                    let cutoff = options::upload_cutoff(staged.section().get("upload_cutoff"));
                    rehearsal = rehearsal.and(there_and_back(cutoff + MEBIBYTE)?);
                }
                Ok(Some(rehearsal))
            }
        }
    }
}

/// Writes a file of `size` bytes or a few into the root folder, reads it back, compares, and deletes it, whatever happens
/// in between.
fn there_and_back(rclone: &Rclone, staged: &Staged, size: u64) -> Result<Rehearsal> {
    let unique = staged.dir().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let local = staged.dir().join("check");
    let disk = |cause: io::Error| Error::disk(Code::Unknown, "write", &local, &cause);
    let (bytes, sent) = fill(&local, &unique, size).map_err(disk)?;
    let file = format!("pluton-write-check-{unique}.txt");
    let path = format!("{}:{file}", staged.section().name());
    let written = rclone.upload(staged.file(), &local, &path, bytes);
    let read = match &written {
        Ok(up) if up.outcome.success() => {
            // Two of a large file need not be on the disk at once.
            let _ = std::fs::remove_file(&local);
            let listed = if size > 0 { listed(rclone, staged, &file, bytes) } else { Ok(0) };
            Some(listed.and_then(|requests| Ok((requests, read_back(rclone, staged, &path, &local, bytes)?))))
        }
        _ => None,
    };
    // Box may have taken the file although the upload was broken off.
    let deleted = rclone.delete(staged.file(), &path);
    let failed = |outcome: &Outcome| why(rclone, staged, Doing::Writing, outcome);
    let written = written?;
    let Some(read) = read else { return Err(failed(&written.outcome)) };
    let (listing, (read, requests)) = read?;
    if !read.success() {
        let error = failed(&read);
        return Err(if read.stderr.contains(DOWNLOADS) { no_downloads(error) } else { error });
    }
    let name = staged.section().name();
    if is_empty(&local) {
        let message = format!("Box took a file written to {name:?}, but has not made it ready for reading yet");
        return Err(Error::new(Code::BoxUnavailable, message).responsible(Who::Box).hint("run this again later"));
    }
    let came = digest(&local).map_err(|cause| Error::disk(Code::Unknown, "read", &local, &cause))?;
    let _ = std::fs::remove_file(&local);
    if came != sent {
        return Err(Error::new(Code::Unknown, format!("a file written to {name:?} came back changed"))
            .responsible(Who::Network)
            .hint(
                "ask whoever runs this network whether a proxy or a virus scanner changes what *.boxcloud.com sends",
            ));
    }
    let deleted = deleted?;
    if !deleted.outcome.success() {
        return Err(failed(&deleted.outcome));
    }
    Ok(Rehearsal {
        bytes,
        upload_ms: milliseconds(written.outcome.took),
        download_ms: milliseconds(read.took),
        requests: written.requests + listing + requests + deleted.requests,
    })
}

/// Says what the file is, then goes on with random bytes: they cannot be made smaller on the way.
fn fill(path: &Path, unique: &str, size: u64) -> io::Result<(u64, [u8; 32])> {
    let mut file = File::create(path)?;
    let mut hash = Sha256::new();
    let mut block = format!("pluton wrote this to see whether it can. It may be deleted. {unique}\n").into_bytes();
    let mut bytes = 0;
    loop {
        file.write_all(&block)?;
        hash.update(&block);
        bytes += u64::try_from(block.len()).unwrap_or_default();
        let rest = size.saturating_sub(bytes).min(MEBIBYTE);
        if rest == 0 || signals::seen() {
            return Ok((bytes, hash.finalize().into()));
        }
        block.resize(usize::try_from(rest).unwrap_or_default(), 0);
        getrandom::fill(&mut block).map_err(io::Error::other)?;
    }
}

fn digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hash.finalize().into()),
            read => hash.update(&block[..read]),
        }
    }
}

/// Fails where a listing of the folder does not show the file at its size. Returns how many requests it took.
fn listed(rclone: &Rclone, staged: &Staged, file: &str, bytes: u64) -> Result<usize> {
    let name = staged.section().name();
    let Transfer { outcome, requests } = rclone.list_file(staged.file(), &format!("{name}:"), file)?;
    if !outcome.success() {
        return Err(why(rclone, staged, Doing::Listing, &outcome));
    }
    if outcome.stdout.trim() != bytes.to_string() {
        let message =
            format!("Box took a file of {bytes} bytes written to {name:?}, but does not list it at that size");
        return Err(Error::new(Code::Unknown, message).responsible(Who::Box).hint("run this again later"));
    }
    Ok(requests)
}

/// Of a file that was uploaded a moment before, Box may say "not yet" (202), which rclone takes for an empty file and a
/// success. Returns how many requests it took, too.
fn read_back(rclone: &Rclone, staged: &Staged, path: &str, local: &Path, bytes: u64) -> Result<(Outcome, usize)> {
    let mut requests = 0;
    let mut read = || -> Result<_> {
        let read = rclone.download(staged.file(), path, local, bytes)?;
        requests += read.requests;
        Ok(read.outcome)
    };
    let mut outcome = read()?;
    for seconds in NOT_YET {
        if !outcome.success() || !is_empty(local) {
            break;
        }
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            signals::check()?;
            thread::sleep(TICK);
        }
        outcome = read()?;
    }
    Ok((outcome, requests))
}

fn is_empty(local: &Path) -> bool {
    std::fs::metadata(local).is_ok_and(|data| data.len() == 0)
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// Uploads and listings come from other hosts than downloads, so backups pass and restores fail.
fn no_downloads(error: Error) -> Error {
    let message =
        format!("files can be written but not read back: dl.{DOWNLOADS} cannot be reached ({})", error.message);
    let allow = format!("have *.{DOWNLOADS} allowed on port 443 by the firewall or proxy, as api.box.com is");
    Error { message, ..error }.first(allow)
}
