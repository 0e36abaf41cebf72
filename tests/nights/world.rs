//! Simulated nights: restic backs up to a Box with five sign-ins, through `pluton run` or with plain rclone.
//!
//! Real are pluton, rclone (1.75.2, and where it is there 1.60.1, by turns) and restic. Box is the loopback one of
//! `tests/sandbox`, which lets each refresh token work once. In a night all five back up side by side, somebody runs a stray
//! `rclone lsd`, a timer refreshes where there is pluton, Box has outages and is slow with tokens, and signals reach pluton
//! or restic. In the later half of the nights rclone.conf is encrypted.
//!
//! Time is simulated: a night takes seconds, and between two nights every token's date is moved back by a day and Box ends
//! every access token. So 60 days without use never pass, and no token ends in the middle of a backup; `tests/keep` has
//! that. Nobody kills rclone itself or drops Box's answer with a new token in it: no program could save that sign-in. The times
//! at which something happens are drawn from the seed, but a process is as fast as the machine lets it be, so a seed gives
//! the same nights, not always the same outcome.
//!
//! Each morning somebody looks at the storages whose backup has failed, and signs in again where they do not work with a
//! Box that is well. Plain rclone has no timer, since it has nothing that such a timer could run for every storage.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use box_sandbox::rclone;
use rustix::process::{Pid, Signal, kill_process};

use crate::plan::{Act, Night, Random, Trouble, Who};
use crate::storages::{NAMES, Storages, age, encrypt};
use crate::support::{Machine, PLUTON};

pub(crate) const RESTIC: &str = "/usr/bin/restic";

/// A backup that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(180);
const TICK: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeper {
    Pluton,
    PlainRclone,
}

/// The results of the nights.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) nights: u32,
    /// Those that ended by themselves.
    pub(crate) backups: u32,
    /// Those that failed although Box did not refuse them.
    pub(crate) failed: u32,
    pub(crate) refused: u32,
    pub(crate) stopped: u32,
    pub(crate) lost: u32,
    pub(crate) needed: u32,
    /// What went wrong, night by night.
    pub(crate) said: Vec<String>,
}

struct World {
    m: Machine,
    storages: Storages,
    keeper: Keeper,
    jobs: Vec<Job>,
    troubles: Vec<Trouble>,
    tally: Tally,
}

struct Job {
    who: Who,
    child: Child,
    began: Instant,
    is_stopped: bool,
    output: PathBuf,
}

/// Runs this many nights and returns the results.
pub(crate) fn live(keeper: Keeper, nights: u32, seed: u64) -> Result<Tally> {
    let mut world = World::begin(keeper)?;
    let mut random = Random(seed);
    let rclones = rclone::both();
    for (number, rclone) in (1..=nights).zip(rclones.iter().cycle()) {
        let link = world.m.at("bin/rclone");
        fs::remove_file(&link)?;
        std::os::unix::fs::symlink(rclone, link)?;
        if number == nights / 2 + 1 {
            encrypt(&mut world.m)?;
        }
        let night = Night::draw(&mut random);
        world.pass(number, &night).with_context(|| format!("night {number} of {keeper:?}"))?;
    }
    Ok(std::mem::take(&mut world.tally))
}

impl World {
    /// Everyone is signed in, and each repository is there.
    fn begin(keeper: Keeper) -> Result<Self> {
        let mut m = Machine::new();
        m.set("RESTIC_PASSWORD", "a password");
        let storages = Storages::create(&m);
        fs::create_dir(m.at("data"))?;
        for (number, name) in NAMES.iter().enumerate() {
            storages.sign_in(number, &m)?;
            m.run(RESTIC, ["-q", "-r", &repository(name), "init"]).ok();
        }
        Ok(Self { m, storages, keeper, jobs: vec![], troubles: vec![], tally: Tally::default() })
    }

    fn pass(&mut self, number: u32, night: &Night) -> Result<()> {
        age(&self.m)?;
        self.m.sandbox.clear_requests();
        fs::write(self.m.at("data/today"), format!("night {number}\n").repeat(500))?;
        let mut again = Vec::new();
        let mut failed = Vec::new();
        let began = Instant::now();
        let mut acts = night.acts.iter().peekable();
        loop {
            while let Some((_, act)) = acts.next_if(|(at, _)| began.elapsed() >= *at) {
                self.act(*act)?;
            }
            self.collect(number, night, &mut again, &mut failed)?;
            if acts.peek().is_none() && self.jobs.is_empty() {
                if again.is_empty() {
                    break;
                }
                // Whoever was stopped starts again in the same night.
                for storage in again.drain(..) {
                    self.act(Act::Backup(storage))?;
                }
            }
            thread::sleep(TICK);
        }
        self.troubles.clear();
        self.m.sandbox.clear_faults();
        self.wait_for_orphans()?;
        self.tally.nights += 1;
        self.morning(number, &failed)
    }

