//! Timers that call `pluton storage refresh`, ready to install. They run with next to no environment, so they carry what
//! this run was told.

mod install;
mod jobs;

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

pub(super) use install::keep;
pub(super) use jobs::{Jobs, Kept};

use super::for_each::names;
use crate::cli::{Refresh, TimerKind};
use crate::context::Context;
use crate::error::{Code, Error, Result, Who};

/// A third of the life of an access token: one missed run does no harm.
const EVERY_MINUTES: u32 = 20;
const IF_WITHIN: Duration = Duration::from_secs(30 * 60);

/// What decides which files and which network are used. Secrets are not among them.
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

type Variable = (&'static str, String);

pub(super) fn text(context: &Context, flags: &Refresh, kind: TimerKind) -> Result<String> {
    let words = words(context, flags)?;
    let variables = variables(context)?;
    if is_set("RCLONE_CONFIG_PASS") && context.password_command().is_none() {
        context.terminal.warn(&format!("the timer does not carry {NO_PASSWORD}"));
    }
    Ok(match kind {
        TimerKind::Systemd => systemd(&words, &variables),
        TimerKind::Cron => cron(&words, &variables),
        TimerKind::Launchd => launchd(&words, &variables),
    })
}

/// Said above and in the unit.
const NO_PASSWORD: &str = "RCLONE_CONFIG_PASS, which is a secret: name what prints the password with --password-command, for example \
     `systemd-creds cat NAME` beside LoadCredentialEncrypted=";

fn words(context: &Context, flags: &Refresh) -> Result<Vec<String>> {
    let pluton = env::current_exe().map_err(|cause| {
        Error::new(Code::Unknown, format!("cannot find out where pluton itself is: {cause}")).responsible(Who::You)
    })?;
    let file = context.config_file()?;
    let mut words = vec![path(&pluton)?, "storage".into(), "refresh".into()];
    if flags.which.names.is_empty() {
        words.push("--all".into());
    } else {
        words.extend(names(context, &file, &flags.which, "refresh")?);
    }
    let short = |limit: Duration| humantime::format_duration(limit).to_string().replace(' ', "");
    words.extend(["--if-within".into(), short(flags.if_within.unwrap_or(IF_WITHIN))]);
    words.extend(["--wait".into(), short(flags.wait)]);
    words.extend(flags.timeout.map(|limit| ["--timeout".into(), short(limit)]).into_iter().flatten());
    words.extend(["--no-input", "--quiet"].map(str::to_owned));
    words.extend(["--rclone".into(), path(context.rclone(None)?.program())?]);
    words.extend(["--rclone-config".into(), path(file.path())?]);
    words.extend(
        context
            .password_command()
            .map(|command| ["--password-command".into(), command.to_owned()])
            .into_iter()
            .flatten(),
    );
    words.into_iter().map(|word| one_line("what the timer is to run", word)).collect()
}

fn path(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Error::new(Code::InvalidValue, format!("{} is not UTF-8, which a timer cannot carry", path.display()))
            .responsible(Who::You)
            .hint("give that file or directory another name")
    })
}

fn variables(context: &Context) -> Result<Vec<Variable>> {
    // A command without a path is found where it is found now.
    let path = context.password_command().map(|_| "PATH");
    let set = CARRIED.into_iter().chain(path).filter_map(|name| Some((name, env::var_os(name)?)));
    set.filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let value = value.into_string().map_err(|_| cannot_carry(name, "a letter that is not UTF-8"))?;
            Ok((name, one_line(name, value)?))
        })
        .collect()
}

fn is_set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// A line break would begin another directive.
fn one_line(what: &str, text: String) -> Result<String> {
    if text.chars().any(char::is_control) {
        return Err(cannot_carry(what, "a line break or another control character"));
    }
    Ok(text)
}

fn cannot_carry(what: &str, why: &str) -> Error {
    Error::new(Code::InvalidValue, format!("there is {why} in {what}, which a timer cannot carry"))
        .responsible(Who::You)
        .hint("give the file or directory another name, or unset the variable")
}

fn spelled(words: &[String], spell: fn(&str) -> String) -> String {
    words.iter().map(|word| spell(word)).collect::<Vec<_>>().join(" ")
}

