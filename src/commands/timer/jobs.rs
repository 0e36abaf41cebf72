//! What is there to keep storages renewed: systemd's timers of this user and of the system, crontabs, launchd's agents,
//! as far as they can be read. Files are read for what they run; a script that they call is not.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config;
use crate::process;

/// What runs by itself and names pluton.
struct Job {
    /// Where it stands, in words.
    place: String,
    words: Vec<String>,
    /// Whether it is set to start.
    is_on: bool,
}

pub(crate) struct Jobs {
    found: Vec<Job>,
    /// Where nobody could look.
    pub(crate) unseen: Vec<String>,
}

/// What is known of the renewal of one storage.
pub(crate) enum Kept {
    By(String),
    /// There is something, which is not set to start.
    Off(String),
    Nothing,
}

impl Jobs {
    pub(crate) fn look() -> Self {
        let mut jobs = Self { found: Vec::new(), unseen: Vec::new() };
        let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let user =
            config.or_else(|| home.as_ref().map(|home| home.join(".config"))).map(|dir| dir.join("systemd/user"));
        for (dir, is_user) in user
            .into_iter()
            .map(|dir| (dir, true))
            .chain([(PathBuf::from("/etc/systemd/user"), true), (PathBuf::from("/etc/systemd/system"), false)])
        {
            jobs.units(&dir, is_user);
        }
        jobs.crontab();
        jobs.file(Path::new("/etc/crontab"), true);
        for dir in ["/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily"] {
            jobs.files(Path::new(dir), "");
        }
        if let Some(home) = home {
            jobs.files(&home.join("Library/LaunchAgents"), "plist");
        }
        jobs
    }

    pub(crate) fn of(&self, name: &str, config: &Path) -> Kept {
        let of_it = || self.found.iter().filter(|job| renews(&job.words, name, config));
        match (of_it().find(|job| job.is_on), of_it().next()) {
            (Some(job), _) => Kept::By(job.place.clone()),
            (None, Some(job)) => Kept::Off(job.place.clone()),
            (None, None) => Kept::Nothing,
        }
    }

    fn list(&mut self, dir: &Path) -> Vec<PathBuf> {
        match fs::read_dir(dir) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
            Err(cause) => {
                self.not_seen(dir, &cause);
                Vec::new()
            }
        }
    }

    fn not_seen(&mut self, path: &Path, cause: &std::io::Error) {
        if cause.kind() != ErrorKind::NotFound {
            self.unseen.push(config::shown(path));
        }
    }

    fn read(&mut self, path: &Path) -> Option<String> {
        match fs::read(path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(cause) => {
                self.not_seen(path, &cause);
                None
            }
        }
    }

    fn files(&mut self, dir: &Path, extension: &str) {
        for path in self.list(dir) {
            if path.is_file() && (extension.is_empty() || path.extension().is_some_and(|own| own == extension)) {
                self.file(&path, true);
            }
        }
    }

    fn file(&mut self, path: &Path, is_on: bool) {
        let Some(text) = self.read(path) else { return };
        self.text(&text, &config::shown(path), is_on);
    }

    fn text(&mut self, text: &str, place: &str, is_on: bool) {
        // An agent of launchd has a word in each line.
        let text = if text.contains("<plist") { one_line(text) } else { text.replace("\\\n", " ") };
        for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
            if line.contains("pluton") {
                self.found.push(Job { place: place.to_owned(), words: words(line), is_on });
            }
        }
    }

    fn units(&mut self, dir: &Path, is_user: bool) {
        let entries = self.list(dir);
        let wanted: Vec<String> = entries
            .iter()
            .filter(|path| path.extension().is_some_and(|own| own == "wants"))
            .flat_map(|path| fs::read_dir(path).into_iter().flatten().flatten())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        for path in entries.iter().filter(|path| path.extension().is_some_and(|own| own == "service")) {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let (timer, service) = (format!("{stem}.timer"), format!("{stem}.service"));
            let is_on = wanted.contains(&service) || wanted.contains(&timer) && !(is_user && is_stopped(&timer));
            self.file(path, is_on);
        }
    }

    fn crontab(&mut self) {
        match process::tool("crontab", &["-l"], b"") {
            Ok(ran) if ran.success() => self.text(&ran.stdout, "crontab", true),
            Ok(ran) if ran.stderr.contains("no crontab for") => {}
            Err(cause) if cause.kind() == ErrorKind::NotFound => {}
            Ok(_) | Err(_) => self.unseen.push("crontab -l".to_owned()),
        }
    }
}

/// Only where systemd can be asked, and says so itself.
fn is_stopped(timer: &str) -> bool {
    process::tool("systemctl", &["--user", "is-active", timer], b"")
        .is_ok_and(|ran| ["inactive", "failed"].contains(&ran.stdout.trim()))
}

fn one_line(plist: &str) -> String {
    let text = plist.replace(['\n', '\r'], " ").replace("<string>", " \"").replace("</string>", "\" ");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// As a shell, cron and systemd split it, near enough to find names and paths again.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut is_open) = (Vec::new(), String::new(), None, false);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            ('\\', None | Some('"')) => word.extend(letters.next()),
            (_, Some(open)) if letter == open => quote = None,
            ('\'' | '"', None) => (quote, is_open) = (Some(letter), true),
            (_, None) if letter.is_whitespace() || "=;|&".contains(letter) => {
                words.extend((is_open || !word.is_empty()).then(|| std::mem::take(&mut word)));
                is_open = false;
            }
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.into_iter().map(|word| word.replace("%%", "%").replace("$$", "$")).collect()
}

fn renews(words: &[String], name: &str, config: &Path) -> bool {
    let is_pluton =
        |word: &String| word.trim_start_matches(['-', '@', ':', '+', '!']).rsplit('/').next() == Some("pluton");
    let Some(start) = words.iter().position(is_pluton) else { return false };
    let words = &words[start + 1..];
    let has = |sought: &str| words.iter().any(|word| word == sought);
    let names_it = has(name) || (has("refresh") && has("--all"));
    let file = words.iter().position(|word| word == "--rclone-config").and_then(|at| words.get(at + 1));
    (has("refresh") || has("run")) && names_it && file.is_none_or(|file| Path::new(file) == config)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{renews, words};

    #[test]
    fn what_renews_a_storage_is_told_from_what_does_not() {
        let config = Path::new("/home/a b/rclone.conf");
        for (line, expected) in [
            ("*/20 * * * * /usr/bin/pluton storage refresh --all --rclone-config '/home/a b/rclone.conf'", true),
            ("*/20 * * * * /usr/bin/pluton storage refresh --all --rclone-config /etc/rclone.conf", false),
            ("ExecStart=/usr/bin/pluton storage refresh \"My Box\" --if-within 30m", true),
            ("ExecStart=-/usr/bin/pluton run 'My Box' -- restic backup", true),
            ("ExecStart=/usr/bin/pluton storage refresh Other", false),
            ("ExecStart=/usr/bin/pluton storage refresh \"My Box 2\"", false),
            ("0 3 * * * cd / && pluton storage verify --all", false),
            ("0 3 * * * restic -r 'rclone:My Box:' backup /opt/pluton", false),
        ] {
            assert_eq!(renews(&words(line), "My Box", config), expected, "{line}");
        }
    }
}
