//! The checked-in man pages match the command line's types and are valid. `tests/support` says how to write them anew.

mod errors;
mod man;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory as _;
use tempfile::TempDir;

#[path = "../../src/cli.rs"]
#[allow(
    clippy::doc_markdown,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "only the shape of the command line is used here"
)]
mod cli;

#[path = "../../src/storage/options/specs.rs"]
#[allow(dead_code, reason = "only the shape of the command line is used here")]
mod specs;

/// What the command line uses of the crate.
mod storage {
    pub(crate) mod options {
        pub(crate) use crate::specs::{SPECS, Spec};
    }
    pub(crate) mod sign_in {
        #[derive(PartialEq)]
        #[allow(dead_code, reason = "only compared with")]
        pub(crate) enum Kind {
            Quick,
            OwnApp,
            Jwt,
            ClientCredentials,
        }
    }
}

type Pages = BTreeMap<String, String>;

#[test]
fn man_pages_are_current() {
    let fresh = pages();
    if std::env::var_os("PLUTON_REGENERATE").is_some() {
        replace(&fresh);
    }
    let checked_in = read();
    let names = |pages: &Pages| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&fresh), names(&checked_in), "the files in man/");
    for (name, page) in &fresh {
        assert!(checked_in.get(name) == Some(page), "man/{name} is not current: PLUTON_REGENERATE=1 cargo test");
    }
}

#[test]
fn mandoc_finds_no_fault_in_the_man_pages() {
    let Some(mut mandoc) = program("mandoc") else { return };
    let dir = written();
    let output = mandoc.args(["-T", "lint", "-W", "all"]).args(files(dir.path())).output().expect("mandoc runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn man_shows_the_pages_without_a_warning() {
    let Some(_) = program("man") else { return };
    let dir = written();
    for path in files(dir.path()) {
        let mut man = program("man").expect("it was there");
        let output = man.args(["--warnings=w", "-l"]).arg(&path).output().expect("man runs");
        let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.is_empty(), "{}: {said}", path.display());
        assert!(shown.contains("SYNOPSIS") && shown.contains("SEE ALSO"), "{}: {shown}", path.display());
    }
}

#[test]
fn the_man_page_explains_every_exit_code() {
    let page = &pages()["pluton.1"];
    for code in (0..=10).chain([130]) {
        assert!(page.contains(&format!("\n.TP\n.B {code}\n")), "exit {code} is missing in pluton(1)");
    }
}

#[test]
fn the_command_line_contradicts_itself_nowhere() {
    cli::Cli::command().debug_assert();
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Pages {
    let command = cli::Cli::command();
    let errors = errors::page(command.get_version().expect("a version"));
    let mut pages = man::pages(command);
    pages.insert("pluton-errors.7".to_owned(), errors);
    pages
}

fn read() -> Pages {
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    let paths = files(&root().join("man"));
    paths.iter().map(|path| (name(path), fs::read_to_string(path).expect("text"))).collect()
}

fn replace(pages: &Pages) {
    let folder = root().join("man");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).expect("the folder");
    for (name, page) in pages {
        fs::write(folder.join(name), page).expect("a file");
    }
}

/// The pages in a folder of their own.
fn written() -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, page) in pages() {
        fs::write(dir.path().join(name), page).expect("a file");
    }
    dir
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect()
}

/// A program of this machine, which does not look at the user's own settings.
fn program(name: &str) -> Option<Command> {
    let path = Path::new("/usr/bin").join(name);
    if !path.exists() {
        box_sandbox::skip(&format!("there is no {}", path.display()));
        return None;
    }
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8").env("MANWIDTH", "80");
    Some(command)
}
