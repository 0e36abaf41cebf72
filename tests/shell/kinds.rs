//! How completions are installed in each shell, and how the shell is made to print its line.

use std::process::Command;

use crate::support::{Machine, has};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bash,
    /// bash with Debian's bash-completion, which finds scripts by their names.
    BashCompletion,
    Zsh,
    Fish,
    Elvish,
}

const BASHRC: &str = r#"
PS1='READY> '
bind 'set enable-bracketed-paste off'
tell() { printf '%s' "$READLINE_LINE" > "$HOME/line.new" && mv "$HOME/line.new" "$HOME/line"; }
bind -x '"\C-g": tell'
"#;

const EVALUATED: &str = r#"eval "$(pluton completions bash)""#;
const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

const ZSHRC: &str = r#"
PS1='READY> '
unset zle_bracketed_paste
fpath=("$HOME/functions" $fpath)
autoload -Uz compinit && compinit -u -D
tell() { print -rn -- "$BUFFER" > "$HOME/line.new" && mv "$HOME/line.new" "$HOME/line" }
zle -N tell
bindkey '^G' tell
"#;

const CONFIG_FISH: &str = r#"
function fish_prompt
    echo -n 'READY> '
end
set -g fish_greeting
set -g fish_autosuggestion_enabled 0
function tell
    commandline > "$HOME/line.new" && mv "$HOME/line.new" "$HOME/line"
end
bind \cg tell
"#;

const RC_ELV: &str = r"
set edit:prompt = { print 'READY> ' }
set edit:rprompt = { }
fn tell { print $edit:current-command > ~/line.new; e:mv ~/line.new ~/line }
set edit:insert:binding[Ctrl-G] = $tell~
set edit:completion:binding[Ctrl-G] = { edit:completion:accept; tell }
eval (e:pluton completions elvish | slurp)
";

impl Kind {
    fn program(self) -> &'static str {
        match self {
            Self::Bash | Self::BashCompletion => "/usr/bin/bash",
            Self::Zsh => "/usr/bin/zsh",
            Self::Fish => "/usr/bin/fish",
            Self::Elvish => "/usr/bin/elvish",
        }
    }

    /// Whether what it takes is on this machine.
    pub(crate) fn is_here(self) -> bool {
        has(self.program()) && (self != Self::BashCompletion || has(BASH_COMPLETION))
    }

    /// Puts the completions where a user would, and returns the shell to start.
    pub(crate) fn install(self, m: &Machine) -> Command {
        let script = |file: &str, shell: &str| m.file(file, &m.pluton(["completions", shell]).ok().stdout);
        let args: &[&str] = match self {
            Self::Bash => {
                m.file(".bashrc", &format!("{BASHRC}{EVALUATED}\n"));
                &["--noprofile", "-i"]
            }
            Self::BashCompletion => {
                m.file(".bashrc", &format!("{BASHRC}source {BASH_COMPLETION}\n"));
                script(".local/share/bash-completion/completions/pluton", "bash");
                &["--noprofile", "-i"]
            }
            Self::Zsh => {
                m.file(".zshrc", ZSHRC);
                script("functions/_pluton", "zsh");
                &["-i"]
            }
            Self::Fish => {
                m.file(".config/fish/config.fish", CONFIG_FISH);
                script(".config/fish/completions/pluton.fish", "fish");
                &["-i"]
            }
            Self::Elvish => {
                m.file(".config/elvish/rc.elv", RC_ELV);
                &[]
            }
        };
        let mut command = m.command(self.program());
        command.args(args);
        command
    }
}
