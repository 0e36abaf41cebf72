//! The README shows every picture, with a text alternative that says what it shows.

use std::fs;
use std::path::PathBuf;

use crate::{pictures, root};

const BEGIN: &str = "<!-- session -->\n";
const END: &str = "<!-- /session -->";

/// The session stands in the README as text, too.
#[track_caller]
pub(crate) fn tells(session: &str) {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the session begins");
    let (_, after) = rest.split_once(END).expect("where it ends");
    let fresh = format!("{before}{BEGIN}\n```\n{session}\n```\n\n{END}{after}");
    if crate::support::regenerates() {
        fs::write(&path, &fresh).expect("the README");
        return;
    }
    assert!(
        readme == fresh,
        "README.md tells another session: PLUTON_REGENERATE=1 cargo test --test pictures\n{session}"
    );
}

/// The words and the file of each link to a picture, in the order of the page.
fn linked() -> Vec<(String, PathBuf)> {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let links = readme.split('[').skip(1).filter_map(|part| {
        let (words, rest) = part.split_once("](")?;
        Some((words.to_owned(), root().join(rest.split_once(')')?.0)))
    });
    links.filter(|(_, file)| file.starts_with(pictures())).collect()
}

#[test]
fn every_picture_is_linked_from_the_readme_and_every_one_there_exists() {
    let mut files: Vec<PathBuf> = linked().into_iter().map(|(_, file)| file).collect();
    files.sort();
    let entries = fs::read_dir(pictures()).expect("the pictures").map(|entry| entry.expect("an entry").path());
    let mut drawn: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|kind| kind == "svg")).collect();
    drawn.sort();
    assert_eq!(files, drawn);
}

#[test]
fn whoever_cannot_see_the_picture_reads_what_it_shows() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let words = readme.split("![").nth(1).and_then(|part| part.split_once("](")).expect("a picture").0;
    assert!(words.split_whitespace().count() > 8, "{words:?}");
}
