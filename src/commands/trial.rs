//! Writes files into a storage, reads them back and deletes them: a small one, or the rehearsal of a backup and its restore.
#![expect(clippy::disallowed_methods, reason = "the file that is sent to Box and back lies in the staged directory")]

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::proof::why;
use crate::config::{Rehearsal, Staged};
use crate::diagnosis::Doing;
use crate::error::{Code, Error, Result, Who};
use crate::rclone::{Rclone, Transfer};
use crate::signals;
use crate::storage::options;

/// Where Box keeps what is downloaded.
const DOWNLOADS: &str = "boxcloud.com";
/// Seconds to wait before a fresh file is asked for again; Box's own Retry-After is not seen through rclone.
const NOT_YET: [u64; 4] = [1, 2, 4, 8];
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

/// Writes a file of `size` bytes or a few into the root folder, and deletes it whatever happens in between.
fn there_and_back(rclone: &Rclone, staged: &Staged, size: u64) -> Result<Rehearsal> {
    let unique = staged.dir().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = format!("pluton-write-check-{unique}.txt");
    let local = staged.dir().join("check");
    fill(&local, &unique, size).map_err(|cause| Error::disk(Code::Unknown, "write", &local, &cause))?;
    let done = write_and_compare(rclone, staged, &file, &local, size > 0);
    // Box may have taken the file although the upload was broken off.
    let deleted = rclone.delete(staged.file(), &format!("{}:{file}", staged.section().name()));
    let done = done?;
    let deleted = good(rclone, staged, Doing::Writing, deleted?)?;
    Ok(Rehearsal { requests: done.requests + deleted.requests, ..done })
}

fn write_and_compare(rclone: &Rclone, staged: &Staged, file: &str, local: &Path, lists: bool) -> Result<Rehearsal> {
    let name = staged.section().name();
    let path = format!("{name}:{file}");
    let unreadable = |cause: io::Error| Error::disk(Code::Unknown, "read", local, &cause);
    let (bytes, sent) = digest(local).map_err(unreadable)?;
    let up = good(rclone, staged, Doing::Writing, rclone.upload(staged.file(), local, &path, bytes)?)?;
    // Two of a large file need not be on the disk at once.
    let _ = std::fs::remove_file(local);
    let mut requests = up.requests;
    if lists {
        let listed = rclone.list_file(staged.file(), &format!("{name}:"), file)?;
        let listed = good(rclone, staged, Doing::Listing, listed)?;
        if listed.outcome.stdout.trim() != bytes.to_string() {
            let message = format!("Box accepted a file of {bytes} bytes in {name:?}, but lists it with another size");
            return Err(Error::new(Code::Unknown, message).responsible(Who::Box).hint("run this again later"));
        }
        requests += listed.requests;
    }
    let down = read_back(rclone, staged, &path, local, bytes, &mut requests)?;
    let (read, came) = digest(local).map_err(unreadable)?;
    let _ = std::fs::remove_file(local);
    if read == 0 {
        let message = format!("Box accepted a file in {name:?}, but it cannot be read back yet");
        return Err(Error::new(Code::BoxUnavailable, message).responsible(Who::Box).hint("run this again later"));
    }
    if came != sent {
        return Err(Error::new(Code::Unknown, format!("a file written to {name:?} was different when read back"))
            .responsible(Who::Network)
            .hint(
                "ask whoever runs this network whether a proxy or a virus scanner changes what *.boxcloud.com sends",
            ));
    }
    Ok(Rehearsal {
        bytes,
        upload_ms: milliseconds(up.outcome.took),
        download_ms: milliseconds(down.outcome.took),
        requests,
    })
}

fn good(rclone: &Rclone, staged: &Staged, doing: Doing, transfer: Transfer) -> Result<Transfer> {
    if transfer.outcome.success() { Ok(transfer) } else { Err(why(rclone, staged, doing, &transfer.outcome)) }
}

/// Says what the file is, then goes on with random bytes: they cannot be made smaller on the way.
fn fill(path: &Path, unique: &str, size: u64) -> io::Result<()> {
    let mut file = File::create(path)?;
    let text = format!("pluton wrote this to check that it can. It is safe to delete. {unique}\n");
    file.write_all(text.as_bytes())?;
    let mut rest = size.saturating_sub(text.len() as u64);
    let mut block = vec![0; 1 << 20];
    while rest > 0 && !signals::seen() {
        let part = usize::try_from(rest).unwrap_or(usize::MAX).min(block.len());
        getrandom::fill(&mut block[..part]).map_err(io::Error::other)?;
        file.write_all(&block[..part])?;
        rest -= part as u64;
    }
    Ok(())
}

/// A file's size and SHA-256.
fn digest(path: &Path) -> io::Result<(u64, [u8; 32])> {
    let mut hash = Sha256::new();
    let bytes = io::copy(&mut File::open(path)?, &mut hash)?;
    Ok((bytes, hash.finalize().into()))
}

/// Of a file that was uploaded a moment before, Box may say "not yet" (202), which rclone takes for an empty file and a
/// success.
fn read_back(
    rclone: &Rclone,
    staged: &Staged,
    path: &str,
    local: &Path,
    bytes: u64,
    requests: &mut usize,
) -> Result<Transfer> {
    let mut waits = NOT_YET.iter();
    loop {
        let read = rclone.download(staged.file(), path, local, bytes)?;
        *requests += read.requests;
        if !read.outcome.success() {
            let error = why(rclone, staged, Doing::Writing, &read.outcome);
            return Err(if read.outcome.stderr.contains(DOWNLOADS) { no_downloads(error) } else { error });
        }
        let is_empty = std::fs::metadata(local).is_ok_and(|data| data.len() == 0);
        match waits.next() {
            Some(seconds) if is_empty => signals::pause(Duration::from_secs(*seconds))?,
            _ => return Ok(read),
        }
    }
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
