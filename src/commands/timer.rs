//! Timers that call `pluton storage refresh`: one job, rendered for systemd, cron or launchd, and installed on request.
//! A timer runs with almost no environment, so the job contains the flags and variables of this run, but no secret.
//! Also finds the timers of this user and of the system, as far as they can be read. Files are searched for commands; a
//! script that they call is not read.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use super::pick;
use crate::cli::{Refresh, TimerKind};
use crate::config::{self, ConfigFile};
use crate::context::Context;
use crate::error::{Code, Error, Result};
use crate::process::{self, Outcome as Ran};
use crate::storage::sign_in::Renewer;
use crate::ui::prompt;
use crate::ui::report::{Outcome, Saved, Timer, Warning, failure_text};

/// A third of an access token's lifetime: one missed run does no harm.
const EVERY_MINUTES: u32 = 20;
const IF_WITHIN: Duration = Duration::from_secs(30 * 60);

/// The variables that decide which files and which network are used. None is a secret.
const CARRIED: [&str; 14] = [
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "RCLONE_CA_CERT",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

const NO_PASSWORD: &str = "RCLONE_CONFIG_PASS, which is a secret: pass a command that prints the password with --password-command, for example \
     `systemd-creds cat NAME` beside LoadCredentialEncrypted=";

/// What `--print-timer` prints.
pub(super) fn text(context: &Context, flags: &Refresh, kind: TimerKind) -> Result<String> {
    let job = Job::new(context, Some(flags))?;
    if lacks_password(context) {
        context.terminal.warn(&format!("the timer does not contain {NO_PASSWORD}"));
    }
    Ok(job.render(kind))
}

/// Installs a timer for a storage that rclone cannot renew, if wanted. The storage stays saved whatever happens here.
pub(super) fn keep(context: &Context, file: &ConfigFile, is_wanted: bool, saved: &mut Saved) {
    const QUESTION: &str = "Its sign-in expires after 60 minutes. Install a timer now that renews it every 20 minutes?";
    let may_ask = is_wanted || context.terminal.asks;
    if !may_ask || saved.renewer != Renewer::Pluton || saved.outcome == Outcome::DryRun {
        return;
    }
    let installed = Installed::find();
    let timer = match installed.renewal(&saved.storage.name, file.path()).filter(|job| job.is_on) {
        Some(job) => Ok(Timer { place: job.place.clone(), installed: false, remove: None }),
        None => match kind_here() {
            None if is_wanted => {
                Err(Error::new(Code::Unknown, "neither `systemctl --user` nor crontab can be used here").hint_command(
                    "install a timer yourself, from what this prints",
                    "pluton storage refresh --print-timer systemd|cron|launchd",
                ))
            }
            Some(kind) if is_wanted || prompt::yes_or_leave(QUESTION) => install(context, kind),
            _ => return,
        },
    };
    match timer {
        Ok(timer) => {
            saved.timer = Some(timer);
            saved.warnings.retain(|warning| warning.code != "needs_renewal");
        }
        Err(error) => saved.warnings.push(Warning {
            code: "timer_not_installed",
            message: format!("no timer was installed: {}", failure_text(&error)),
        }),
    }
}

fn kind_here() -> Option<TimerKind> {
    if cfg!(target_os = "macos") {
        return None;
    }
    if process::tool("systemctl", &["--user", "show-environment"], b"").is_ok_and(|ran| ran.success()) {
        return Some(TimerKind::Systemd);
    }
    crontab().is_ok().then_some(TimerKind::Cron)
}

fn install(context: &Context, kind: TimerKind) -> Result<Timer> {
    if lacks_password(context) {
        let message = format!("a timer cannot contain {NO_PASSWORD}");
        return Err(Error::new(Code::InputRequired, message));
    }
    let timer = Job::new(context, None)?.render(kind);
    if kind == TimerKind::Systemd {
        // It is for another rclone.conf, or it would have been found to renew this storage.
        if process::tool("systemctl", &["--user", "cat", "pluton-refresh.service"], b"").is_ok_and(|ran| ran.success())
        {
            return Err(Error::new(
                Code::ConfigConflict,
                "pluton-refresh.timer already exists, for another rclone.conf",
            )
            .hint_command("print the timer for this storage", "pluton storage refresh --print-timer systemd"));
        }
        check("sh", process::tool("sh", &["-s"], timer.as_bytes()))?;
        let remove = "systemctl --user disable --now pluton-refresh.timer";
        return Ok(Timer { place: "pluton-refresh.timer of systemd".into(), installed: true, remove: Some(remove) });
    }
    let before = crontab().unwrap_or_default();
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    check("crontab", process::tool("crontab", &["-"], format!("{before}{gap}{timer}").as_bytes()))?;
    Ok(Timer { place: "crontab".into(), installed: true, remove: Some("crontab -e") })
}

fn check(program: &str, ran: std::io::Result<Ran>) -> Result<()> {
    match ran.with_context(|| format!("{program} failed"))? {
        ran if ran.success() => Ok(()),
        ran => Err(Error::new(Code::Unknown, format!("{program} failed: {}", ran.stderr.trim()))),
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn lacks_password(context: &Context) -> bool {
    variable("RCLONE_CONFIG_PASS").is_some() && context.password_command().is_none()
}

/// What is run every [`EVERY_MINUTES`], and the variables around it.
struct Job {
    words: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    /// For what the flags say, or else for all storages.
    fn new(context: &Context, flags: Option<&Refresh>) -> Result<Self> {
        let pluton = env::current_exe().context("cannot find the path of the pluton program")?;
        let file = context.config_file()?;
        let mut words = vec![path(&pluton)?, "storage".into(), "refresh".into()];
        match flags {
            Some(Refresh { which, .. }) if !which.names.is_empty() => {
                words.extend(pick::some_or_all(context, &file, which, "refresh")?);
            }
            _ => words.push("--all".into()),
        }
        let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
        let short = |limit: Duration| humantime::format_duration(limit).to_string().replace(' ', "");
        flag("--if-within", short(flags.and_then(|flags| flags.if_within).unwrap_or(IF_WITHIN)));
        if let Some(flags) = flags {
            flag("--wait", short(flags.wait));
        }
        if let Some(limit) = flags.and_then(|flags| flags.timeout) {
            flag("--timeout", short(limit));
        }
        flag("--rclone", path(context.rclone(None)?.program())?);
        flag("--rclone-config", path(file.path())?);
        let command = context.password_command();
        if let Some(command) = command {
            flag("--password-command", command.to_owned());
        }
        words.extend(["--no-input", "--quiet"].map(str::to_owned));
        let words = words.iter().map(|word| carried("the timer's command", word.as_ref())).collect::<Result<_>>()?;
        // PATH goes along, so that a command without a path is found as it is now.
        let names = CARRIED.into_iter().chain(command.map(|_| "PATH"));
        let variables = names.filter_map(|name| Some((name, variable(name)?)));
        let variables = variables.map(|(name, value)| Ok((name, carried(name, &value)?))).collect::<Result<_>>()?;
        Ok(Self { words, variables })
    }

    fn render(&self, kind: TimerKind) -> String {
        let variables = |line: fn(&(&str, String)) -> String| self.variables.iter().map(line).collect::<String>();
        let command =
            |quoted: fn(&str) -> String| self.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        match kind {
            // A shell script, since two files are needed.
            TimerKind::Systemd => {
                let mut environment = variables(|(name, value)| {
                    format!("Environment=\"{name}={}\"\n", in_quotes(value).replace('%', "%%"))
                });
                if variable("RCLONE_CONFIG_PASS").is_some() {
                    environment.extend(["# Not here: ", NO_PASSWORD, ".\n"]);
                }
                include_str!("timer/systemd.sh")
                    .replace("@MINUTES@", &EVERY_MINUTES.to_string())
                    .replace("@ENVIRONMENT@", &environment)
                    .replace("@COMMAND@", &command(for_systemd))
            }
            TimerKind::Cron => {
                let variables = variables(variable_of_cron);
                let note =
                    if variables.is_empty() { "" } else { "# These variables apply to every line below them.\n" };
                format!("{note}{variables}*/{EVERY_MINUTES} * * * * {}\n", command(for_cron))
            }
            TimerKind::Launchd => {
                let words = self.words.iter().map(|word| format!("    <string>{}</string>\n", for_xml(word)));
                let variables =
                    variables(|(name, value)| format!("    <key>{name}</key><string>{}</string>\n", for_xml(value)));
                include_str!("timer/launchd.plist")
                    .replace("@SECONDS@", &(EVERY_MINUTES * 60).to_string())
                    .replace("@ARGUMENTS@", &words.collect::<String>())
                    .replace("@ENVIRONMENT@", &variables)
            }
        }
    }
}

fn path(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    carried(&path.display().to_string(), path.as_os_str())
}

/// `text` if it can be in a timer, where a line break would start another directive.
fn carried(what: &str, text: &OsStr) -> Result<String> {
    let why = match text.to_str() {
        None => "a character that is not UTF-8",
        Some(text) if text.contains(char::is_control) => "a line break or another control character",
        Some(text) => return Ok(text.to_owned()),
    };
    Err(Error::new(Code::InvalidValue, format!("{what} cannot be part of a timer: it contains {why}"))
        .hint("give the file or directory another name, or unset the variable"))
}

/// systemd expands % and $, and treats backslashes as escapes.
fn for_systemd(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if quoted(&word) == word { word } else { format!("\"{}\"", in_quotes(&word)) }
}

fn in_quotes(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"")
}

/// cron treats % as a line break, quoted or not.
fn for_cron(word: &str) -> String {
    quoted(word).replace('%', "\\%")
}

/// cron cuts spaces and quotes at the ends of a value. It sets HOME itself, and other lines may need it as it is.
fn variable_of_cron((name, value): &(&str, String)) -> String {
    let is_cut = value.starts_with([' ', '"', '\'']) || value.ends_with(' ');
    let quote = match is_cut {
        false => "",
        true if value.contains('"') => "'",
        true => "\"",
    };
    if *name == "HOME" { String::new() } else { format!("{name}={quote}{value}{quote}\n") }
}

fn for_xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// As a shell needs it.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).unwrap_or_default().into_owned()
}

/// What runs by itself and calls pluton.
pub(super) struct Found {
    /// The file that contains it, as people write its path.
    pub(super) place: String,
    words: Vec<String>,
    /// Whether it is set to start.
    pub(super) is_on: bool,
}

#[derive(Default)]
pub(super) struct Installed {
    found: Vec<Found>,
    /// What could not be read.
    pub(super) unreadable: Vec<String>,
}

/// This user's crontab, which may be empty.
///
/// # Errors
/// If there is no cron, or this user may not use it.
fn crontab() -> io::Result<String> {
    let ran = process::tool("crontab", &["-l"], b"")?;
    if ran.success() || ran.stderr.contains("no crontab for") {
        return Ok(ran.stdout);
    }
    Err(io::Error::other(ran.stderr))
}

impl Installed {
    pub(super) fn find() -> Self {
        let mut found = Self::default();
        let home = variable("HOME").map_or_else(|| "/".into(), PathBuf::from);
        let config = variable("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
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
    pub(super) fn renewal(&self, name: &str, config: &Path) -> Option<&Found> {
        self.found.iter().filter(|job| renews(&job.words, name, config)).min_by_key(|job| !job.is_on)
    }

    /// systemd services, which are started by a link to them or to the timer of the same name.
    fn units(&mut self, dir: &Path, is_user: bool) {
        let (mut services, mut started) = (Vec::new(), Vec::new());
        for path in self.list(dir) {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("wants") => started.extend(self.list(&path)),
                Some("service") => services.push(path),
                _ => {}
            }
        }
        let is_linked = |unit: &Path| started.iter().any(|link| link.file_name() == unit.file_name());
        for service in services {
            let timer = service.with_extension("timer");
            let is_on = is_linked(&service) || is_linked(&timer) && !(is_user && is_stopped(&timer));
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
            self.found.push(Found { place: place.to_owned(), words: words(line), is_on });
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

/// Whether systemd says that the timer is not running; false if systemd cannot be asked.
fn is_stopped(timer: &Path) -> bool {
    let name = timer.file_name().unwrap_or_default().to_string_lossy();
    process::tool("systemctl", &["--user", "is-active", &name], b"")
        .is_ok_and(|ran| ["inactive", "failed"].contains(&ran.stdout.trim()))
}

fn one_line(plist: &str) -> String {
    let text = plist.replace(['\n', '\r'], " ").replace("<string>", " \"").replace("</string>", "\" ");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// As a shell splits it, without its comments; systemd doubles % and $, and cron has a backslash before %.
fn words(line: &str) -> Vec<String> {
    let words = shlex::split(&line.replace("\\%", "%")).unwrap_or_default();
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
        let config = Path::new("/home/a b/50%.conf");
        for (line, expected) in [
            ("*/20 * * * * /usr/bin/pluton storage refresh --all --rclone-config '/home/a b/50\\%.conf'", true),
            ("ExecStart=/usr/bin/pluton storage refresh --all --rclone-config \"/home/a b/50%%.conf\"", true),
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
