//! `rclone authorize box`: a person signs in with a browser on this machine, and rclone prints the token. Writes one
//! temporary file, the page that the browser ends on.

#![expect(clippy::disallowed_methods, reason = "the page is no secret, and a file of this run only")]

use std::io::Write as _;
use std::time::Duration;

use tempfile::NamedTempFile;

use super::Rclone;
use crate::error::Result;
use crate::process::{Outcome, Supervision};
use crate::storage::sign_in::App;

/// How long a person may take in the browser.
pub(crate) const LIMIT: Duration = Duration::from_secs(300);

/// A Go template. It loads nothing from the network.
const PAGE: &[u8] = include_bytes!("page.html");
const TAKES_A_PAGE: (u32, u32) = (1, 62);

pub(crate) struct Authorize<'a> {
    pub(crate) app: Option<&'a App>,
    pub(crate) auth_url: Option<&'a str>,
    pub(crate) token_url: Option<&'a str>,
}

impl Rclone {
    /// Runs the sign-in to its end; `on_link` gets the address to open as soon as rclone listens there.
    pub(crate) fn authorize(&self, ask: &Authorize<'_>, on_link: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let mut command = self.command(None);
        command.args(["authorize", "box", "--auth-no-open-browser"]);
        let page = self.page()?;
        if let Some(page) = &page {
            command.arg("--template").arg(page.path());
        }
        if let Some(app) = ask.app {
            command.env("RCLONE_BOX_CLIENT_ID", &app.client_id);
            command.env("RCLONE_BOX_CLIENT_SECRET", app.client_secret.expose());
        }
        command.envs(ask.auth_url.map(|url| ("RCLONE_BOX_AUTH_URL", url)));
        command.envs(ask.token_url.map(|url| ("RCLONE_BOX_TOKEN_URL", url)));
        let mut how = Supervision::within(LIMIT);
        how.on_stderr = Box::new(|line| {
            if let Some(link) = link_in(line) {
                on_link(link);
            }
        });
        self.run(&mut command, None, how)
    }

    /// The page that the browser ends on, where this rclone takes one. Removed with the value.
    fn page(&self) -> Result<Option<NamedTempFile>> {
        let version = self.version()?;
        if (version.0, version.1) < TAKES_A_PAGE {
            return Ok(None);
        }
        // If it cannot be written, rclone shows its own page.
        let written = NamedTempFile::with_suffix(".html").and_then(|mut file| file.write_all(PAGE).map(|()| file));
        Ok(written.ok())
    }
}

fn link_in(line: &str) -> Option<&str> {
    let at = line.find("http://127.0.0.1:53682/auth?")?;
    line[at..].split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::link_in;

    #[test]
    fn the_link_is_found_in_rclone_s_notice() {
        let line =
            "2026/11/23 12:28:07 NOTICE: Please go to the following link: http://127.0.0.1:53682/auth?state=Ab_-1";
        assert_eq!(link_in(line), Some("http://127.0.0.1:53682/auth?state=Ab_-1"));
        assert_eq!(link_in("NOTICE: Waiting for code..."), None);
    }
}
