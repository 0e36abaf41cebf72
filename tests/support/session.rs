//! A person at a terminal: sends keys, waits for text, and reads what the screen shows.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::blocking::{Command, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};

use super::{Args, Machine, PLUTON};

/// Far longer than anything here takes; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// More than pluton gives rclone to end.
const LAST_WORDS: Duration = Duration::from_secs(5);

const ROWS: u16 = 120;

pub(crate) const ENTER: &str = "\r";
pub(crate) const DOWN: &str = "\u{1b}[B";
pub(crate) const CTRL_C: &str = "\u{3}";

pub(crate) const NAME: &str = "Storage name [Box]: ";
pub(crate) const SIGN_IN: &str = "Sign in with\n";
pub(crate) const BROWSER: &str = "Is there a browser on this machine?\n";
pub(crate) const PASTE: &str = "Paste everything it prints here (it stays hidden): ";
pub(crate) const ADVANCED: &str = "Advanced options (root folder, upload cutoff …)? [y/N] ";
pub(crate) const CLIENT_ID: &str = "Client ID: ";
pub(crate) const CLIENT_SECRET: &str = "Client secret (it stays hidden): ";
pub(crate) const OPTIONS: &str = "Options\n";
pub(crate) const WHAT_NOW: &str = "What now?\n";

pub(crate) struct Session {
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    /// All that pluton wrote, escape codes and all.
    raw: Vec<u8>,
    /// How much of its output was expected so far.
    read: usize,
    columns: u16,
}

/// What is left when pluton has ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) raw: Vec<u8>,
    /// The screen as text, each row without the blanks at its end.
    pub(crate) screen: String,
    pub(crate) cursor_is_hidden: bool,
    /// Whether the terminal shows what is typed, reads lines, and turns Ctrl-C into a signal.
    pub(crate) modes: (bool, bool, bool),
}

impl Machine {
    /// pluton in a terminal of 100 columns.
    pub(crate) fn session(&self, args: impl Args) -> Session {
        self.session_in(100, args)
    }

    pub(crate) fn session_in(&self, columns: u16, args: impl Args) -> Session {
        let mut command = self.command(PLUTON);
        command.args(args.list());
        Session::start(command.into(), columns)
    }

    /// `pluton storage add box ARGS` in a terminal.
    pub(crate) fn asks(&self, args: impl Args) -> Session {
        self.session("storage add box".and(args))
    }

    /// A quick connect of `Box`, up to its token.
    pub(crate) fn comes_to_the_paste(&self) -> Session {
        let mut session = self.asks("Box");
        session.comes_to_the_paste();
        session
    }
}

impl Session {
    /// Starts a program in a terminal of this many columns, and of more rows than anything here fills.
    pub(crate) fn start(command: Command, columns: u16) -> Self {
        let (pty, pts) = open().expect("a pseudo-terminal");
        pty.resize(pty_process::Size::new(ROWS, columns)).expect("a size");
        let child = command.spawn(pts).expect("pluton starts");
        let terminal = File::from(OwnedFd::from(pty));
        let reader = terminal.try_clone().expect("a second handle");
        Self { child, terminal, output: chunks(reader), raw: Vec::new(), read: 0, columns }
    }

    /// Waits until pluton has written `words`, after what was waited for before.
    #[track_caller]
    pub(crate) fn sees(&mut self, words: &str) -> &mut Self {
        let since = Instant::now();
        loop {
            let plain = self.plain();
            if let Some(at) = plain[self.read..].find(words) {
                self.read += at + words.len();
                return self;
            }
            match self.output.recv_timeout(PATIENCE.saturating_sub(since.elapsed())) {
                Ok(chunk) => self.raw.extend(chunk),
                Err(why) => {
                    let ended = matches!(why, RecvTimeoutError::Disconnected);
                    let how = if ended { "pluton ended" } else { "nothing more came" };
                    panic!(
                        "{how} before {words:?}. It wrote:\n{}\n[and after the last match: {:?}]",
                        plain,
                        &plain[self.read..]
                    );
                }
            }
        }
    }

    /// What the screen shows once nothing more has come for a moment.
    pub(crate) fn screen(&mut self) -> String {
        while let Ok(chunk) = self.output.recv_timeout(Duration::from_millis(50)) {
            self.raw.extend(chunk);
        }
        self.render().screen().contents()
    }

    fn render(&self) -> vt100::Parser {
        let side = |length| NonZeroU16::new(length).expect("a side");
        let mut parser = vt100::Parser::new(side(ROWS), side(self.columns), 0);
        parser.process(&self.raw);
        parser
    }

