//! Runs the tests that mostly wait for tokens to expire in parallel, so that they wait together.

use std::thread;

use crate::{backup, faults, keeper, read_only};

const LONG: [(&str, fn()); 5] = [
    (
        "a command far longer than its token never sees it end",
        keeper::a_command_far_longer_than_its_token_never_sees_it_end,
    ),
    ("backups go on across the ends of tokens", backup::backups_go_on_across_the_ends_of_tokens),
    (
        "a command outlives an hour without Box",
        faults::a_command_outlives_an_hour_without_box_and_is_signed_in_again_after_it,
    ),
    ("a refusal in the middle is told once", faults::a_refusal_in_the_middle_is_told_once_and_the_command_goes_on),
    ("a run works on a private copy", read_only::a_run_works_on_a_private_copy_and_says_what_that_means),
];

#[test]
fn what_takes_longer_than_a_token_lives() {
    let failed: Vec<&str> = thread::scope(|scope| {
        let started = LONG.map(|(name, test)| {
            (name, thread::Builder::new().name(name.into()).spawn_scoped(scope, test).expect("a thread"))
        });
        started.into_iter().filter_map(|(name, test)| test.join().is_err().then_some(name)).collect()
    });
    assert!(failed.is_empty(), "{failed:?}");
}
