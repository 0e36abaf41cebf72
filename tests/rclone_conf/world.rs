//! What each test here starts with: a Box and a home.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Token, rclone};
use serde_json::Value as Json;

use crate::support::{Home, Ran};

/// Another program's section as its owner wrote it; every line of it survives rclone's own saves.
pub(crate) const ODD: &str =
    "# kept by hand\n[odd one]\ntype = alias\n; about nothing\nremote = /tmp:=# not a comment\n";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&rclone::newest())
    }

    pub(crate) fn with(rclone: &Path) -> Self {
        Self::of(Sandbox::start(), rclone)
    }

    /// Access tokens so short that rclone, which wants ten seconds more, renews them at each start.
    pub(crate) fn restless(rclone: &Path) -> Self {
        Self::of(Sandbox::with_lifetime(Duration::from_secs(9)), rclone)
    }

    fn of(sandbox: Sandbox, rclone: &Path) -> Self {
        let home = Home::new(&sandbox, rclone);
        Self { sandbox, home }
    }

    pub(crate) fn token(&self) -> Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    /// `pluton storage add box NAME …`, the token on standard input.
    pub(crate) fn add(&self, name: &str, token: &Token, args: &[&str]) -> Ran {
        let all = [&["storage", "add", "box", name, "--token-file", "-"], args].concat();
        self.home.pluton_with_stdin(&all, &token.blob())
    }

    /// The same without asking Box.
    pub(crate) fn put(&self, name: &str, token: &Token, args: &[&str]) -> Ran {
        self.add(name, token, &[&["--no-verify"], args].concat())
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.home.config().parent().expect("a directory").to_owned()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(self.home.config()).expect("rclone.conf")
    }

    /// Every refresh token that rclone reads for these storages is the live one.
    #[track_caller]
    pub(crate) fn all_live<S: AsRef<str>>(&self, storages: &[S]) {
        let dump = self.home.dump();
        for name in storages.iter().map(AsRef::as_ref) {
            let refresh = refresh_token(&dump, name);
            assert!(self.sandbox.is_live_refresh(&refresh), "{name}'s newest token was lost: {}", dump[name]);
        }
    }

    /// There is nothing beside rclone.conf.
    #[track_caller]
    pub(crate) fn nothing_beside(&self) {
        assert_eq!(names_in(&self.dir()), ["rclone.conf"]);
    }

    pub(crate) fn staged(&self) -> Vec<String> {
        names_in(&self.staging())
    }

    fn staging(&self) -> PathBuf {
        self.home.path().join(".local/state/pluton/staged")
    }

    /// As if a minute had passed: a run killed before it could mark its directory is only then known to be dead.
    pub(crate) fn a_minute_later(&self) {
        for name in self.staged() {
            let dir = self.staging().join(name);
            let marked = dir.join("alive").exists();
            assert!(marked || !dir.join("rclone.conf").exists(), "a section in a directory that nobody marked");
            let earlier = SystemTime::now() - Duration::from_secs(61);
            fs::File::open(&dir).and_then(|dir| dir.set_modified(earlier)).expect("its time can be set");
        }
    }
}

pub(crate) fn section(name: &str, token: &Token) -> String {
    format!("[{name}]\ntype = box\ntoken = {}\n\n", token.blob())
}

#[track_caller]
pub(crate) fn refresh_token(dump: &Json, name: &str) -> String {
    let text = dump[name]["token"].as_str().unwrap_or_else(|| panic!("{name} is not there: {dump}"));
    let token: Json = serde_json::from_str(text).expect("the token is JSON");
    token["refresh_token"].as_str().unwrap_or_else(|| panic!("{name} has no refresh token: {token}")).to_owned()
}

pub(crate) fn names_in(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// How long a stress test goes on: `seconds`, or what `PLUTON_STRESS_SECONDS` says.
pub(crate) fn until(seconds: u64) -> Instant {
    let longer = std::env::var("PLUTON_STRESS_SECONDS").ok().and_then(|text| text.parse().ok());
    Instant::now() + Duration::from_secs(longer.unwrap_or(seconds))
}
