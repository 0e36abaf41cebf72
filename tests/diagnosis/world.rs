//! What each case here starts with: a Box, a home and storages. A failure here must save nothing, use up no token and
//! show none.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Child;
use std::time::{Duration, SystemTime};

use box_sandbox::{App, Fault, RCLONE_CLIENT_ID, Sandbox, Token};

use crate::normalize::normal;
use crate::support::{Home, Ran, interrupt};

pub(crate) const LISTING: &str = "/2.0/folders/";
pub(crate) const TOKEN: &str = "/api/oauth2/token";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) home: Home,
    json: bool,
    /// What is random, and the word that stands for it in the golden text.
    names: Vec<(String, &'static str)>,
}

impl World {
    pub(crate) fn new(sandbox: Sandbox, rclone: &Path, json: bool) -> Self {
        let home = Home::new(&sandbox, rclone);
        let names = vec![
            (home.path().display().to_string(), "HOME"),
            (sandbox.ca_file().display().to_string(), "CA"),
            (rclone.display().to_string(), "RCLONE"),
        ];
        Self { sandbox, home, json, names }
    }

    pub(crate) fn normal(&self, text: &str) -> String {
        normal(text, &self.names)
    }

    /// `random` is shown as `word`.
    pub(crate) fn name(&mut self, random: &str, word: &'static str) {
        self.names.push((random.to_owned(), word));
    }

    pub(crate) fn pluton(&self, args: &[&str]) -> Ran {
        self.pluton_with_stdin(args, "")
    }

    fn pluton_with_stdin(&self, args: &[&str], stdin: &str) -> Ran {
        let before = self.home.config_text();
        let ran = self.home.pluton_with_stdin(&self.args(args), stdin);
        if args.starts_with(&["storage", "add"]) {
            self.nothing_is_saved(&before, &ran);
        }
        ran
    }

    /// An `add` that failed leaves rclone.conf as it was, and nothing else but a renewed token that it speaks of.
    #[track_caller]
    fn nothing_is_saved(&self, before: &str, ran: &Ran) {
        assert_eq!(self.home.config_text(), before, "{ran:?}");
        let is_staged = self.home.files().iter().any(|file| file.contains("/pluton/staged/"));
        assert!(!is_staged || ran.stdout.contains("kept") || ran.stderr.contains("kept"), "{ran:?}");
    }

    fn args<'a>(&self, args: &[&'a str]) -> Vec<&'a str> {
        let json: &[&str] = if self.json { &["--json"] } else { &[] };
        [args, json].concat()
    }

    /// A token of rclone's own app, as if just signed in.
    pub(crate) fn token(&self) -> Token {
        self.sandbox.mint(RCLONE_CLIENT_ID)
    }

    /// An OAuth app with a name in the golden text.
    pub(crate) fn own_app(&mut self) -> App {
        let app = self.sandbox.own_app();
        self.name(&app.client_id, "CLIENT_ID");
        app
    }

    /// `pluton storage add box work …`, the token on standard input.
    pub(crate) fn add(&self, token: &Token, args: &[&str]) -> Ran {
        let is_live = || self.sandbox.is_live_refresh(&token.refresh);
        let was_live = is_live();
        let args = [&["storage", "add", "box", "work", "--token-file", "-"], args].concat();
        let ran = self.pluton_with_stdin(&args, &token.block()).keeps(&[&token.access, &token.refresh]);
        assert!(is_live() || !was_live, "it was used up: {ran:?}");
        ran
    }

    /// The same without a renewal first, so that what is listed fails.
    pub(crate) fn list(&self, args: &[&str]) -> Ran {
        self.add(&self.token(), &[&["--no-refresh-check"], args].concat())
    }

    /// The same through an app of one's own.
    pub(crate) fn add_own(&self, token: &Token, id: &str, secret: &str, args: &[&str]) -> Ran {
        let file = self.home.file("secret", secret);
        let ran = self.add(token, &[&["--client-id", id, "--client-secret-file", &file], args].concat());
        ran.keeps(&[secret])
    }

    /// Saves a storage called work with these lines, as another program would have.
    pub(crate) fn save(&self, lines: &str) {
        self.home.write_config(&format!("[work]\ntype = box\n{lines}\n"));
    }

    /// `pluton storage verify work`, once these lines are saved.
    pub(crate) fn verify(&self, lines: &str) -> Ran {
        self.save(lines);
        self.pluton(&["storage", "verify", "work"])
    }

    /// Listings are answered with this error of Box's.
    pub(crate) fn box_says(&self, status: u16, code: &str, message: &str) {
        self.sandbox.fault(error_of_box("GET", LISTING, status, code, message));
    }

    /// `pluton storage add box work --authorize --no-browser …`; `browse` is what happens in the browser.
    pub(crate) fn authorize(&self, args: &[&str], browse: impl Fn(&str)) -> Ran {
        let args = self.args(&[&["storage", "add", "box", "work", "--authorize"], args].concat());
        let mut child = Guarded(self.home.start(&args));
        let mut errors = BufReader::new(child.0.stderr.take().expect("a pipe"));
        let mut results = child.0.stdout.take().expect("a pipe");
        let mut said = String::new();
        while errors.read_line(&mut said).expect("pluton's words") > 0 {
            if let Some(at) = said.find("http://127.0.0.1:53682/auth?") {
                let link = said[at..].trim().to_owned();
                // The link is new each time, and the text around it is not what this is about.
                browse(&link);
                said = said.replace(&link, "LINK");
            }
        }
        let mut stdout = String::new();
        results.read_to_string(&mut stdout).expect("text");
        let status = child.0.wait().expect("pluton ends");
        let ran = Ran { code: status.code().unwrap_or(-1), stdout, stderr: said };
        self.nothing_is_saved("", &ran);
        ran
    }
}

/// A child that waits on the browser's port: a test that fails must not leave it there.
pub(crate) struct Guarded(pub(crate) Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        // Asked to end, since pluton takes its own child with it.
        if matches!(self.0.try_wait(), Ok(None)) {
            interrupt(&self.0);
        }
        let _ = self.0.wait();
    }
}

/// A token whose access token ended `ago`.
pub(crate) fn aged(mut token: Token, ago: Duration) -> Token {
    token.expires_at = SystemTime::now() - ago;
    token
}

pub(crate) fn error_of_box(method: &str, path: &str, status: u16, code: &str, message: &str) -> Fault {
    let body = format!(r#"{{"type":"error","status":{status},"code":"{code}","message":"{message}"}}"#);
    Fault::on(method, path).status(status).body(&body).header("Content-Type", "application/json")
}
