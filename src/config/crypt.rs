//! An encrypted rclone.conf: rclone's form of it, which is secretbox (`NaCl`) over the plain file, base64 below a marker
//! line; and its password, found in rclone's own order. May run the user's password command and ask for the password;
//! touches no file and stores nothing.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::document::words;
use crate::error::{Code, Error, Result};
use crate::process;
use crate::secret::Secret;
use crate::ui::prompt;
use crate::ui::terminal::{self, Terminal};

const ENV: &str = "RCLONE_CONFIG_PASS";
const PROMPTS: usize = 3;

const HEADING: &str = "# Encrypted rclone configuration File\n\n";
const MARKER: &str = "RCLONE_ENCRYPT_V0:";
const ANY_MARKER: &str = "RCLONE_ENCRYPT_V";

const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

/// Same rule as rclone: the first line that is neither blank nor a comment is the marker.
pub(crate) fn is_encrypted(bytes: &[u8]) -> bool {
    marker(bytes).is_some()
}

/// Decrypts the file; `None` if the password does not. Spaces around it count, as in rclone.
///
/// # Errors
/// Says why no password could.
pub(crate) fn decrypt(bytes: &[u8], password: &Secret) -> Result<Option<Zeroizing<Vec<u8>>>, &'static str> {
    const DAMAGED: &str = "its encrypted content is damaged";
    let (line, rest) = marker(bytes).ok_or(DAMAGED)?;
    if line != MARKER.as_bytes() {
        return Err("its encryption is newer than this version of Pluton");
    }
    let base64: Vec<u8> = rest.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let sealed = STANDARD.decode(base64).map_err(|_| DAMAGED)?;
    if sealed.len() < NONCE_LENGTH + TAG_LENGTH {
        return Err(DAMAGED);
    }
    let (nonce, sealed) = sealed.split_at(NONCE_LENGTH);
    Ok(cipher(password).decrypt(Nonce::from_slice(nonce), sealed).ok().map(Zeroizing::new))
}

/// Encrypts the file. `None` if the system has no random bytes: a nonce must never be used twice with one password.
pub(crate) fn encrypt(plain: &[u8], password: &Secret) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LENGTH];
    getrandom::fill(&mut nonce).ok()?;
    let sealed = cipher(password).encrypt(Nonce::from_slice(&nonce), plain).ok()?;
    let content = STANDARD.encode([nonce.as_slice(), &sealed].concat());
    Some(format!("{HEADING}{MARKER}\n{content}").into_bytes())
}

/// Splits off the marker line.
fn marker(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (line, after) = rest.split_at(end);
        let line = line.trim_ascii();
        if !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b";") {
            return line.starts_with(ANY_MARKER.as_bytes()).then_some((line, after));
        }
        rest = after;
    }
    None
}

/// One SHA-256, without salt or stretching: rclone's choice.
fn cipher(password: &Secret) -> XSalsa20Poly1305 {
    let password: Zeroizing<String> = Zeroizing::new(password.expose().nfkc().collect());
    let mut hash = Sha256::new();
    hash.update(b"[");
    hash.update(password.as_bytes());
    hash.update(b"][rclone-config]");
    XSalsa20Poly1305::new(Key::from_slice(&hash.finalize()))
}

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
                    None => terminal::error("this password does not decrypt it"),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decrypt, encrypt, is_encrypted};
    use crate::secret::Secret;

    #[test]
    fn only_a_marker_before_anything_else_means_encrypted() {
        assert!(is_encrypted(b"# c\n; d\n\n  RCLONE_ENCRYPT_V0:\nx"));
        assert!(is_encrypted(b"RCLONE_ENCRYPT_V7:"));
        assert!(!is_encrypted(b"[a]\nRCLONE_ENCRYPT_V0:\n"));
        assert!(!is_encrypted("\u{feff}RCLONE_ENCRYPT_V0:\n".as_bytes()));
        assert!(!is_encrypted(b""));
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_with_the_same_password(plain: Vec<u8>, password in ".{0,20}") {
            let sealed = encrypt(&plain, &Secret::new(password.clone())).expect("seals");
            prop_assert!(is_encrypted(&sealed));
            let opened = decrypt(&sealed, &Secret::new(password.clone())).expect("whole").expect("opens");
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            prop_assert_eq!(decrypt(&sealed, &Secret::new(password + "x")), Ok(None));
        }

        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>, text in "(# ?\n)?RCLONE_ENCRYPT_V[01]:\n[A-Za-z0-9+/=\r\n ]{0,120}") {
            let password = Secret::new("p");
            let _ = (decrypt(&bytes, &password), decrypt(text.as_bytes(), &password), is_encrypted(&bytes));
        }
    }
}
