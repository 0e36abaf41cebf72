//! One sign-in: pluton in a terminal, the browser on Box's page.

use std::fs::File;
use std::path::Path;

use box_sandbox::{Sandbox, authorize_port};

use crate::browser::Browser;
use crate::support::session::Session;
use crate::support::{Machine, skip};

pub(crate) struct SignIn {
    pub(crate) pluton: Session,
    pub(crate) browser: Browser,
    pub(crate) m: Machine,
    /// The last to go.
    _port: File,
}

impl SignIn {
    /// pluton shows its link and waits. None where there is no Chromium.
    pub(crate) fn waiting(rclone: &Path) -> Option<Self> {
        let m = Machine::with(Sandbox::start(), rclone);
        m.sandbox.change(|settings| settings.consent_page = true);
        let browser = Browser::start(&m.sandbox).map_err(|why| skip(&format!("{why:#}"))).ok()?;
        let port = authorize_port();
        let pluton = m.asks("Box --authorize --no-browser --no-input");
        Some(Self { pluton, browser, m, _port: port })
    }

    /// The same, and the link is open in the browser: Box asks.
    pub(crate) fn asked(rclone: &Path) -> Option<Self> {
        let mut this = Self::waiting(rclone)?;
        let link = this.link();
        this.browser.opens(&link);
        assert_eq!(this.browser.reads("h1"), "Grant access to Box");
        Some(this)
    }

    /// The same on the page that the browser ends on, once the person has pressed Grant or Deny.
    pub(crate) fn decided(rclone: &Path, grant: bool) -> Option<Self> {
        let this = Self::asked(rclone)?;
        let (button, parameter) =
            if grant { ("Grant access to Box", "code=") } else { ("Deny access to Box", "error=access_denied") };
        this.browser.presses(button);
        this.browser.is_back_with(parameter);
        Some(this)
    }

    pub(crate) fn link(&mut self) -> String {
        format!("http://127.0.0.1:53682/{}", self.pluton.reads("http://127.0.0.1:53682/"))
    }
}
