//! The setup of an interactive test: a Box, a machine with rclone, and the questions that are asked there.

use std::path::Path;
use std::process::Command;

use box_sandbox::{RCLONE_CLIENT_ID, Sandbox, Token, rclone};

use super::session::Session;
use super::{Home, PLUTON};

pub(crate) const NAME: &str = "Storage name [Box]: ";
pub(crate) const SIGN_IN: &str = "Sign in with\n";
pub(crate) const BROWSER: &str = "Is there a browser on this machine?\n";
pub(crate) const PASTE: &str = "Paste everything it prints here (it stays hidden): ";
pub(crate) const ADVANCED: &str = "Advanced options (root folder, upload cutoff …)? [y/N] ";
pub(crate) const CLIENT_ID: &str = "Client ID: ";
pub(crate) const CLIENT_SECRET: &str = "Client secret (it stays hidden): ";
pub(crate) const OPTIONS: &str = "Options\n";
pub(crate) const WHAT_NOW: &str = "What now?\n";

pub(crate) struct Desk {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
}

impl Desk {
    /// In front of a machine without a display.
    pub(crate) fn new() -> Self {
        Self::with(&rclone::newest())
    }

    /// The same with another rclone.
    pub(crate) fn with(rclone: &Path) -> Self {
        let sandbox = Sandbox::start();
        let mut home = Home::new(&sandbox, rclone);
        home.set("TERM", "xterm-256color");
        Self { sandbox, home }
    }

    /// `pluton storage add box`, with these arguments after it.
    pub(crate) fn add(&self, args: &[&str]) -> Session {
        self.add_in(args, 100)
    }

    pub(crate) fn add_in(&self, args: &[&str], columns: u16) -> Session {
        Session::start(self.command(args).into(), columns)
    }

    /// pluton with these arguments in a window of this width.
    pub(crate) fn pluton(&self, args: &[&str], columns: u16) -> Session {
        let mut command = self.home.command(PLUTON);
        command.args(args);
        Session::start(command.into(), columns)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(PLUTON);
        command.args(["storage", "add", "box"]).args(args);
        command
    }

    /// Answers all that comes before the token of a quick connect.
    pub(crate) fn comes_to_the_paste(&self) -> Session {
        let mut session = self.add(&["Box"]);
        session.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No").sees(PASTE);
        session
    }

    /// A token of rclone's own app.
    pub(crate) fn token(&self) -> Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    /// Whether the token in rclone.conf is one that Box still renews.
    #[track_caller]
    pub(crate) fn holds_a_live_token(&self, storage: &str) {
        let token = self.home.token(storage);
        let refresh = token["refresh_token"].as_str().expect("a refresh token");
        assert!(self.sandbox.is_live_refresh(refresh), "the saved token is spent");
    }

    /// What pluton keeps outside of rclone.conf.
    pub(crate) fn staged(&self) -> Vec<String> {
        self.home.files().into_iter().filter(|file| file.contains("/staged/")).collect()
    }

    /// Whether a section outside of rclone.conf holds a token that Box still renews.
    pub(crate) fn keeps_a_live_token(&self) -> bool {
        let kept = self.staged().into_iter().filter(|file| file.ends_with("rclone.conf"));
        kept.filter_map(|file| std::fs::read_to_string(self.home.path().join(file)).ok()).any(|text| {
            let refresh = text.split("\"refresh_token\":\"").nth(1).and_then(|rest| rest.split('"').next());
            refresh.is_some_and(|refresh| self.sandbox.is_live_refresh(refresh))
        })
    }
}
