//! Which of the user's variables must not reach an rclone that proves a section.

use std::ffi::OsString;

const SECTION: [&str; 2] = ["BOX_", "CONFIG_"];
const FOREIGN: [&str; 3] = ["CONFIG", "PASSWORD_COMMAND", "ASK_PASSWORD"];
const OUTPUT: [&str; 14] = [
    "LOG_FILE",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "LOG_SYSTEMD",
    "USE_JSON_LOG",
    "SYSLOG",
    "SYSLOG_FACILITY",
    "VERBOSE",
    "QUIET",
    "DUMP",
    "DUMP_BODIES",
    "DUMP_HEADERS",
    "PROGRESS",
    "INTERACTIVE",
];
// A second rclone with these would find its port taken, or change nothing while it says it did.
const SIDE_EFFECTS: [&str; 4] = ["RC", "RC_ADDR", "METRICS_ADDR", "DRY_RUN"];

/// Variables that would stand in for the section, send rclone's words elsewhere, or print secrets among them.
/// Proxies, certificates and every other `RCLONE_*` setting pass.
pub(super) fn masking() -> Vec<OsString> {
    std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_str().is_some_and(masks)).collect()
}

pub(crate) fn masks(name: &str) -> bool {
    // Windows does not tell upper from lower case here, and rclone asks for upper case.
    let name = name.to_ascii_uppercase();
    let Some(setting) = name.strip_prefix("RCLONE_") else { return false };
    SECTION.iter().any(|prefix| setting.starts_with(prefix))
        || [&FOREIGN[..], &OUTPUT, &SIDE_EFFECTS].iter().any(|list| list.contains(&setting))
}

#[cfg(test)]
mod tests {
    use super::masks;

    #[test]
    fn only_what_masks_or_leaks_is_held_back() {
        for name in
            ["RCLONE_BOX_TOKEN", "RCLONE_CONFIG_MY_BOX_TOKEN", "RCLONE_CONFIG", "RCLONE_DUMP", "rclone_log_file"]
        {
            assert!(masks(name), "{name}");
        }
        for name in
            ["RCLONE_CA_CERT", "HTTPS_PROXY", "RCLONE_BIND", "RCLONE_TPSLIMIT", "RCLONE_USER_AGENT", "BOX_TOKEN"]
        {
            assert!(!masks(name), "{name}");
        }
    }
}
