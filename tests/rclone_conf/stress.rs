//! What the stress tests share: how long they go on, random choices that are the same in every run, and time that passes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use box_sandbox::Sandbox;

use crate::support::{Machine, names_in};

/// Access tokens so short that rclone, which wants ten seconds more, renews them at each start.
pub(crate) fn restless(rclone: &Path) -> Machine {
    Machine::with(Sandbox::with_lifetime(Duration::from_secs(9)), rclone)
}

/// How long a stress test goes on: `seconds`, or what `PLUTON_STRESS_SECONDS` says.
pub(crate) fn deadline(seconds: u64) -> Instant {
    let longer = std::env::var("PLUTON_STRESS_SECONDS").ok().and_then(|text| text.parse().ok());
    Instant::now() + Duration::from_secs(longer.unwrap_or(seconds))
}

/// As if a minute had passed: a run killed before it could mark its directory is only then known to be dead.
pub(crate) fn a_minute_later(m: &Machine) {
    let staging = m.at(".local/state/pluton/staged");
    for name in names_in(&staging) {
        let dir = staging.join(name);
        let marked = dir.join("alive").exists();
        assert!(marked || !dir.join("rclone.conf").exists(), "a section in a directory that nobody marked");
        let earlier = SystemTime::now() - Duration::from_secs(61);
        fs::File::open(&dir).and_then(|dir| dir.set_modified(earlier)).expect("its time can be set");
    }
}

/// xorshift64*: small, and good enough to pick moments and characters.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("a small number");
        usize::try_from(self.next() % limit).expect("a small number")
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn within(&mut self, limit: Duration) -> Duration {
        let micros = usize::try_from(limit.as_micros()).expect("a short time");
        Duration::from_micros(u64::try_from(self.below(micros.max(1))).expect("a short time"))
    }
}
