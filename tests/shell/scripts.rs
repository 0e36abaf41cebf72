//! The checked-in completion scripts are current and load without errors.

use std::fs;
use std::path::Path;

use crate::session::{Home, run};
use crate::support::skip;

/// Each shell with the file under `completions/`.
const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "pluton.bash"),
    ("zsh", "_pluton"),
    ("fish", "pluton.fish"),
    ("elvish", "pluton.elv"),
    ("powershell", "_pluton.ps1"),
];

#[test]
fn the_printed_scripts_are_the_checked_in_ones() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in SCRIPTS {
        let checked_in = fs::read_to_string(folder.join(file)).expect("a script");
        assert_eq!(home.script(shell), checked_in, "{file}");
        assert!(checked_in.contains("PLUTON_COMPLETE"), "{file} asks nobody");
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), SCRIPTS.len());
}

#[test]
fn shells_and_linters_find_no_fault_in_the_scripts() {
    let home = Home::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    // elvish knows its `edit:` only at a prompt, and tells of every fault it finds.
    let unknown = "Compilation error: cannot find variable $edit:completion:arg-completer\n";
    let checks: [(&str, &[&str], &str, &str); 5] = [
        ("bash", &["-n"], "pluton.bash", ""),
        ("zsh", &["-n"], "_pluton", ""),
        ("fish", &["-n"], "pluton.fish", ""),
        ("elvish", &["-compileonly"], "pluton.elv", unknown),
        ("shellcheck", &["--shell=bash"], "pluton.bash", ""),
    ];
    for (program, flags, file, complaint) in checks {
        let program = Path::new("/usr/bin").join(program);
        if !program.exists() {
            skip(&format!("there is no {}", program.display()));
            continue;
        }
        let (good, said) = run(home.command(&program).args(flags).arg(folder.join(file)));
        let said = anstream::adapter::strip_str(&said).to_string();
        let is_expected = if complaint.is_empty() { said.trim().is_empty() } else { said.starts_with(complaint) };
        assert!(is_expected && good == complaint.is_empty(), "{}: {said}", program.display());
    }
}

/// As `pluton completions --help` says it; the other ways are those of the sessions.
#[test]
fn zsh_takes_the_script_from_its_start_up_file() {
    let home = Home::new();
    let program = Path::new("/usr/bin/zsh");
    if !program.exists() {
        skip(&format!("there is no {}", program.display()));
        return;
    }
    let start = "autoload -Uz compinit && compinit -u -D; eval \"$(pluton completions zsh)\"; print $_comps[pluton]";
    assert_eq!(run(home.command(program).args(["-f", "-c", start])), (true, "_pluton\n".to_owned()));
}
