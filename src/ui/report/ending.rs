//! How `add` and `authorize` end: what to type next, which depends on what keeps the storage signed in.

use super::{Outcome, Saved, Timer};
use crate::storage::sign_in::Lasting;

/// Nothing is said of what ends with its token: the warning comes last.
pub(super) fn next(added: &Saved) -> String {
    let name = &added.storage.name;
    let config = (!added.is_default_config).then(|| added.storage.rclone_config.display());
    let is_signed_in = matches!(added.outcome, Outcome::Added | Outcome::Replaced | Outcome::Authorized);
    match added.lasting {
        _ if !is_signed_in => String::new(),
        Lasting::Ends => String::new(),
        Lasting::ByRclone if !added.verified.refreshed => {
            let config = config.map(|path| format!(" --rclone-config '{path}'")).unwrap_or_default();
            format!(
                "\nNot tested: whether the sign-in can be renewed. To test it:\n    pluton storage verify --renew \"{name}\"{config}\n"
            )
        }
        Lasting::ByRclone => {
            let before = config.map(|path| format!("RCLONE_CONFIG='{path}' ")).unwrap_or_default();
            format!(
                "\nReady for backups. For example:\n    {before}restic -r \"rclone:{name}:restic\" init\n    \
                 {before}rclone copy ~/Documents \"{name}:Documents\"\n"
            )
        }
        Lasting::ByPluton => {
            let timer = added.timer.as_ref().map(timer).unwrap_or_default();
            let config = config.map(|path| format!(" --rclone-config '{path}'")).unwrap_or_default();
            format!(
                "{timer}\nStart backups through pluton, which keeps this sign-in renewed until they end. For example:\n    \
                 pluton run \"{name}\"{config} -- restic -r \"rclone:{name}:restic\" init\n"
            )
        }
    }
}

fn timer(Timer { place, installed, remove }: &Timer) -> String {
    let did = if *installed { "Installed a timer that renews it every 20 minutes" } else { "Renewed by what is there" };
    let remove = remove.map(|command| format!("\nTo remove the timer:\n    {command}\n")).unwrap_or_default();
    let linger = if place.contains("of systemd") {
        "\nWhile nobody is logged in, it runs only after:\n    loginctl enable-linger\n"
    } else {
        ""
    };
    format!("✓ {did}: {place}\n{remove}{linger}")
}
