//! rclone's encrypted form of rclone.conf: secretbox (`NaCl`) over the plain file, base64 below a marker line. Pure:
//! touches no file and does not know where the password comes from.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead as _, KeyInit as _};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::secret::Secret;

const HEADING: &str = "# Encrypted rclone configuration File\n\n";
const MARKER: &str = "RCLONE_ENCRYPT_V0:";
const ANY_MARKER: &str = "RCLONE_ENCRYPT_V";

pub(crate) const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undecryptable {
    /// A newer form than this one.
    Unsupported,
    Damaged,
    WrongPassword,
}

impl fmt::Display for Undecryptable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsupported => "its encryption is newer than this version of Pluton",
            Self::Damaged => "its encrypted content is damaged",
            Self::WrongPassword => "the password does not decrypt it",
        })
    }
}

/// Same rule as rclone: the first line that is neither blank nor a comment is the marker.
pub(crate) fn is_encrypted(bytes: &[u8]) -> bool {
    marker(bytes).is_some()
}

/// Decrypts the file. Spaces around the password count, as in rclone.
pub(crate) fn decrypt(bytes: &[u8], password: &Secret) -> Result<Zeroizing<Vec<u8>>, Undecryptable> {
    let (line, rest) = marker(bytes).ok_or(Undecryptable::Damaged)?;
    if line != MARKER.as_bytes() {
        return Err(Undecryptable::Unsupported);
    }
    let base64: Vec<u8> = rest.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let sealed = STANDARD.decode(base64).map_err(|_| Undecryptable::Damaged)?;
    if sealed.len() < NONCE_LENGTH + TAG_LENGTH {
        return Err(Undecryptable::Damaged);
    }
    let (nonce, sealed) = sealed.split_at(NONCE_LENGTH);
    let plain = cipher(password).decrypt(Nonce::from_slice(nonce), sealed).map_err(|_| Undecryptable::WrongPassword)?;
    Ok(Zeroizing::new(plain))
}

/// Encrypts the file. A nonce must never be used twice with one password.
pub(crate) fn encrypt(plain: &[u8], password: &Secret, nonce: [u8; NONCE_LENGTH]) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NONCE_LENGTH, decrypt, encrypt, is_encrypted};
    use crate::secret::Secret;

    /// rclone 1.75.2 and 1.60.1 both read it.
    const VECTOR: &str = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n\
        AAECAwQFBgcICQoLDA0ODxAREhMUFRYXHwql5LX5It8fTNtu7pc1F2gQwCJ2VQAHlmvZoRHue3beX9rEnnojWzzdRx55PaIIBcHPzGfQeSiMQeBoR3g=";
    const PLAIN: &[u8] = b"[bx]\ntype = box\ntoken = {\"access_token\":\"A\"}\n\n";

    fn counting() -> [u8; NONCE_LENGTH] {
        std::array::from_fn(|index| u8::try_from(index).expect("small"))
    }

    #[test]
    fn rclone_s_own_file_is_read_and_written() {
        let password = Secret::new("pässword ①");
        assert_eq!(decrypt(VECTOR.as_bytes(), &password).expect("opens").as_slice(), PLAIN);
        assert_eq!(encrypt(PLAIN, &password, counting()).expect("seals"), VECTOR.as_bytes());
        // With a decomposed ä and a plain 1 it is the same password once normalized.
        assert!(decrypt(VECTOR.as_bytes(), &Secret::new("pa\u{308}ssword 1")).is_ok());
    }

    #[test]
    fn base64_may_be_wrapped_and_lines_may_end_in_crlf() {
        let wrapped = VECTOR.replace("AAECAw", "AAE\r\n CAw").replace(":\n", ":\r\n");
        assert!(decrypt(wrapped.as_bytes(), &Secret::new("pässword ①")).is_ok());
    }

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
        fn what_is_sealed_opens_with_the_same_password(plain: Vec<u8>, password in ".{0,20}", nonce: [u8; 24]) {
            let sealed = encrypt(&plain, &Secret::new(password.clone()), nonce).expect("seals");
            prop_assert!(is_encrypted(&sealed));
            let opened = decrypt(&sealed, &Secret::new(password.clone())).expect("opens");
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
            prop_assert!(decrypt(&sealed, &Secret::new(password + "x")).is_err());
        }

        #[test]
        fn no_file_makes_it_panic(bytes: Vec<u8>, text in "(# ?\n)?RCLONE_ENCRYPT_V[01]:\n[A-Za-z0-9+/=\r\n ]{0,120}") {
            let password = Secret::new("p");
            let _ = (decrypt(&bytes, &password), decrypt(text.as_bytes(), &password), is_encrypted(&bytes));
        }
    }
}
