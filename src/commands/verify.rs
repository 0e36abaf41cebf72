//! `pluton storage verify`: checks on staged copies that storages still work. A token that is renewed on the way is
//! saved.

use std::time::Duration;

use jiff::Timestamp;

use super::account::{self, Found};
use super::in_parallel;
use super::proof::WriteCheck;
use super::refresh::{is_renewable, refresh};
use super::{pick, proof, show};
use crate::cli::Verify;
use crate::config::{Batch, ConfigFile, Proof, Staged};
use crate::context::Context;
use crate::error::{Code, Error, Remedy, Result};
use crate::rclone::Rclone;
use crate::signals;
use crate::storage::section::Section;
use crate::storage::sign_in::Renewer;
use crate::storage::token::Token;
use crate::ui::report::{Outcome, Report, StorageResult};

/// A token that expires sooner is renewed first, so that none expires during the check.
pub(super) const ENOUGH: Duration = Duration::from_secs(120);
/// Below this number, listing one by one is as fast.
const MANY: usize = 3;
/// How many requests one rclone makes at a time.
const REQUESTS: usize = 64;
/// How many rclones run at a time, at some 60 MiB each.
const JOBS: usize = 8;
/// Enough time for a rehearsal over a slow line.
const LONG: Duration = Duration::from_secs(30 * 60);

pub(super) fn run(context: &Context, flags: &Verify) -> Result<Report> {
    let file = context.config_file()?;
    let names = pick::some_or_all(context, &file, &flags.which, "verify")?;
    let rclone = context.rclone(flags.timeout)?.without_spinner();
    let spinner = context.terminal.wait(if flags.restore {
        "rehearsing a backup and its restore"
    } else {
        "checking that each storage works"
    });
    let storages = Verifier { file: &file, rclone: &rclone, flags }.verify(&names)?;
    drop(spinner);
    signals::check()?;
    Ok(Report::Results { storages })
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
}

