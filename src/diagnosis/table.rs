//! The README's table of causes is the same table as the code's.
//!
//! After a change of the words: `PLUTON_REGENERATE=1 cargo test troubleshooting`.

use std::path::Path;

use super::samples;
use crate::error::Remedy;

const BEGIN: &str = "<!-- troubleshooting -->\n";
const END: &str = "<!-- /troubleshooting -->";

fn table() -> String {
    let mut out = String::from("| code | what happened | who | what to do, likeliest first |\n|---|---|---|---|\n");
    for error in samples() {
        let cells = [
            format!("`{}`", error.code.name()),
            error.message,
            error.who.map_or("", crate::error::Who::name).to_owned(),
            in_one_cell(&error.remedy),
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('<', "&lt;"));
        out.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    out
}

fn in_one_cell(remedies: &[Remedy]) -> String {
    let mut out = String::new();
    for remedy in remedies.iter().map(ToString::to_string) {
        let link = match (out.is_empty(), remedy.starts_with("then ")) {
            (true, _) => "",
            (false, true) => "; ",
            (false, false) => "; or: ",
        };
        out += link;
        out += &remedy;
    }
    out
}

#[test]
fn the_readme_s_troubleshooting_is_this_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = readme.split_once(BEGIN).expect("where the table begins");
    let (present, after) = rest.split_once(END).expect("where the table ends");
    let fresh = table();
    if std::env::var_os("PLUTON_REGENERATE").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}")).expect("the README");
    } else {
        assert!(present == fresh, "README.md is not current: PLUTON_REGENERATE=1 cargo test troubleshooting");
    }
}
