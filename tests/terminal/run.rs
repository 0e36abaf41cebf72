//! `pluton run` at a terminal: one key press is one signal, and a signal sent by another process arrives.

use std::fs;

use rustix::process::Signal;

use crate::session::{CTRL_C, Session};
use crate::support::{Machine, PLUTON};

fn signed_in() -> Machine {
    let m = Machine::new();
    m.quick("Box");
    m
}

/// Counts each Ctrl-C until a file tells it to stop.
const COUNT: &str = "
import os, signal, time
count = 0
def caught(*_):
    global count
    count += 1
    open('caught', 'w').close()
signal.signal(signal.SIGINT, caught)
print('ready', flush=True)
while not os.path.exists('over'):
    time.sleep(0.05)
print('caught', count, flush=True)
";

#[test]
fn one_ctrl_c_reaches_the_command_once_also_behind_a_pipe() {
    for before in ["", "true | "] {
        let m = signed_in();
        let script = m.file("count.py", COUNT);
        let mut command = m.command("sh");
        // The shell itself is not to die of it.
        command.args(["-c", &format!("trap : INT; {before}'{PLUTON}' run Box -- python3 '{script}'")]);
        let mut session = Session::start(command.into(), 100);
        session.sees("ready").types(CTRL_C);
        m.wait_for_file("caught");
        fs::write(m.at("over"), "").expect("a file");
        session.sees("caught 1");
        session.ends();
    }
}

#[test]
fn a_signal_that_a_process_sends_reaches_the_command_at_a_terminal_too() {
    for (signal, name) in [(Signal::INT, "INT"), (Signal::QUIT, "QUIT"), (Signal::HUP, "HUP"), (Signal::TERM, "TERM")] {
        let m = signed_in();
        let script = format!("trap 'echo caught; exit 42' {name}; echo ready; while :; do sleep 0.1; done");
        let mut session = m.session(["run", "Box", "--", "sh", "-c", &script]);
        session.sees("ready").signal(signal);
        session.sees("caught");
        session.ends().with(42);
    }
}
