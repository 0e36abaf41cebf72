//! `pluton storage verify`: proves again, on private copies, that storages work; no token is lost to it.

use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;

use super::account::{self, Found};
use super::for_each::{in_parallel, names};
use super::renew::{How, is_renewable, left, renew};
use super::trial::Trial;
use super::{lasting, prove, show};
use crate::cli::Verify;
use crate::config::{Batch, ConfigFile, Proof, Staged};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};
use crate::rclone::Rclone;
use crate::signals;
use crate::storage::section::Section;
use crate::storage::sign_in::Kind;
use crate::ui::report::{Report, StorageResult};

/// A token that lives less is renewed first, so that none ends in the middle.
pub(super) const ENOUGH: Duration = Duration::from_secs(120);
/// Fewer are as fast by themselves.
const MANY: usize = 3;
/// How many requests one rclone has under way.
const REQUESTS: usize = 64;
/// How many rclones run at a time, at some 60 MiB each.
const JOBS: usize = 8;
/// Time enough for a rehearsal over a slow line.
const LONG: Duration = Duration::from_secs(30 * 60);

pub(super) fn run(context: &Context, flags: &Verify) -> Result<Report> {
    let file = context.config_file()?;
    let names = names(context, &file, &flags.which, "verify")?;
    let rclone = context.rclone(flags.timeout)?.without_spinner();
    let spinner = context.terminal.wait(if flags.restore {
        "rehearsing a backup and its restore"
    } else {
        "proving that each storage works"
    });
    let verifier = Verifier { file: &file, rclone: &rclone, flags };
    let storages = verifier.all(&names)?;
    drop(spinner);
    signals::check()?;
    for each in &storages {
        for warning in &each.warnings {
            context.terminal.warn(&format!("{:?}: {}", each.name, warning.message));
        }
    }
    Ok(Report::Results(storages))
}

struct Verifier<'a> {
    file: &'a ConfigFile,
    rclone: &'a Rclone,
    flags: &'a Verify,
}

/// A storage with a token that lives long enough.
struct Ready {
    section: Section,
    /// Whether its sign-in was renewed first, which proves that it can be.
    renewed: bool,
    /// How many folders it has, once that is known.
    folders: Option<usize>,
}

