//! Finds the password of an encrypted rclone.conf, in rclone's own order. May run the user's password command and
//! prompt; stores nothing.

use std::path::Path;

use crate::error::{Code, Error, Result};
use crate::process;
use crate::secret::Secret;
use crate::ui::prompt;
use crate::ui::terminal::Terminal;

const ENV: &str = "RCLONE_CONFIG_PASS";
const PROMPTS: usize = 3;

/// From a command, else the environment, else a prompt.
#[derive(Debug, Clone)]
pub(crate) struct PasswordSource {
    command: Option<String>,
    terminal: Terminal,
}

impl PasswordSource {
    pub(crate) fn new(command: Option<String>, terminal: Terminal) -> Self {
        let from_env = || std::env::var("RCLONE_PASSWORD_COMMAND").ok().filter(|text| !text.trim().is_empty());
        Self { command: command.or_else(from_env), terminal }
    }

    /// The command that prints it, for an rclone that needs it too.
    pub(crate) fn command(&self) -> Option<&str> {
        self.command.as_deref()
    }

    /// Calls `open` with the password, or with up to three that a person types.
    ///
    /// # Errors
    /// If there is no password, or none opens the file.
    pub(crate) fn try_open<T>(&self, file: &Path, open: impl Fn(&Secret) -> Option<T>) -> Result<(Secret, T)> {
        let locked =
            |why: &str| Error::new(Code::ConfigEncrypted, format!("{} is encrypted, and {why}", file.display()));
        let in_env = std::env::var(ENV).ok().filter(|password| !password.is_empty());
        let (password, what) = if let Some(command) = &self.command {
            let password = ask_command(command)?.map_err(|why| locked(&why).hint("check --password-command"))?;
            (password, "the password printed by --password-command".to_owned())
        } else if let Some(password) = in_env {
            (Secret::new(password), format!("the password in {ENV}"))
        } else if self.terminal.asks {
            for _ in 0..PROMPTS {
                let password = prompt::hidden_line("Password of rclone.conf (it stays hidden): ")?;
                match open(&password) {
                    Some(content) => return Ok((password, content)),
                    None => self.terminal.error("this password does not decrypt it"),
                }
            }
            return Err(locked("none of the passwords decrypts it"));
        } else {
            let hint = format!("set {ENV}, or use --password-command COMMAND");
            return Err(locked("no password was given").hint(hint));
        };
        match open(&password) {
            Some(content) => Ok((password, content)),
            None => {
                Err(locked(&format!("{what} does not decrypt it"))
                    .hint("use the password that `rclone config` asks for"))
            }
        }
    }
}

/// Runs the command as rclone does: split at spaces, line ends stripped from its output, nothing else.
fn ask_command(command: &str) -> Result<std::result::Result<Secret, String>> {
    let words = words(command);
    let Some((program, args)) = words.split_first() else { return Ok(Err("the password command is empty".into())) };
    Ok(match process::secret_from(program, args)? {
        Err(cause) => Err(format!("the password command could not be run: {cause}")),
        Ok(None) => Err("the password command failed".into()),
        Ok(Some(text)) => Some(Secret::new(text.expose().trim_end_matches(['\r', '\n'])))
            .filter(|password| !password.is_empty())
            .ok_or_else(|| "the password command printed nothing".into()),
    })
}

/// rclone's format for lists: an item with a space is in double quotes, and `""` inside those is one `"`.
pub(crate) fn words(list: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        let mut word = String::new();
        if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted;
            while let Some(end) = rest.find('"') {
                word.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                match rest.strip_prefix('"') {
                    Some(more) => (word.push('"'), rest = more).1,
                    None => break,
                }
            }
        }
        let end = rest.find(' ').unwrap_or(rest.len());
        word.push_str(&rest[..end]);
        rest = rest[end..].trim_start();
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_command_is_split_as_rclone_splits_it() {
        for (command, expected) in [
            ("pass rclone/config", vec!["pass", "rclone/config"]),
            ("  a   b ", vec!["a", "b"]),
            (r#"sh -c "echo ""x y""""#, vec!["sh", "-c", r#"echo "x y""#]),
            (r#""/my tools/pw" --now"#, vec!["/my tools/pw", "--now"]),
            ("", vec![]),
        ] {
            assert_eq!(words(command), expected, "{command}");
        }
    }
}
