//! `--authorize`: a sign-in through a browser on this machine, which a script drives.

use std::net::TcpListener;

use box_sandbox::{Page, Sandbox, authorize_port};

use crate::ODD;
use crate::support::{Args, Machine, Waiting, interrupt, wait_for, wait_until_gone, with_each};

fn start(m: &Machine, args: impl Args) -> Waiting {
    Waiting::start(m, "storage add box --authorize".and(args))
}

/// Each rclone in turn: only one at a time can wait on the port.
fn in_turn(test: impl Fn(Machine)) {
    let _port = authorize_port();
    for binary in box_sandbox::rclone::both() {
        test(Machine::with(Sandbox::start(), &binary));
    }
}

pub(crate) fn went_through(page: &Page) {
    assert!(page.visited.iter().any(|url| url.starts_with("http://127.0.0.1:53682/?code=")), "{page:?}");
}

#[test]
fn quick_connect_goes_through_the_browser_and_is_proven() {
    in_turn(|m| {
        m.log_children();
        let waiting = start(&m, "Box --no-browser");
        went_through(&m.sandbox.browse(&waiting.link));
        let ran = waiting.end().ok().says("Open this link").prints("[Box]");
        let live = m.refresh_token("Box");
        assert!(!ran.stdout.contains(&live) && !ran.stderr.contains(&live), "{ran:?}");
        let children = m.children();
        let at_work: Vec<_> = children.iter().filter(|child| !child.ends_with(" version")).collect();
        assert_eq!(at_work.len(), 2, "{children:?}");
        assert!(at_work[0].contains(" authorize box ") && at_work[1].contains(" lsd Box: "), "{children:?}");
        m.works_after_an_hour("Box");
        m.leaves_only_rclone_conf();
    });
}

#[test]
fn an_own_app_goes_through_the_browser_and_its_secret_through_no_argument() {
    in_turn(|m| {
        m.log_children();
        let app = m.sandbox.own_app();
        m.file("secret", &app.client_secret);
        let args = ["own", "--no-browser", "--client-id", &app.client_id, "--client-secret-file", "secret", "--json"];
        let waiting = start(&m, args);
        let page = m.sandbox.browse(&waiting.link);
        went_through(&page);
        assert!(page.visited.iter().any(|url| url.contains(&app.client_id)), "{page:?}");
        let ran = waiting.end().ok().omits(&app.client_secret);
        assert_eq!(ran.document()["storage"]["sign_in"], "own-app");
        let live = m.refresh_token("own");
        for child in m.children() {
            assert!(!child.contains(&app.client_secret) && !child.contains(&live), "{child}");
        }
        assert_eq!(m.dump()["own"]["client_id"], app.client_id.as_str());
        m.works_after_an_hour("own");
    });
}

#[test]
fn ctrl_c_while_waiting_is_exit_130_and_frees_the_port() {
    in_turn(|m| {
        m.write_config(ODD);
        m.log_children();
        let waiting = start(&m, "Box --no-browser");
        interrupt(&waiting.child);
        waiting.end().fails(130);
        for child in m.children() {
            wait_until_gone(child.split(' ').next().expect("a process ID"));
        }
        wait_for("the free port", || TcpListener::bind("127.0.0.1:53682").ok());
        assert_eq!(m.config_text(), ODD);
        assert_eq!(m.staged(), Vec::<String>::new());
    });
}

#[test]
fn the_browser_gets_the_link() {
    let _port = authorize_port();
    let m = Machine::new();
    m.script("xdg-open", "printf '%s\\n' \"$@\" > \"$0.link.new\"; mv \"$0.link.new\" \"$0.link\"");
    let waiting = start(&m, "Box");
    let opened = wait_for("the opened link", || std::fs::read_to_string(m.beside("xdg-open.link")).ok());
    assert_eq!(opened.trim(), waiting.link);
    went_through(&m.sandbox.browse(&waiting.link));
    waiting.end().ok();
    m.works_after_an_hour("Box");
}

#[test]
fn no_program_of_the_current_directory_gets_the_link() {
    let _port = authorize_port();
    let mut m = Machine::new();
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "wslview"] {
        m.script(name, "echo \"$@\" > \"$HOME/trapped\"");
        std::fs::rename(m.beside(name), m.at(name)).expect("a trap");
    }
    let good = m.at("bin").display().to_string();
    m.set("PATH", format!(":.:{good}:/usr/bin:/bin"));
    let waiting = start(&m, "Box");
    went_through(&m.sandbox.browse(&waiting.link));
    waiting.end().ok();
    assert!(!m.exists("trapped"));
}

#[test]
fn variables_of_rclone_s_do_not_stand_in_for_the_browser_s_answers() {
    let _port = authorize_port();
    let mut m = Machine::new();
    m.set("RCLONE_BOX_CLIENT_ID", "nosuchclient").set("RCLONE_BOX_CLIENT_SECRET", "x");
    m.set("RCLONE_CONFIG", m.at("mine.conf"));
    let waiting = start(&m, "Box --no-browser");
    let page = m.sandbox.browse(&waiting.link);
    assert!(!page.visited.iter().any(|url| url.contains("nosuchclient")), "{page:?}");
    waiting.end().ok();
    m.unset("RCLONE_BOX_CLIENT_ID").unset("RCLONE_BOX_CLIENT_SECRET");
    assert_eq!(m.lists("Box").len(), 3);
}

#[test]
fn a_renewal_that_fails_after_the_browser_keeps_rclone_conf() {
    with_each(|m| {
        let _port = authorize_port();
        m.write_config(ODD);
        let waiting = start(&m, "Box --no-browser --root-folder-id 4711");
        went_through(&m.sandbox.browse(&waiting.link));
        let ran = waiting.end().fails(7);
        assert_eq!(m.config_text(), ODD);
        let kept = m.at(m.kept()).display().to_string();
        assert!(ran.stderr.contains(&kept), "{ran:?}");
        m.pluton(["storage", "add", "box", "Box", "--token-file", &kept]).ok();
        m.works_after_an_hour("Box");
    });
}
