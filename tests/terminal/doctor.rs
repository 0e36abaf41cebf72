//! `pluton doctor --fix` asks before it fixes anything.

use std::os::unix::fs::PermissionsExt;

use crate::desk::Desk;

#[test]
fn what_is_to_be_mended_is_asked_before() {
    let desk = Desk::new();
    desk.home.write_config("[here]\ntype = local\n");
    let config = desk.home.config();
    std::fs::set_permissions(&config, PermissionsExt::from_mode(0o644)).expect("a mode");
    for (answer, mode) in [("n", 0o644), ("y", 0o600)] {
        let mut session = desk.pluton(&["doctor", "--offline", "--fix"], 80);
        session.answers("Make it private? [y/N]", answer).ends();
        assert_eq!(desk.home.mode(&config), mode, "{answer}");
    }
}
