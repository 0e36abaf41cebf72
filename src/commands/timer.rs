//! Timers that call `pluton storage refresh`: one job, rendered for systemd, cron or launchd, and installed on request.
//! A timer runs with almost no environment, so the job contains the flags and variables of this run, but no secret.

mod installed;

use std::env;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
pub(super) use installed::{Installed, Renewal};

use super::pick;
use crate::cli::{Refresh, TimerKind, Which};
use crate::config::ConfigFile;
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

const ALL_STORAGES: Refresh = Refresh {
    which: Which { names: Vec::new(), all: true },
    if_within: None,
    print_timer: None,
    wait: Duration::from_secs(5 * 60),
    timeout: None,
};

/// What `--print-timer` prints.
pub(super) fn text(context: &Context, flags: &Refresh, kind: TimerKind) -> Result<String> {
    let job = Job::new(context, flags)?;
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
    let timer = if let Renewal::By(place) = Installed::find().renewal(&saved.storage.name, file.path()) {
        Ok(Timer { place, installed: false, remove: None })
    } else {
        match kind_here() {
            None if is_wanted => {
                Err(Error::new(Code::Unknown, "neither `systemctl --user` nor crontab can be used here").hint_command(
                    "install a timer yourself, from what this prints",
                    "pluton storage refresh --print-timer systemd|cron|launchd",
                ))
            }
            Some(kind) if is_wanted || prompt::yes_or_leave(QUESTION) => install(context, kind),
            _ => return,
        }
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
    crontab().map(|_| TimerKind::Cron)
}

/// This user's crontab; `None` where this user has no cron.
fn crontab() -> Option<String> {
    let ran = process::tool("crontab", &["-l"], b"").ok()?;
    (ran.success() || ran.stderr.contains("no crontab for")).then_some(ran.stdout)
}

fn install(context: &Context, kind: TimerKind) -> Result<Timer> {
    if lacks_password(context) {
        let message = format!("a timer cannot contain {NO_PASSWORD}");
        return Err(Error::new(Code::InputRequired, message));
    }
    let timer = Job::new(context, &ALL_STORAGES)?.render(kind);
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

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn lacks_password(context: &Context) -> bool {
    is_set("RCLONE_CONFIG_PASS") && context.password_command().is_none()
}

/// What is run every [`EVERY_MINUTES`], and the variables around it.
struct Job {
    words: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Job {
    fn new(context: &Context, flags: &Refresh) -> Result<Self> {
        let pluton = env::current_exe().context("cannot find the path of the pluton program")?;
        let file = context.config_file()?;
        let mut words = vec![path(&pluton)?, "storage".into(), "refresh".into()];
        if flags.which.names.is_empty() {
            words.push("--all".into());
        } else {
            words.extend(pick::some_or_all(context, &file, &flags.which, "refresh")?);
        }
        let mut flag = |name: &str, value: String| words.extend([name.to_owned(), value]);
        let short = |limit: Duration| humantime::format_duration(limit).to_string().replace(' ', "");
        flag("--if-within", short(flags.if_within.unwrap_or(IF_WITHIN)));
        flag("--wait", short(flags.wait));
        if let Some(limit) = flags.timeout {
            flag("--timeout", short(limit));
        }
        flag("--rclone", path(context.rclone(None)?.program())?);
        flag("--rclone-config", path(file.path())?);
        let command = context.password_command();
        if let Some(command) = command {
            flag("--password-command", command.to_owned());
        }
        words.extend(["--no-input", "--quiet"].map(str::to_owned));
        let words = words.into_iter().map(|word| one_line("the timer's command", word)).collect::<Result<_>>()?;
        // PATH goes along, so that a command without a path is found as it is now.
        let carried = CARRIED.into_iter().chain(command.map(|_| "PATH")).filter(|name| is_set(name));
        let variables = carried.map(|name| {
            let value = env::var(name).map_err(|_| cannot_carry(name, "a character that is not UTF-8"))?;
            Ok((name, one_line(name, value)?))
        });
        Ok(Self { words, variables: variables.collect::<Result<_>>()? })
    }

    fn render(&self, kind: TimerKind) -> String {
        match kind {
            TimerKind::Systemd => self.systemd(),
            TimerKind::Cron => self.cron(),
            TimerKind::Launchd => self.launchd(),
        }
    }

    /// A shell script, since two files are needed.
    fn systemd(&self) -> String {
        let line = |(name, value): &(&str, String)| {
            format!("Environment=\"{name}={}\"\n", in_quotes(value).replace('%', "%%"))
        };
        let mut environment: String = self.variables.iter().map(line).collect();
        if is_set("RCLONE_CONFIG_PASS") {
            environment.extend(["# Not here: ", NO_PASSWORD, ".\n"]);
        }
        include_str!("timer/systemd.sh")
            .replace("@MINUTES@", &EVERY_MINUTES.to_string())
            .replace("@ENVIRONMENT@", &environment)
            .replace("@COMMAND@", &self.command(for_systemd))
    }

    /// cron sets HOME itself, and other lines may need it as it is.
    fn cron(&self) -> String {
        let line = |(name, value): &(&str, String)| {
            let is_cut = value.starts_with([' ', '"', '\'']) || value.ends_with(' ');
            let quote = match is_cut {
                false => "",
                true if value.contains('"') => "'",
                true => "\"",
            };
            format!("{name}={quote}{value}{quote}\n")
        };
        let variables: String = self.variables.iter().filter(|(name, _)| *name != "HOME").map(line).collect();
        let note = if variables.is_empty() { "" } else { "# These variables apply to every line below them.\n" };
        format!("{note}{variables}*/{EVERY_MINUTES} * * * * {}\n", self.command(for_cron))
    }

    fn launchd(&self) -> String {
        let escaped = |word: &str| word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let words = self.words.iter().map(|word| format!("    <string>{}</string>\n", escaped(word)));
        let variables = self
            .variables
            .iter()
            .map(|(name, value)| format!("    <key>{name}</key><string>{}</string>\n", escaped(value)));
        include_str!("timer/launchd.plist")
            .replace("@SECONDS@", &(EVERY_MINUTES * 60).to_string())
            .replace("@ARGUMENTS@", &words.collect::<String>())
            .replace("@ENVIRONMENT@", &variables.collect::<String>())
    }

    fn command(&self, spell: fn(&str) -> String) -> String {
        self.words.iter().map(|word| spell(word)).collect::<Vec<_>>().join(" ")
    }
}

fn path(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| cannot_carry(&path.display().to_string(), "a character that is not UTF-8"))
}

/// A line break would start another directive.
fn one_line(what: &str, text: String) -> Result<String> {
    if text.chars().any(char::is_control) {
        return Err(cannot_carry(what, "a line break or another control character"));
    }
    Ok(text)
}

fn cannot_carry(what: &str, why: &str) -> Error {
    Error::new(Code::InvalidValue, format!("{what} cannot be part of a timer: it contains {why}"))
        .hint("give the file or directory another name, or unset the variable")
}

/// systemd expands % and $, and treats backslashes as escapes.
fn for_systemd(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if is_plain(&word) { word } else { format!("\"{}\"", in_quotes(&word)) }
}

fn in_quotes(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"")
}

/// cron treats % as a line break, quoted or not.
fn for_cron(word: &str) -> String {
    let word = if is_plain(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    word.replace('%', "\\%")
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|char| char.is_ascii_alphanumeric() || "/.-_%=+@:".contains(char))
}
