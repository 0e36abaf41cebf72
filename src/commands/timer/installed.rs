//! Finds installed timers that renew storages: systemd's timers of this user and of the system, crontabs and launchd's
//! agents, as far as they can be read. Files are searched for commands; a script that they call is not read. Changes
//! nothing.

use std::env;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::config;
use crate::process;

/// What runs by itself and calls pluton.
pub(crate) struct Job {
    /// The file that contains it, as people write its path.
    pub(crate) place: String,
    words: Vec<String>,
    /// Whether it is set to start.
    pub(crate) is_on: bool,
}

#[derive(Default)]
pub(crate) struct Installed {
    jobs: Vec<Job>,
    /// What could not be read.
    pub(crate) unreadable: Vec<String>,
}

/// This user's crontab, which may be empty.
///
/// # Errors
/// If there is no cron, or this user may not use it.
pub(super) fn crontab() -> io::Result<String> {
    let ran = process::tool("crontab", &["-l"], b"")?;
    if ran.success() || ran.stderr.contains("no crontab for") {
        return Ok(ran.stdout);
    }
    Err(io::Error::other(ran.stderr))
}

impl Installed {
    pub(crate) fn find() -> Self {
        let mut found = Self::default();
        let dir = |name| env::var_os(name).filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let home = dir("HOME").unwrap_or_else(|| "/".into());
        let config = dir("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        found.units(&config.join("systemd/user"), true);
        found.units(Path::new("/etc/systemd/user"), true);
        found.units(Path::new("/etc/systemd/system"), false);
        if let Some(text) = found.readable(Path::new("crontab -l"), crontab()) {
            found.text(&text, "crontab", true);
        }
        found.file(Path::new("/etc/crontab"), true);
        let dirs = ["/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily"].map(PathBuf::from);
        for dir in dirs.into_iter().chain([home.join("Library/LaunchAgents")]) {
            for path in found.list(&dir).into_iter().filter(|path| path.is_file()) {
                found.file(&path, true);
            }
        }
        found
    }

    /// What renews the storage `name` of the rclone.conf `config`, or would if it were set to start.
    pub(crate) fn renewal(&self, name: &str, config: &Path) -> Option<&Job> {
        self.jobs.iter().filter(|job| renews(&job.words, name, config)).min_by_key(|job| !job.is_on)
    }

    /// systemd services, which are started by a link to them or to the timer of the same name.
    fn units(&mut self, dir: &Path, is_user: bool) {
        let (mut services, mut started) = (Vec::new(), Vec::new());
        for path in self.list(dir) {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("wants") => started.extend(self.list(&path).iter().filter_map(|link| file_name(link))),
                Some("service") => services.push(path),
                _ => {}
            }
        }
        for service in services {
            let timer = file_name(&service.with_extension("timer")).unwrap_or_default();
            let is_on = file_name(&service).is_some_and(|name| started.contains(&name))
                || started.contains(&timer) && !(is_user && is_stopped(&timer));
            self.file(&service, is_on);
        }
    }

    fn file(&mut self, path: &Path, is_on: bool) {
        if let Some(bytes) = self.readable(path, fs::read(path)) {
            self.text(&String::from_utf8_lossy(&bytes), &config::shown(path), is_on);
        }
    }

    fn text(&mut self, text: &str, place: &str, is_on: bool) {
        // A launchd agent has each word on a separate line.
        let text = if text.contains("<plist") { one_line(text) } else { text.replace("\\\n", " ") };
        for line in text.lines().filter(|line| line.contains("pluton") && !line.trim_start().starts_with(';')) {
            self.jobs.push(Job { place: place.to_owned(), words: words(line), is_on });
        }
    }

    fn list(&mut self, dir: &Path) -> Vec<PathBuf> {
        let entries = self.readable(dir, fs::read_dir(dir));
        entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
    }

    fn readable<T>(&mut self, path: &Path, read: io::Result<T>) -> Option<T> {
        if read.as_ref().is_err_and(|cause| cause.kind() != ErrorKind::NotFound) {
            self.unreadable.push(config::shown(path));
        }
        read.ok()
    }
}

fn file_name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_string_lossy().into_owned())
}

/// Whether systemd says that the timer is not running; false if systemd cannot be asked.
fn is_stopped(timer: &str) -> bool {
    process::tool("systemctl", &["--user", "is-active", timer], b"")
        .is_ok_and(|ran| ["inactive", "failed"].contains(&ran.stdout.trim()))
}

fn one_line(plist: &str) -> String {
    let text = plist.replace(['\n', '\r'], " ").replace("<string>", " \"").replace("</string>", "\" ");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// As a shell splits it, without its comments; systemd doubles % and $.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(line).unwrap_or_default();
    words.into_iter().map(|word| word.replace("%%", "%").replace("$$", "$")).collect()
}

fn renews(words: &[String], name: &str, config: &Path) -> bool {
    // systemd's ExecStart= may begin with one of these signs.
    let program = |word: &str| {
        word.rsplit(['/', '=']).next().map(|name| name.trim_start_matches(['-', '@', ':', '+', '!']).to_owned())
    };
    let Some(start) = words.iter().position(|word| program(word).as_deref() == Some("pluton")) else { return false };
    let words = &words[start + 1..];
    let has = |sought: &str| words.iter().any(|word| word == sought);
    let file = words.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("--rclone-config")? {
        "" => words.get(at + 1).map(String::as_str),
        value => value.strip_prefix('='),
    });
    let names_it = has(name) && (has("refresh") || has("run")) || has("refresh") && has("--all");
    names_it && file.is_none_or(|file| Path::new(file) == config)
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
            ("*/20 * * * * /usr/bin/pluton storage refresh --all --rclone-config=/etc/rclone.conf", false),
            ("# */20 * * * * /usr/bin/pluton storage refresh --all", false),
            ("ExecStart=/usr/bin/pluton storage refresh \"My Box\" --if-within 30m", true),
            ("ExecStart=-/usr/bin/pluton run 'My Box' -- restic backup", true),
            ("ExecStart=-pluton run 'My Box' -- restic backup", true),
            ("ExecStart=/usr/bin/my-pluton run 'My Box' -- restic backup", false),
            ("ExecStart=/usr/bin/pluton storage refresh Other", false),
            ("ExecStart=/usr/bin/pluton storage refresh \"My Box 2\"", false),
            ("0 3 * * * cd / && pluton storage verify --all", false),
            ("0 3 * * * restic -r 'rclone:My Box:' backup /opt/pluton", false),
        ] {
            assert_eq!(renews(&words(line), "My Box", config), expected, "{line}");
        }
    }
}
