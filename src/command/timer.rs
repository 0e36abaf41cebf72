//! Timers that call `pluton storage refresh`, ready to install. They run with next to no environment, so they name everything.

use std::path::Path;

use crate::cli::TimerKind;
use crate::context::Context;
use crate::error::Result;

/// A third of the life of an access token: one missed run does no harm.
const EVERY_MINUTES: u32 = 20;

pub(super) fn text(context: &Context, kind: TimerKind) -> Result<String> {
    let words = words(context)?;
    let every = EVERY_MINUTES;
    let spelled = |spell: fn(&str) -> String| words.iter().map(|word| spell(word)).collect::<Vec<_>>().join(" ");
    Ok(match kind {
        TimerKind::Systemd => systemd(&spelled(for_systemd)),
        TimerKind::Cron => format!("*/{every} * * * * {}\n", spelled(for_cron)),
        TimerKind::Launchd => launchd(&words),
    })
}

fn words(context: &Context) -> Result<Vec<String>> {
    let text = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let pluton = std::env::current_exe().map_or_else(|_| "pluton".into(), |path| text(&path));
    let mut words = vec![pluton];
    words.extend(["storage", "refresh", "--all", "--if-within", "30m", "--no-input", "--quiet"].map(str::to_owned));
    if let Ok(rclone) = context.rclone(None) {
        words.extend(["--rclone".into(), text(rclone.program())]);
    }
    if !context.is_default_config() || std::env::var_os("RCLONE_CONFIG").is_some() {
        words.extend(["--rclone-config".into(), text(context.config_file()?.path())]);
    }
    Ok(words)
}

/// A shell script, since two files are needed.
fn systemd(command: &str) -> String {
    let every = EVERY_MINUTES;
    format!(
        "# To install: pluton storage refresh --print-timer systemd | sh\n\
         set -e\n\
         units=\"${{XDG_CONFIG_HOME:-$HOME/.config}}/systemd/user\"\n\
         mkdir -p \"$units\"\n\
         cat >\"$units/pluton-refresh.service\" <<'END'\n\
         [Unit]\n\
         Description=Keep Box storages signed in\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
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

fn launchd(words: &[String]) -> String {
    let escaped = |word: &String| word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let words: Vec<String> = words.iter().map(|word| format!("    <string>{}</string>\n", escaped(word))).collect();
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
         \x20 <key>RunAtLoad</key><true/>\n\
         \x20 <key>StartInterval</key><integer>{}</integer>\n\
         </dict>\n\
         </plist>\n",
        words.concat(),
        EVERY_MINUTES * 60
    )
}

/// systemd fills in what follows % and $, and takes backslashes for escapes.
fn for_systemd(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if is_plain(&word) { word } else { format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// cron takes % for a line break, quoted or not.
fn for_cron(word: &str) -> String {
    let word = if is_plain(word) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) };
    word.replace('%', "\\%")
}

fn is_plain(word: &str) -> bool {
    word.chars().all(|char| char.is_ascii_alphanumeric() || "/.-_%$=+@:".contains(char)) && !word.contains('$')
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
