//! `pluton doctor --fix` asks before it fixes anything.

use crate::support::Machine;

#[test]
fn what_is_to_be_mended_is_asked_before() {
    let m = Machine::new();
    m.write_config("[here]\ntype = local\n");
    let config = m.config();
    m.chmod(&config, 0o644);
    for (answer, mode) in [("n", 0o644), ("y", 0o600)] {
        let mut session = m.session_in(80, "doctor --offline --fix");
        session.answers("Make it private? [y/N]", answer).ends();
        assert_eq!(m.mode(&config), mode, "{answer}");
    }
}
