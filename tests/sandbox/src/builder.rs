//! How a sandbox is to be, before it starts.

use std::time::Duration;

use crate::Sandbox;
use crate::state::Settings;

/// Starts a sandbox that differs from the usual one.
#[derive(Clone, Debug)]
pub struct Builder {
    pub(crate) settings: Settings,
    pub(crate) port: u16,
    pub(crate) certificate_over: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            settings: Settings {
                access_token_lifetime: Duration::from_secs(3600),
                delay: Duration::ZERO,
                page_size: 1000,
                grace: std::env::var_os("BOX_SANDBOX_GRACE").is_some(),
            },
            port: 0,
            certificate_over: false,
        }
    }

    /// How long an access token lives; 3600 seconds unless set, whole seconds only.
    #[must_use]
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.access_token_lifetime = lifetime;
        self
    }

    /// How long every answer of Box waits, with the work already done.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.settings.delay = delay;
        self
    }

    /// The most items on a page of a listing, whatever the client asks for.
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.settings.page_size = items;
        self
    }

    /// Whether a used refresh token stays good, for the same pair, until the new access token is used; otherwise it works
    /// once. The variable `BOX_SANDBOX_GRACE` turns it on for a whole run of tests.
    #[must_use]
    pub fn grace(mut self, grace: bool) -> Self {
        self.settings.grace = grace;
        self
    }

    /// The port on 127.0.0.1; any free one unless set.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Box's certificate ended in 2020.
    #[must_use]
    pub fn certificate_over(mut self) -> Self {
        self.certificate_over = true;
        self
    }

    pub fn start(self) -> Sandbox {
        Sandbox::new(self)
    }
}