    fn act(&mut self, act: Act) -> Result<()> {
        match act {
            Act::Backup(storage) => {
                let backup = [RESTIC, "-q", "-r", &repository(NAMES[storage]), "backup", "data"];
                match self.keeper {
                    Keeper::Pluton => {
                        let run = [PLUTON, "run", NAMES[storage], "--"];
                        self.start(Who::Backup(storage), &[&run, &backup[..]].concat())
                    }
                    Keeper::PlainRclone => self.start(Who::Backup(storage), &backup),
                }
            }
            Act::Timer if self.keeper == Keeper::Pluton => {
                self.start(Who::Timer, &[PLUTON, "storage", "refresh", "--all", "--if-within", "30m"])
            }
            Act::Timer => Ok(()),
            Act::Stray(storage) => self.start(Who::Stray, &["rclone", "lsd", &format!("{}:", NAMES[storage])]),
            Act::Begins(trouble) => {
                self.troubles.push(trouble);
                self.arrange();
                Ok(())
            }
            Act::Ends(trouble) => {
                self.troubles.retain(|other| *other != trouble);
                self.arrange();
                Ok(())
            }
            Act::Sent(who, signal) => {
                for job in self.jobs.iter_mut().filter(|job| job.who == who) {
                    job.is_stopped = true;
                    // It may have ended in this moment, but it is still this process's child.
                    let _ = kill_process(Pid::from_child(&job.child), signal);
                }
                Ok(())
            }
        }
    }

    fn arrange(&self) {
        self.m.sandbox.clear_faults();
        // The newest first: where several hit, it is the one that is felt.
        for fault in self.troubles.iter().rev().flat_map(|trouble| trouble.faults()) {
            self.m.sandbox.fault(fault);
        }
    }

    fn start(&mut self, who: Who, args: &[&str]) -> Result<()> {
        let output = self.m.at(format!("bin/{who:?}.log"));
        let file = File::create(&output)?;
        let mut command = self.m.command(args[0]);
        command.args(&args[1..]).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("{args:?}"))?;
        self.jobs.push(Job { who, child, began: Instant::now(), is_stopped: false, output });
        Ok(())
    }

    /// Counts those that have ended.
    fn collect(&mut self, number: u32, night: &Night, again: &mut Vec<usize>, failed: &mut Vec<usize>) -> Result<()> {
        for mut job in std::mem::take(&mut self.jobs) {
            let hangs = job.began.elapsed() > LONGEST;
            if hangs {
                job.child.kill()?;
                job.child.wait()?;
            }
            let Some(status) = job.child.try_wait()? else {
                self.jobs.push(job);
                continue;
            };
            let Who::Backup(storage) = job.who else { continue };
            if job.is_stopped && !status.success() && !hangs {
                self.tally.stopped += 1;
                again.push(storage);
                continue;
            }
            self.tally.backups += 1;
            if status.success() {
                continue;
            }
            failed.push(storage);
            if night.is_refused && !hangs {
                self.tally.refused += 1;
                continue;
            }
            self.tally.failed += 1;
            let output = fs::read_to_string(&job.output).unwrap_or_default();
            let how = if hangs { "hung".to_owned() } else { status.to_string() };
            self.tell(number, &format!("the backup of {}: {how}\n{output}", NAMES[storage]));
        }
        Ok(())
    }

    /// Checks each failed storage again, with Box working normally.
    fn morning(&mut self, number: u32, failed: &[usize]) -> Result<()> {
        for (storage, name) in NAMES.iter().enumerate() {
            let is_lost = self.storages.is_lost(storage, &self.m)?;
            if is_lost {
                self.tally.lost += 1;
                self.tell(number, &format!("the sign-in of {name} is lost"));
            }
            let works = || match self.keeper {
                Keeper::Pluton => self.m.pluton(["storage", "verify", name]).code == 0,
                Keeper::PlainRclone => self.m.rclone(["lsd", &format!("{name}:")]).code == 0,
            };
            if is_lost || failed.contains(&storage) && !works() {
                self.tally.needed += 1;
                self.storages.sign_in(storage, &self.m)?;
            }
        }
        Ok(())
    }

    fn tell(&mut self, number: u32, what: &str) {
        self.tally.said.push(format!("night {number}: {what}"));
    }

    /// What a killed pluton or restic has left behind ends by itself, or is ended.
    fn wait_for_orphans(&self) -> Result<()> {
        let began = Instant::now();
        while !self.orphans().is_empty() {
            if began.elapsed() > LONGEST {
                self.end_orphans();
                bail!("children were left behind");
            }
            thread::sleep(TICK);
        }
        Ok(())
    }

    /// Processes whose home is this world's, by what `/proc` says of their environment.
    fn orphans(&self) -> Vec<Pid> {
        let mark = format!("HOME={}\0", self.m.path().display());
        let ours = |pid: &String| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.windows(mark.len()).any(|part| part == mark.as_bytes())
        };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(ours).filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }

    fn end_orphans(&self) {
        for pid in self.orphans() {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end_orphans();
        for job in &mut self.jobs {
            let _ = job.child.wait();
        }
    }
}

fn repository(name: &str) -> String {
    format!("rclone:{name}:restic {name}")
}
