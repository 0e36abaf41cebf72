//! A pasted token is accepted in every form in which people copy it, and never shown on the screen.

use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use box_sandbox::Token;
use serde_json::json;

use crate::session::{ADVANCED, ENTER, Session};
use crate::support::Machine;

/// Longer than a terminal takes for the same paste, shorter than what means its end.
const PAUSE: Duration = Duration::from_millis(100);

/// The paste was taken whole: no question comes but the next one, and the storage works.
fn connects(m: &Machine, mut session: Session, token: &Token) {
    session.sees("Token received").answers(ADVANCED, "").sees("Advanced options").sees("no\n");
    let ended = session.ends().with(0).shows("Renewed the sign-in once").shows("Saved as [Box]");
    ended.never_showed(&token.access).never_showed(&token.refresh).never_showed("access_token");
    m.all_live("Box");
    assert!(m.staged().is_empty(), "{:?}", m.staged());
}

/// A form in which people copy a token.
type Paste = fn(&Token) -> String;

#[test]
fn a_token_is_taken_as_it_is_copied() {
    let forms: [(&str, Paste); 8] = [
        ("the three lines that rclone prints", Token::block),
        ("the JSON alone and Enter", |token| token.blob() + ENTER),
        ("lines that end as on Windows", |token| token.block().replace('\n', "\r\n")),
        ("the base64 form", |token| STANDARD_NO_PAD.encode(json!({ "token": token.blob() }).to_string()) + ENTER),
        ("the first two lines of the three", |token| token.block().replace("<---End paste\n", "")),
        ("six thousand bytes wrapped by a terminal", |token| {
            let blob = Token { access: "x".repeat(6000), ..token.clone() }.blob().into_bytes();
            let lines = blob.chunks(80).map(|line| String::from_utf8_lossy(line).into_owned());
            lines.collect::<Vec<_>>().join("\n") + ENTER
        }),
        ("six thousand bytes in one line", |token| Token { access: "x".repeat(6000), ..token.clone() }.block()),
        // No question takes what follows it for an answer.
        ("more than the token", |token| token.block() + "y\ny\ny\n"),
    ];
    thread::scope(|scope| {
        for (form, paste) in forms {
            let connect = move || {
                let m = Machine::new();
                let token = m.mint();
                let mut session = m.comes_to_the_paste();
                session.types(&paste(&token));
                connects(&m, session, &token);
            };
            thread::Builder::new().name(form.to_owned()).spawn_scoped(scope, connect).expect("a thread");
        }
    });
}

#[test]
fn a_paste_that_comes_in_pieces() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.comes_to_the_paste();
    for piece in token.block().into_bytes().chunks(24) {
        session.types(&String::from_utf8_lossy(piece));
        thread::sleep(PAUSE);
    }
    connects(&m, session, &token);
}

#[test]
fn a_paste_that_stops_in_the_middle_says_what_is_missing_and_goes_on() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.comes_to_the_paste();
    let block = token.block();
    let (beginning, rest) = block.split_once('\n').expect("lines");
    session.types(beginning).types(ENTER).sees("This is not all of it yet").types(rest);
    connects(&m, session, &token);
}

#[test]
fn half_a_paste_can_be_pasted_again() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.comes_to_the_paste();
    let blob = token.blob();
    session.types(&blob[..blob.len() / 2]).types(ENTER).sees("This is not all of it yet").types(ENTER);
    session.sees("only part of the token is here").sees("Paste it again").types(&token.block());
    connects(&m, session, &token);
}

#[test]
fn what_is_no_token_is_said_at_once() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.comes_to_the_paste();
    session.types("http://127.0.0.1:53682/auth?state=x").types(ENTER);
    session.sees("this is the link to open in the browser").sees("Paste it again").types(&token.block());
    connects(&m, session, &token);
}

#[test]
fn a_secret_from_standard_input_is_asked_for_at_a_terminal_and_stays_hidden() {
    let m = Machine::new();
    let token = m.mint();
    let mut session = m.asks("Box --token-file -");
    session.sees("Paste what `rclone authorize` printed (it stays hidden;");
    session.types(&token.block());
    session.ends().with(0).shows("Saved as [Box]").never_showed(&token.access);
    let app = m.sandbox.own_app();
    m.file("token", &m.sandbox.mint(&app.client_id).blob());
    let mut session =
        m.asks(["Own", "--client-id", &app.client_id, "--client-secret-file", "-", "--token-file", "token"]);
    session.answers("Paste the client secret (it stays hidden; Enter ends it): ", &app.client_secret);
    session.ends().with(0).shows("Saved as [Own]").never_showed(&app.client_secret);
    let ended = m.asks("No --access-token-file - --no-input").ends().with(2);
    ended.shows("--access-token-file - reads standard input, which is a terminal");
}