/// A shell script, since two files are needed.
fn systemd(words: &[String], variables: &[Variable]) -> String {
    let every = EVERY_MINUTES;
    let command = spelled(words, for_systemd);
    let mut environment = String::new();
    for (name, value) in variables {
        let _ = writeln!(environment, "Environment=\"{name}={}\"", in_quotes(value).replace('%', "%%"));
    }
    if is_set("RCLONE_CONFIG_PASS") {
        let _ = writeln!(environment, "# Not here: {NO_PASSWORD}.");
    }
    format!(
        "# To install: pluton storage refresh --print-timer systemd | sh\n\
         set -e\n\
         # A proxy's password may be in it.\n\
         umask 077\n\
         units=\"${{XDG_CONFIG_HOME:-$HOME/.config}}/systemd/user\"\n\
         mkdir -p \"$units\"\n\
         cat >\"$units/pluton-refresh.service\" <<'END'\n\
         [Unit]\n\
         Description=Keep Box storages signed in\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         {environment}\
         ExecStart={command}\n\
         END\n\
         cat >\"$units/pluton-refresh.timer\" <<'END'\n\
         [Unit]\n\
         Description=Keep Box storages signed in\n\
         \n\
         [Timer]\n\
         OnBootSec=1min\n\
         OnActiveSec=1min\n\
         OnUnitActiveSec={every}min\n\
         \n\
         [Install]\n\
         WantedBy=timers.target\n\
         END\n\
         systemctl --user daemon-reload\n\
         systemctl --user enable --now pluton-refresh.timer\n\
         # While nobody is logged in, it runs only after: loginctl enable-linger\n"
    )
}

/// cron sets HOME itself, and other lines may need it as it is.
fn cron(words: &[String], variables: &[Variable]) -> String {
    let mut text = String::new();
    let variables: Vec<_> = variables.iter().filter(|(name, _)| *name != "HOME").collect();
    if !variables.is_empty() {
        text.push_str("# These variables hold for every line below them.\n");
    }
    for (name, value) in variables {
        let is_cut = value.starts_with([' ', '"', '\'']) || value.ends_with(' ');
        let quote = if !is_cut {
            ""
        } else if value.contains('"') {
            "'"
        } else {
            "\""
        };
        let _ = writeln!(text, "{name}={quote}{value}{quote}");
    }
    let _ = writeln!(text, "*/{EVERY_MINUTES} * * * * {}", spelled(words, for_cron));
    text
}

fn launchd(words: &[String], variables: &[Variable]) -> String {
    let escaped = |word: &str| word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let words: Vec<String> = words.iter().map(|word| format!("    <string>{}</string>\n", escaped(word))).collect();
    let pair = |(name, value): &Variable| format!("    <key>{name}</key><string>{}</string>\n", escaped(value));
    let variables: Vec<String> = variables.iter().map(pair).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <!-- Save this as ~/Library/LaunchAgents/pluton.refresh.plist, then: launchctl load that file -->\n\
         <plist version=\"1.0\">\n\
         <dict>\n\
         \x20 <key>Label</key><string>pluton.refresh</string>\n\
         \x20 <key>ProgramArguments</key>\n\
         \x20 <array>\n\
         {}\
         \x20 </array>\n\
         \x20 <key>EnvironmentVariables</key>\n\
         \x20 <dict>\n\
         {}\
         \x20 </dict>\n\
         \x20 <key>RunAtLoad</key><true/>\n\
         \x20 <key>StartInterval</key><integer>{}</integer>\n\
         </dict>\n\
         </plist>\n",
        words.concat(),
        variables.concat(),
        EVERY_MINUTES * 60
    )
}

/// systemd fills in what follows % and $, and takes backslashes for escapes.
fn for_systemd(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if is_plain(&word) { word } else { format!("\"{}\"", in_quotes(&word)) }
}

fn in_quotes(word: &str) -> String {
    word.replace('\\', "\\\\").replace('"', "\\\"")
}

/// cron takes % for a line break, quoted or not.
fn for_cron(word: &str) -> String {
    let word = if is_plain(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    word.replace('%', "\\%")
}

fn is_plain(word: &str) -> bool {
    word.chars().all(|char| char.is_ascii_alphanumeric() || "/.-_%$=+@:".contains(char))
        && !word.contains('$')
        && !word.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{for_cron, for_systemd};

    #[test]
    fn paths_are_spelled_as_each_wants_them() {
        for (word, systemd, cron) in [
            ("/usr/bin/pluton", "/usr/bin/pluton", "/usr/bin/pluton"),
            ("/a b/p", "\"/a b/p\"", "'/a b/p'"),
            ("/50%/p", "/50%%/p", "/50\\%/p"),
            ("/it's $x/\"p\"", "\"/it's $$x/\\\"p\\\"\"", "'/it'\\''s $x/\"p\"'"),
        ] {
            assert_eq!((for_systemd(word).as_str(), for_cron(word).as_str()), (systemd, cron));
        }
    }
}
