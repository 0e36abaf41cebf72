//! What each test here starts with: a Box and a home.

use std::path::Path;
use std::thread;

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Token, rclone};
use serde_json::Value as Json;

use crate::support::{Home, Ran};

pub(crate) const CONF: &str = ".config/rclone/rclone.conf";

/// What a careful person's rclone.conf may look like; nothing in it is as rclone or pluton would write it.
pub(crate) const ODD: &str = "\u{feff}; kept by hand\r\n\r\n[local ]\r\ntype=local\r\n   nounc :  true\r\n\
    # token = {\"access_token\":\"not this one\"}\r\n[ s3 ]\n\ttype = s3\nprovider: AWS\n\n\n[local]\nencoding = None   # a value, no comment\n#end";

pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

/// Runs a test with each rclone there is, side by side.
pub(crate) fn with_each(test: impl Fn(Bench) + Sync) {
    thread::scope(|scope| {
        for binary in rclone::both() {
            let test = &test;
            scope.spawn(move || test(Bench::with(&binary)));
        }
    });
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(&rclone::newest())
    }

    pub(crate) fn with(rclone: &Path) -> Self {
        let sandbox = Sandbox::start();
        let home = Home::new(&sandbox, rclone);
        Self { sandbox, home }
    }

    /// A token of rclone's own app, as if just signed in.
    pub(crate) fn token(&self) -> Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    /// `pluton storage add box …`, the token on standard input.
    pub(crate) fn add(&self, token: &Token, args: &[&str]) -> Ran {
        self.add_text(&token.block(), args)
    }

    pub(crate) fn add_text(&self, token: &str, args: &[&str]) -> Ran {
        let all = [&["storage", "add", "box"], args, &["--token-file", "-"]].concat();
        self.home.pluton_with_stdin(&all, token)
    }

    /// The same with `--json`: exit code and document.
    pub(crate) fn add_json(&self, token: &Token, args: &[&str]) -> (i32, Json) {
        let ran = self.add(token, &[args, &["--json"]].concat());
        (ran.code, ran.document())
    }

    /// rclone lists the storage's root; the names it shows.
    #[track_caller]
    pub(crate) fn lists(&self, storage: &str) -> Vec<String> {
        let ran = self.home.rclone(&["lsf", "--dirs-only", &format!("{storage}:")]).ok();
        ran.stdout.lines().map(|line| line.trim_end_matches('/').to_owned()).collect()
    }

    /// An hour passes, and rclone still lists: the refresh token in rclone.conf is the live one.
    #[track_caller]
    pub(crate) fn works_after_an_hour(&self, storage: &str) {
        for _ in 0..2 {
            self.let_an_hour_pass();
            assert_eq!(self.lists(storage).len(), 3);
            assert!(self.sandbox.is_live_refresh(&self.refresh_token(storage)));
        }
    }

    /// Box forgets its access tokens, and in rclone.conf they have expired.
    fn let_an_hour_pass(&self) {
        const EXPIRY: &str = "\"expiry\":\"";
        self.sandbox.expire_access_tokens();
        let text = self.home.config_text();
        let mut parts = text.split(EXPIRY);
        let mut aged = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_, rest) = part.split_once('"').expect("the expiry's end");
            aged.extend([EXPIRY, "2020-02-02T02:02:02Z\"", rest]);
        }
        self.home.write_config(&aged);
    }

    #[track_caller]
    pub(crate) fn refresh_token(&self, storage: &str) -> String {
        let token = self.home.token(storage);
        token["refresh_token"].as_str().unwrap_or_else(|| panic!("a refresh token: {token}")).to_owned()
    }

    /// The only file on disk is rclone.conf, private, in private directories.
    #[track_caller]
    pub(crate) fn leaves_only_rclone_conf(&self) {
        let files = self.home.files();
        assert_eq!(files, [CONF]);
        assert_eq!(self.home.mode(CONF), 0o600);
        assert_eq!(self.home.mode(".config/rclone"), 0o700);
        assert_eq!(self.home.mode(".local/state/pluton/staged"), 0o700);
    }

    /// What is left of staged sections.
    pub(crate) fn staged(&self) -> Vec<String> {
        self.home.files().into_iter().filter(|path| path.contains("/pluton/staged/")).collect()
    }

    /// A run that must fail this way, leave rclone.conf unchanged and nothing staged.
    #[track_caller]
    pub(crate) fn refused(&self, run: impl FnOnce(&Self) -> Ran, exit: i32, code: &str) -> Json {
        let before = self.home.config_text();
        let ran = run(self);
        let document = ran.document();
        assert_eq!((ran.code, document["error"]["code"].as_str()), (exit, Some(code)), "{ran:?}");
        assert_eq!(document["ok"], false);
        assert_eq!(self.home.config_text(), before);
        assert_eq!(self.staged(), Vec::<String>::new());
        document["error"].clone()
    }

    /// Successful token requests with this grant.
    pub(crate) fn grants(&self, grant: &str) -> usize {
        let requests = self.sandbox.requests();
        requests.iter().filter(|r| r.form.get("grant_type").is_some_and(|g| g == grant) && r.status == 200).count()
    }
}

/// A section's keys, sorted.
pub(crate) fn keys(section: &Json) -> Vec<&str> {
    let mut keys: Vec<_> = section.as_object().expect("a section").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The codes of the warnings in a document.
pub(crate) fn warnings(document: &Json) -> Vec<&str> {
    let list = document["warnings"].as_array().expect("warnings");
    list.iter().filter_map(|warning| warning["code"].as_str()).collect()
}
