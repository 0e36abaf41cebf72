//! Whether Box can be reached, by name, through the proxy, with a trusted certificate; and what its clock says.

use std::thread;
use std::time::Duration;

use crate::box_api::{self, Refused};
use crate::diagnosis::{self, Doing, Evidence, Operation};
use crate::error::Result;
use crate::storage::sign_in::Kind;
use crate::ui::report::Finding;

const LIMIT: Duration = Duration::from_secs(8);
/// Box gives a JWT 60 seconds; rclone's own lives 45.
const SKEW: i64 = 10;
/// The last one is for downloads only: without it backups pass and restores fail.
const HOSTS: [&str; 5] = ["api.box.com", "upload.box.com", "account.box.com", "app.box.com", "dl.boxcloud.com"];

pub(super) fn look() -> Result<Vec<Finding>> {
    let probes = HOSTS.map(|host| (host, thread::spawn(move || box_api::reach(host, LIMIT))));
    let mut findings = Vec::new();
    let mut offset = None;
    for (host, probe) in probes {
        match probe.join() {
            Ok(answer) => match answer? {
                Ok(skew) => {
                    findings.push(Finding::good("network", format!("{host} answers")));
                    offset = offset.or(skew);
                }
                Err(refused) => findings.push(unreachable(host, &refused)),
            },
            Err(_) => findings.push(Finding::bad("network", format!("{host} could not be tried"))),
        }
    }
    findings.extend(offset.map(clock));
    Ok(findings)
}

fn unreachable(host: &str, refused: &Refused) -> Finding {
    let asked = Operation::new(Doing::Listing, host, Kind::Quick);
    let shown = crate::scrub::scrub(&refused.0, &[]);
    let error = diagnosis::diagnose(&asked, &Evidence::answer(&refused.0, &shown));
    let said = error.detail.clone().unwrap_or_default();
    let message = format!("{host}: {} ({said})", error.message);
    let finding = Finding { message, ..Finding::from_error("network", error) };
    if host.ends_with("boxcloud.com") {
        finding.hint("without it backups pass and restores fail: have *.boxcloud.com allowed on port 443")
    } else {
        finding
    }
}

/// Positive: this machine is behind.
fn clock(offset: i64) -> Finding {
    if offset.abs() <= SKEW {
        return Finding::good("clock", "agrees with Box's");
    }
    let way = if offset > 0 { "behind" } else { "ahead of" };
    Finding::bad(
        "clock",
        format!("this machine's clock is {} seconds {way} Box's; service accounts cannot sign in", offset.abs()),
    )
    .hint_run("timedatectl set-ntp true")
}
