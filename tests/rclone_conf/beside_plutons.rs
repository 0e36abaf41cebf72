//! Many plutons write one rclone.conf at once, and none loses what another wrote.

use std::thread;

use crate::ODD;
use crate::support::{Args, Machine, refresh_token};

#[test]
fn adds_at_once_all_land_in_a_file_that_is_there_or_not() {
    for (before, count) in [(Some(ODD), 50), (None, 12)] {
        let m = Machine::new();
        if let Some(before) = before {
            m.write_config(before);
        }
        let tokens: Vec<_> = (0..count).map(|number| (format!("box {number}"), m.mint())).collect();
        thread::scope(|scope| {
            for (name, token) in &tokens {
                let m = &m;
                scope.spawn(move || m.put(token, [name].and("--no-input")).ok());
            }
        });
        assert!(m.config_text().starts_with(before.unwrap_or_default()));
        let dump = m.dump();
        assert_eq!(dump.as_object().expect("sections").len(), count + usize::from(before.is_some()));
        for (name, token) in &tokens {
            assert_eq!(refresh_token(&dump, name), token.refresh);
        }
        assert!(before.is_some() || m.mode(m.config()) == 0o600);
        m.nothing_beside();
        assert!(m.staged().is_empty());
    }
}

#[test]
fn of_adds_of_one_name_one_lands_and_the_others_say_so() {
    let m = Machine::new();
    let tokens: Vec<_> = (0..8).map(|_| m.mint()).collect();
    let codes: Vec<i32> = thread::scope(|scope| {
        let runs: Vec<_> = tokens.iter().map(|token| scope.spawn(|| m.put(token, "box").code)).collect();
        runs.into_iter().map(|run| run.join().expect("it ran")).collect()
    });
    let landed: Vec<_> = codes.iter().zip(&tokens).filter(|(code, _)| **code == 0).collect();
    assert_eq!(landed.len(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| [0, 5].contains(code)), "{codes:?}");
    assert_eq!(refresh_token(&m.dump(), "box"), landed[0].1.refresh);
}
