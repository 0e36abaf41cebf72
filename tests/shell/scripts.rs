//! The checked-in completion scripts are current and load without errors.

use std::fs;
use std::path::Path;

use crate::session::machine;
use crate::support::{Args, has};

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
    let m = machine();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in SCRIPTS {
        let checked_in = fs::read_to_string(folder.join(file)).expect("a script");
        assert_eq!(m.pluton(["completions", shell]).ok().stdout, checked_in, "{file}");
        assert!(checked_in.contains("PLUTON_COMPLETE"), "{file} asks nobody");
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), SCRIPTS.len());
}

#[test]
fn shells_and_linters_find_no_fault_in_the_scripts() {
    let m = machine();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    // elvish knows its `edit:` only at a prompt, and tells of every fault it finds.
    let unknown = "Compilation error: cannot find variable $edit:completion:arg-completer\n";
    let checks = [
        ("bash", "-n", "pluton.bash", ""),
        ("zsh", "-n", "_pluton", ""),
        ("fish", "-n", "pluton.fish", ""),
        ("elvish", "-compileonly", "pluton.elv", unknown),
        ("shellcheck", "--shell=bash", "pluton.bash", ""),
    ];
    for (program, flag, file, complaint) in checks {
        let program = format!("/usr/bin/{program}");
        if !has(&program) {
            continue;
        }
        let ran = m.run(&program, flag.and([folder.join(file).to_str().expect("UTF-8")]));
        let said = anstream::adapter::strip_str(&(ran.stdout + &ran.stderr)).to_string();
        let is_expected = if complaint.is_empty() { said.trim().is_empty() } else { said.starts_with(complaint) };
        assert!(is_expected && (ran.code == 0) == complaint.is_empty(), "{program}: {said}");
    }
}

/// As `pluton completions --help` says it; the other ways are those of the sessions.
#[test]
fn zsh_takes_the_script_from_its_start_up_file() {
    let m = machine();
    if !has("/usr/bin/zsh") {
        return;
    }
    let start = "autoload -Uz compinit && compinit -u -D; eval \"$(pluton completions zsh)\"; print $_comps[pluton]";
    let ran = m.run("/usr/bin/zsh", ["-f", "-c", start]).ok();
    assert_eq!(ran.stdout + &ran.stderr, "_pluton\n");
}
