//! Python packages that tests run, pinned by hash, below the target directory.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The directory with what `requirements`, a file of this crate, names; installed on first use as `shelf`/`version`.
#[expect(clippy::print_stderr, reason = "a download should not look like a hang")]
pub fn installed(shelf: &str, version: &str, requirements: &str) -> Result<PathBuf> {
    let shelf = target_directory().join(shelf);
    let home = shelf.join(version);
    fs::create_dir_all(&shelf).with_context(|| shelf.display().to_string())?;
    let lock = File::create(shelf.join("install.lock"))?;
    lock.lock()?;
    if !home.exists() {
        eprintln!("installing {} {version} for the tests, once, with pip", shelf.display());
        // A whole directory or none: pip works beside it, a rename puts it in place.
        let fresh = shelf.join(format!("{version}.new"));
        let _ = fs::remove_dir_all(&fresh);
        let output = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--no-deps", "--require-hashes"])
            .args(["--only-binary", ":all:", "--target"])
            .arg(&fresh)
            .arg("-r")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(requirements))
            .output()
            .context("the tests need python3 with pip")?;
        ensure!(output.status.success(), "pip: {}", String::from_utf8_lossy(&output.stderr));
        fs::rename(&fresh, &home).with_context(|| home.display().to_string())?;
    }
    Ok(home)
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