impl Verifier<'_> {
    fn all(&self, names: &[String]) -> Result<Vec<StorageResult>> {
        // Side by side, rehearsals would measure one another.
        let jobs = self.flags.jobs.map_or(if self.flags.restore { 1 } else { JOBS }, usize::from);
        let mut ready = in_parallel(names, jobs, |name| self.ready(name));
        std::thread::scope(|scope| {
            let (sender, accounts) = mpsc::channel();
            let sections: Vec<Option<Section>> =
                ready.iter().map(|ready| ready.as_ref().ok().map(|ready| ready.section.clone())).collect();
            scope.spawn(move || {
                let _ = sender.send(in_parallel(&sections, REQUESTS, |section| {
                    section.as_ref().and_then(|section| account::who(section).ok()).unwrap_or_default()
                }));
            });
            self.list_together(&mut ready)?;
            let proven = in_parallel(&ready, jobs, |ready| ready.as_ref().ok().map(|ready| self.prove(ready)));
            let accounts =
                accounts.recv().unwrap_or_default().into_iter().chain(std::iter::repeat_with(Found::default));
            let outcomes = ready
                .into_iter()
                .zip(proven)
                .map(|(ready, proven)| ready.and_then(|_| proven.unwrap_or_else(|| Err(Error::interrupted()))));
            let each = names.iter().zip(outcomes).zip(accounts);
            let most = self.flags.fail_above;
            Ok(each.map(|((name, outcome), found)| finished(name, outcome, found, most)).collect())
        })
    }

    /// Renews what ends soon, or where that is to be proven, whatever there is.
    fn ready(&self, name: &str) -> Result<Ready> {
        signals::check()?;
        let read = || self.file.read().and_then(|document| Section::read(&document, name));
        let mut renewed = false;
        if self.flags.renew || is_renewable(&read()?) {
            let enough = if self.flags.restore { LONG } else { ENOUGH };
            let within = (!self.flags.renew).then_some(enough);
            renewed = renew(self.file, self.rclone, name, within)?.how != How::StillGood;
        }
        Ok(Ready { section: read()?, renewed, folders: None })
    }

    /// Has one rclone list all whose tokens need no renewal meanwhile. What fails here is tried again alone.
    fn list_together(&self, ready: &mut [Result<Ready>]) -> Result<()> {
        let mut lasting: Vec<&mut Ready> = ready
            .iter_mut()
            .filter_map(|ready| ready.as_mut().ok())
            .filter(|ready| is_lasting(&ready.section) && ready.section.needs().is_none())
            .collect();
        if lasting.len() < MANY || self.trial() != Trial::Nothing {
            return Ok(());
        }
        let batch = Batch::new(lasting.iter().map(|ready| &ready.section))?;
        let names: Vec<&str> = lasting.iter().map(|ready| ready.section.name()).collect();
        let jobs = self.flags.jobs.map_or(REQUESTS, usize::from);
        let folders = self.rclone.list_together(batch.file(), &names, jobs)?;
        for (ready, folders) in lasting.iter_mut().zip(folders) {
            ready.folders = folders;
        }
        Ok(())
    }

    fn trial(&self) -> Trial {
        if self.flags.restore {
            Trial::Restore { large: self.flags.large }
        } else {
            Trial::small_if(self.flags.check_write)
        }
    }

    fn prove(&self, ready: &Ready) -> Result<StorageResult> {
        signals::check()?;
        let name = ready.section.name();
        let (mut proof, token) = if ready.folders.is_some() {
            (Proof { listed: true, folders: ready.folders, ..Proof::default() }, ready.section.token())
        } else {
            let staged = Staged::new(ready.section.clone(), false)?;
            let verified = prove::prove_saved(self.file, self.rclone, staged, self.trial())?;
            (verified.proof, verified.section.token())
        };
        if let Some(within) = self.flags.fail_within {
            check_end(&ready.section, token.as_ref().and_then(crate::storage::token::Token::idle_end), within)?;
        }
        proof.refreshed |= ready.renewed;
        let not_tested = if proof.refreshed || !is_renewable(&ready.section) { Vec::new() } else { vec!["renewal"] };
        let warnings =
            if is_renewable(&ready.section) { None } else { lasting::warning(&ready.section) }.into_iter().collect();
        let token = token.as_ref().map(show::state);
        Ok(StorageResult {
            verified: Some(proof),
            not_tested,
            token,
            warnings,
            ..StorageResult::good(name, "verified")
        })
    }
}

/// Whether its token is sure to live until rclone has listed it.
fn is_lasting(section: &Section) -> bool {
    !is_renewable(section) || section.token().and_then(|token| left(&token)).is_some_and(|left| left >= ENOUGH)
}

fn finished(name: &str, outcome: Result<StorageResult>, found: Found, most: Option<u8>) -> StorageResult {
    let checked = |each| most.map_or(Ok(()), |most| account::check_space(&found, name, most)).map(|()| each);
    match outcome.and_then(checked) {
        Ok(mut each) => {
            each.warnings.splice(0..0, found.warnings);
            StorageResult { account: found.account, ..each }
        }
        Err(error) => StorageResult::failed(name, error),
    }
}

/// Fails where the sign-in ends within this time if nobody uses it.
fn check_end(section: &Section, idle_end: Option<Timestamp>, within: Duration) -> Result<()> {
    let name = section.name();
    let ends = |message: String| Error::new(Code::TokenExpired, message).responsible(Who::You);
    match (section.kind(), idle_end) {
        (Kind::Jwt | Kind::ClientCredentials, _) => Ok(()),
        (Kind::Quick | Kind::OwnApp, Some(end)) => {
            let left = end.as_second() - Timestamp::now().as_second();
            if left > i64::try_from(within.as_secs()).unwrap_or(i64::MAX) {
                return Ok(());
            }
            Err(ends(format!("unused, the sign-in of {name:?} ends on {}", end.strftime("%Y-%m-%d")))
                .hint_run(format!("pluton storage refresh {name:?}")))
        }
        (Kind::Quick | Kind::OwnApp, None) | (Kind::AccessToken, _) => Err(ends(format!(
            "the sign-in of {name:?} cannot be renewed: it ends with its token, 60 minutes after it was made"
        ))
        .hint_command("sign in in a way that lasts", format!("pluton storage authorize {name:?}"))),
    }
}
