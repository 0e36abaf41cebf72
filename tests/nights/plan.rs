//! What happens in each night, drawn from the seed in advance, so that both worlds go through the same nights.

use std::time::Duration;

use box_sandbox::Fault;
use rustix::process::Signal;

use crate::storages::NAMES;

/// A night, in the order of its hours, which are milliseconds here.
pub(crate) struct Night {
    pub(crate) acts: Vec<(Duration, Act)>,
    /// Box refuses every listing all night, so a backup that fails is nobody's fault.
    pub(crate) is_refused: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// The backup to the storage of this number starts.
    Backup(usize),
    /// Somebody lists it with rclone alone.
    Stray(usize),
    /// `pluton storage refresh --all --if-within 30m`; nothing where there is no pluton.
    Timer,
    Begins(Trouble),
    Ends(Trouble),
    /// To pluton, or where there is none to restic; not to their children.
    Sent(Who, Signal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Backup(usize),
    Timer,
    Stray,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 503 to everything.
    Down,
    /// 503 to those who want a token.
    NoTokens,
    /// 429 to everything, with a second to wait.
    SlowDown,
    /// Connections end with nothing done.
    Dropped,
    /// What was asked is done, and the answer lost; not for tokens, since nobody could save a sign-in then.
    AnswersLost,
    /// A token is replaced at once, and the new one comes after this many milliseconds.
    LateTokens(u64),
    Refused,
}

const OUTAGES: [Trouble; 5] =
    [Trouble::Down, Trouble::NoTokens, Trouble::SlowDown, Trouble::Dropped, Trouble::AnswersLost];
const SIGNALS: [Signal; 3] = [Signal::KILL, Signal::TERM, Signal::INT];
const TOKENS: [&str; 2] = ["/oauth2/token", "/api/oauth2/token"];

impl Night {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let mut acts = Vec::new();
        let starts: Vec<Duration> = NAMES.iter().map(|_| random.millis(0, 1500)).collect();
        for (number, start) in starts.iter().enumerate() {
            acts.push((*start, Act::Backup(number)));
        }
        let timer = random.millis(0, 2500);
        acts.push((timer, Act::Timer));
        acts.push((random.millis(0, 2500), Act::Stray(random.below_len(NAMES.len()))));
        if random.one_in(2) {
            acts.push((Duration::ZERO, Act::Begins(Trouble::LateTokens(300 + random.below(2700)))));
        }
        if !random.one_in(3) {
            let (start, trouble) = (random.millis(0, 2000), OUTAGES[random.below_len(OUTAGES.len())]);
            acts.push((start, Act::Begins(trouble)));
            acts.push((start + random.millis(300, 2000), Act::Ends(trouble)));
        }
        for _ in 0..random.below(3) {
            let backup = random.below_len(NAMES.len());
            let (who, start) =
                if random.one_in(3) { (Who::Timer, timer) } else { (Who::Backup(backup), starts[backup]) };
            let signal = SIGNALS[random.below_len(SIGNALS.len())];
            acts.push((start + random.millis(50, 2500), Act::Sent(who, signal)));
        }
        let is_refused = random.one_in(15);
        if is_refused {
            acts.push((Duration::ZERO, Act::Begins(Trouble::Refused)));
        }
        acts.sort_by_key(|(at, _)| *at);
        Self { acts, is_refused }
    }
}

impl Trouble {
    pub(crate) fn faults(self) -> Vec<Fault> {
        let tokens = || TOKENS.map(|path| Fault::on("POST", path)).into_iter();
        let all = || std::iter::once(Fault::on("*", "/"));
        let files = || ["/2.0/", "/api/2.0/"].map(|path| Fault::on("*", path)).into_iter();
        match self {
            Self::Down => all().map(|fault| fault.status(503)).collect(),
            Self::NoTokens => tokens().map(|fault| fault.status(503)).collect(),
            Self::SlowDown => all().map(|fault| fault.status(429).header("Retry-After", "1")).collect(),
            Self::Dropped => all().map(Fault::reset).collect(),
            Self::AnswersLost => files().map(Fault::answer_lost).collect(),
            Self::LateTokens(millis) => tokens().map(|fault| fault.delay(Duration::from_millis(millis))).collect(),
            Self::Refused => {
                let body = r#"{"type":"error","status":403,"code":"forbidden_by_policy","message":"No"}"#;
                let refuse = |fault: Fault| fault.status(403).header("Content-Type", "application/json").body(body);
                vec![refuse(Fault::on("GET", "/2.0/folders/"))]
            }
        }
    }
}

/// `SplitMix64`: the same numbers on every machine.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn below_len(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn millis(&mut self, least: u64, end: u64) -> Duration {
        Duration::from_millis(least + self.below(end - least))
    }
}
