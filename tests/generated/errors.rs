//! pluton-errors(7): what `pluton help` says about each code of an error, as a man page.

use std::process::Command;

use serde_json::Value;

use super::man::{DATE, MANUAL, escaped, tidy};

const HEAD: &str = "\
.SH NAME
pluton\\-errors \\- what the errors of pluton mean, and what to do about them
.SH SYNOPSIS
.B pluton help
.I CODE
.SH DESCRIPTION
A failure has an exit code and, with
.BR \\-\\-json ,
an
.IR error.code .
Below each code is what pluton says for a storage called \"NAME\",
who has to act, and what helps, likeliest first.
";
const SEE_ALSO: &str = ".SH \"SEE ALSO\"\n.BR pluton (1),\n.BR pluton\\-help (1),\n.BR pluton\\-doctor (1)\n";

pub(crate) fn page(version: &str) -> String {
    let mut parts = vec![format!(".TH PLUTON\\-ERRORS 7 {DATE} \"pluton {version}\" \"{MANUAL}\"\n{HEAD}")];
    for line in help("errors").lines() {
        if line.starts_with("Exit code ") {
            parts.push(format!(".SH \"{}\"\n", line.to_uppercase()));
        } else if let Some(code) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) {
            parts.extend(section(code));
        }
    }
    parts.push(SEE_ALSO.to_owned());
    tidy(&parts.concat())
}

/// What `pluton help CODE` prints, from its first paragraph, "CODE (exit code N): meaning", to its last.
fn section(code: &str) -> Vec<String> {
    let mut section = vec![format!(".SS {}\n", escaped(code))];
    for paragraph in help(code).split("\n\n").filter(|paragraph| !paragraph.starts_with("Messages about")) {
        let mut lines = paragraph.lines();
        let message = lines.next().unwrap_or_default();
        let meaning = message.split_once("): ").filter(|_| message.starts_with(code)).map(|(_, meaning)| meaning);
        section.push(match meaning {
            Some(meaning) => format!("{}.\n", escaped(meaning)),
            None => format!(".PP\n.I \"{}\"\n", escaped(message).replace('"', "\\(dq")),
        });
        let steps: Vec<String> = lines.map(|line| escaped(line.trim_start())).collect();
        if !steps.is_empty() {
            section.push(format!(".RS 4\n{}\n.RE\n", steps.join("\n.br\n")));
        }
    }
    section
}

fn help(topic: &str) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_pluton")).args(["help", topic, "--json"]).output().expect("pluton runs");
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    document["text"].as_str().expect("a page").to_owned()
}
