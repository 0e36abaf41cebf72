//! The packages and install scripts: their files list what exists, and their steps are run as far as possible here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::support::{PLUTON, has};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).current_dir(root()).output().expect(program);
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The steps that the release workflow runs for a target, its variables filled in.
fn build_steps(target: &str, suffix: &str) -> Vec<String> {
    let text = read(".github/workflows/release.yml")
        .replace("${{ matrix.target }}", target)
        .replace("${{ matrix.suffix }}", suffix);
    let workflow = Yaml::load_from_str(&text).expect("YAML").remove(0);
    let steps = workflow["jobs"]["build"]["steps"].as_vec().expect("steps");
    steps.iter().filter_map(|step| step.as_mapping_get("run").and_then(Yaml::as_str).map(str::to_owned)).collect()
}

#[test]
fn a_release_is_built_for_five_systems_and_attested() {
    let text = read(".github/workflows/release.yml");
    let workflow = Yaml::load_from_str(&text).expect("YAML").remove(0);
    let build = &workflow["jobs"]["build"];
    let systems = build["strategy"]["matrix"]["include"].as_vec().expect("systems");
    let targets: BTreeSet<_> = systems.iter().filter_map(|system| system["target"].as_str()).collect();
    assert_eq!(targets.len(), 5, "{targets:?}");
    let steps = build["steps"].as_vec().expect("steps");
    let attests = steps
        .iter()
        .filter_map(|step| step.as_mapping_get("uses").and_then(Yaml::as_str))
        .any(|uses| uses.contains("attest"));
    assert!(attests, "{steps:?}");
    for step in build_steps("x86_64-unknown-linux-musl", "").iter().filter(|step| step.starts_with("cargo ")) {
        assert!(step.contains("--locked") && step.contains("--release"), "{step}");
    }
}

#[test]
fn what_a_release_packs_is_the_program_with_completions_man_pages_and_a_checksum() {
    let out = tempfile::tempdir().expect("a directory");
    let (program, out) = (PLUTON, out.path().to_str().expect("UTF-8"));
    let steps = build_steps("some-target", "");
    let step = steps.iter().find(|step| step.starts_with(".packaging/pack ")).expect("the packing");
    let step = step.replace("target/some-target/release/pluton", program).replace(" dist", &format!(" {out}"));
    run("bash", &["-e", "-c", &step]);
    run("bash", &["-e", "-c", &format!("cd {out} && sha256sum --check pluton-some-target.tar.gz.sha256")]);
    run("tar", &["-xzf", &format!("{out}/pluton-some-target.tar.gz"), "-C", out]);
    let packed = PathBuf::from(out).join("pluton-some-target");
    let said = run(packed.join("pluton").to_str().expect("UTF-8"), &["--version"]);
    assert_eq!(said.trim(), concat!("pluton ", env!("CARGO_PKG_VERSION")));
    for file in ["completions/pluton.bash", "man/pluton.1", "README.md", "LICENSE"] {
        assert!(packed.join(file).exists(), "{file}");
    }
}

#[test]
fn binstall_looks_for_what_a_release_packs() {
    let manifest: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let binstall = &manifest["package"]["metadata"]["binstall"];
    assert!(binstall["pkg-url"].as_str().is_some_and(|url| url.ends_with("/pluton-{ target }.tar.gz")), "{binstall:?}");
    assert_eq!(binstall["bin-dir"].as_str(), Some("pluton-{ target }/{ bin }{ binary-ext }"));
}

/// Instructions and their arguments, continued lines joined.
fn dockerfile() -> Vec<(String, String)> {
    let text = read(".packaging/Dockerfile").replace("\\\n", " ");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let split = lines.map(|line| line.split_once(' ').unwrap_or_else(|| panic!("no instruction: {line}")));
    split.map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect()
}

#[test]
fn the_dockerfile_copies_what_it_builds_and_starts_it() {
    let instructions = dockerfile();
    let known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "ENTRYPOINT"];
    assert!(instructions.iter().all(|(word, _)| known.contains(&word.as_str())), "{instructions:?}");
    let all = |wanted: &str| {
        let found = instructions.iter().filter(|(word, _)| word == wanted);
        found.map(|(_, rest)| rest.as_str()).collect::<Vec<_>>()
    };
    let copied = all("COPY").into_iter().find_map(|copy| copy.strip_prefix("--from=build ")).expect("the program");
    let (from, to) = copied.split_once(' ').expect("from and to");
    assert_eq!(from, format!("{}/target/release/pluton", all("WORKDIR")[0]));
    assert_eq!(all("ENTRYPOINT"), [format!("[\"{to}\"]")]);
    assert!(all("FROM")[0].ends_with(" AS build"));
    assert!(all("RUN").contains(&"cargo build --release --locked"));
}

#[test]
fn debian_has_what_the_dockerfile_installs() {
    if !has("/usr/bin/apt-cache") {
        return;
    }
    let instructions = dockerfile();
    let install = instructions.iter().find_map(|(word, rest)| {
        let rest = rest.split_once("apt-get install -y --no-install-recommends ")?.1;
        (word == "RUN").then(|| rest.split(" && ").next().unwrap_or(rest))
    });
    for package in install.expect("an installation").split(' ') {
        let said = run("apt-cache", &["policy", package]);
        assert!(said.contains("Candidate: ") && !said.contains("Candidate: (none)"), "{package}: {said}");
    }
}