impl Verifier<'_> {
    fn verify(&self, names: &[String]) -> Result<Vec<StorageResult>> {
        // Rehearsals in parallel would slow down each other's measurement.
        let jobs = self.flags.jobs.map_or(if self.flags.restore { 1 } else { JOBS }, usize::from);
        let ready = in_parallel(names, jobs, |name| self.ready(name));
        let good: Vec<&Ready> = ready.iter().flatten().collect();
        let who = |ready: &&Ready| account::who(&ready.section).unwrap_or_default();
        let results = std::thread::scope(|scope| {
            let accounts = scope.spawn(|| in_parallel(&good, REQUESTS, who));
            let listed: Vec<_> = good.iter().zip(self.list_batch(&good)?).collect();
            let proven = in_parallel(&listed, jobs, |(ready, folders)| self.prove(ready, *folders));
            let proven = proven.into_iter().zip(accounts.join().unwrap_or_default());
            Ok::<_, Error>(proven.map(|(proven, found)| self.with_account(proven?, found)).collect::<Vec<_>>())
        })?;
        let mut results = results.into_iter();
        let mut result_of = |_: Ready| results.next().unwrap_or_else(|| Err(Error::interrupted()));
        let all = names.iter().zip(ready).map(|(name, ready)| StorageResult::of(name, ready.and_then(&mut result_of)));
        Ok(all.collect())
    }

    /// Renews tokens that expire soon, or all if renewal is to be proven.
    fn ready(&self, name: &str) -> Result<Ready> {
        signals::check()?;
        let mut renewed = false;
        if self.flags.renew || is_renewable(&self.file.section(name)?) {
            let enough = if self.flags.restore { LONG } else { ENOUGH };
            let within = (!self.flags.renew).then_some(enough);
            renewed = refresh(self.file, self.rclone, name, within)?.outcome != Outcome::StillGood;
        }
        Ok(Ready { section: self.file.section(name)?, renewed })
    }

    /// Has one rclone list all storages whose tokens need no renewal meanwhile: how many folders each has. What fails
    /// here is tried again alone.
    fn list_batch(&self, ready: &[&Ready]) -> Result<Vec<Option<usize>>> {
        let mut folders = vec![None; ready.len()];
        let sections = ready.iter().map(|ready| &ready.section).enumerate();
        let (indices, sections): (Vec<_>, Vec<_>) =
            sections.filter(|(_, section)| is_lasting(section) && section.needs().is_none()).unzip();
        if sections.len() < MANY || self.write_check() != WriteCheck::Nothing {
            return Ok(folders);
        }
        let batch = Batch::new(sections.iter().copied())?;
        let names: Vec<&str> = sections.iter().map(|section| section.name()).collect();
        let jobs = self.flags.jobs.map_or(REQUESTS, usize::from);
        for (index, listed) in indices.into_iter().zip(self.rclone.list_batch(batch.file(), &names, jobs)?) {
            folders[index] = listed;
        }
        Ok(folders)
    }

    fn write_check(&self) -> WriteCheck {
        if self.flags.restore {
            WriteCheck::Restore { large: self.flags.large }
        } else {
            WriteCheck::small_if(self.flags.check_write)
        }
    }

    fn prove(&self, ready: &Ready, folders: Option<usize>) -> Result<StorageResult> {
        signals::check()?;
        let section = &ready.section;
        let (mut proof, token) = if folders.is_some() {
            (Proof { listed: true, folders, ..Proof::default() }, section.token())
        } else {
            let staged = Staged::new(section.clone(), false)?;
            let verified = proof::verify(self.rclone, staged, self.write_check(), Some(self.file))?;
            (verified.proof(), verified.section().token())
        };
        if let Some(within) = self.flags.fail_within {
            check_end(section, token.as_ref().and_then(Token::sign_in_expiry), within)?;
        }
        proof.refreshed |= ready.renewed;
        let ends = if is_renewable(section) { None } else { proof::short_lived(section) };
        Ok(StorageResult {
            verified: Some(proof),
            not_tested: if proof.refreshed || !is_renewable(section) { Vec::new() } else { vec!["renewal"] },
            token: token.as_ref().map(show::state),
            warnings: ends.into_iter().collect(),
            ..StorageResult::good(section.name(), Outcome::Verified)
        })
    }

    fn with_account(&self, mut result: StorageResult, found: Found) -> Result<StorageResult> {
        if let Some(most) = self.flags.fail_above {
            account::check_space(&found, &result.name, most)?;
        }
        result.warnings.splice(0..0, found.warnings);
        Ok(StorageResult { account: found.account, ..result })
    }
}

/// Whether its token is sure to live until rclone has listed it.
fn is_lasting(section: &Section) -> bool {
    !is_renewable(section) || section.token().and_then(|token| token.remaining()).is_some_and(|left| left >= ENOUGH)
}

/// Fails if the sign-in expires within this time unless it is used.
fn check_end(section: &Section, idle_end: Option<Timestamp>, within: Duration) -> Result<()> {
    let name = section.name();
    let (message, remedy) = match (section.renewer(), idle_end) {
        (Renewer::Pluton, _) => return Ok(()),
        (Renewer::Rclone, Some(end)) => {
            let left = end.as_second() - Timestamp::now().as_second();
            if left > i64::try_from(within.as_secs()).unwrap_or(i64::MAX) {
                return Ok(());
            }
            let message = format!("the sign-in of {name:?} expires on {} unless used", end.strftime("%Y-%m-%d"));
            (message, Remedy::run(format!("pluton storage refresh {name:?}")))
        }
        (Renewer::Rclone | Renewer::Nobody, _) => (
            format!(
                "the sign-in of {name:?} cannot be renewed: it expires with its token, 60 minutes after it was created"
            ),
            Remedy::with_command("sign in another way", format!("pluton storage authorize {name:?}")),
        ),
    };
    Err(Error::new(Code::TokenExpired, message).hint(remedy))
}