    pub(crate) fn types(&mut self, keys: &str) -> &mut Self {
        self.terminal.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self
    }

    /// Waits for a question and answers it.
    #[track_caller]
    pub(crate) fn answers(&mut self, question: &str, answer: &str) -> &mut Self {
        self.sees(question).types(answer).types(ENTER)
    }

    /// Waits for a list and chooses the item that begins so.
    #[track_caller]
    pub(crate) fn chooses(&mut self, list: &str, item: &str) -> &mut Self {
        self.sees(list);
        for _ in 0..40 {
            // The mark stands before the present item, each time the list is drawn.
            let begin = self.sees("> ").read;
            let end = self.sees("\n").read;
            if self.plain()[begin..end].starts_with(item) {
                return self.types(ENTER);
            }
            self.types(DOWN);
        }
        panic!("{item:?} is not in the list:\n{}", self.plain());
    }

    /// Answers all that comes before the token of a quick connect.
    #[track_caller]
    pub(crate) fn comes_to_the_paste(&mut self) -> &mut Self {
        self.chooses(SIGN_IN, "Quick connect").chooses(BROWSER, "No").sees(PASTE)
    }

    /// Chooses an option in the menu and answers its question.
    #[track_caller]
    pub(crate) fn sets(&mut self, option: &str, answer: &str) -> &mut Self {
        self.chooses("Options\n", option).sees(&format!("\n{option} [")).answers("]: ", answer)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("it runs");
    }

    /// All words so far, without escape codes and carriage returns.
    pub(crate) fn plain(&self) -> String {
        String::from_utf8_lossy(&anstream::adapter::strip_bytes(&self.raw).into_vec()).replace('\r', "")
    }

    /// The same with escape codes.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Waits for the line that begins so, and returns the rest of it.
    #[track_caller]
    pub(crate) fn reads(&mut self, beginning: &str) -> String {
        let begin = self.sees(beginning).read;
        let end = self.sees("\n").read;
        self.plain()[begin..end].trim().to_owned()
    }

    /// Waits for pluton to end by itself.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Ended {
        let since = Instant::now();
        loop {
            match self.output.recv_timeout(PATIENCE.saturating_sub(since.elapsed())) {
                Ok(chunk) => self.raw.extend(chunk),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("pluton does not end. It wrote:\n{}", self.plain()),
            }
        }
        let status = self.child.wait().expect("pluton ended");
        let modes = tcgetattr(&self.terminal).expect("modes").local_modes;
        let has = |mode| modes.contains(mode);
        let parser = self.render();
        Ended {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            raw: std::mem::take(&mut self.raw),
            screen: parser.screen().contents(),
            cursor_is_hidden: parser.screen().hide_cursor(),
            modes: (has(LocalModes::ECHO), has(LocalModes::ICANON), has(LocalModes::ISIG)),
        }
    }
}

/// A failing test must leave no pluton waiting for keys, and no rclone on its port: the terminal goes away, and pluton ends
/// its rclone.
impl Drop for Session {
    fn drop(&mut self) {
        let since = Instant::now();
        if let Ok(None) = self.child.try_wait() {
            let _ = kill_process(Pid::from_child(&self.child), Signal::HUP);
        }
        while let Ok(None) = self.child.try_wait()
            && since.elapsed() < LAST_WORDS
        {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the terminal's output until nobody has its other end open.
fn chunks(mut terminal: File) -> Receiver<Vec<u8>> {
    let (sender, output) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    output
}

impl Ended {
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.screen);
        self.leaves_the_terminal_right()
    }

    #[track_caller]
    pub(crate) fn shows(self, words: &str) -> Self {
        assert!(self.screen.contains(words), "no {words:?} on the screen:\n{}", self.screen);
        self
    }

    #[track_caller]
    pub(crate) fn lacks(self, words: &str) -> Self {
        assert!(!self.screen.contains(words), "{words:?} is on the screen:\n{}", self.screen);
        self
    }

    #[track_caller]
    fn leaves_the_terminal_right(self) -> Self {
        assert_eq!(self.modes, (true, true, true), "echo, lines, signals; after\n{}", self.screen);
        assert!(!self.cursor_is_hidden, "the cursor is hidden after\n{}", self.screen);
        self
    }

    /// Not even the beginning of a secret was ever written to the terminal.
    #[track_caller]
    pub(crate) fn never_showed(self, secret: &str) -> Self {
        let beginning = secret.get(..12).unwrap_or(secret);
        let raw = String::from_utf8_lossy(&self.raw);
        assert!(!raw.contains(beginning), "a secret was shown:\n{raw}");
        self
    }
}
