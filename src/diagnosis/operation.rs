//! What was asked for when it failed, so that the words can name it.

use crate::storage::section::Section;
use crate::storage::sign_in::Kind;

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    /// `rclone authorize`, or what follows in the browser.
    Authorizing,
    /// Asking Box for a first token without a person (JWT, client credentials).
    Minting,
    /// `rclone lsd`.
    Listing,
    /// A small file, to prove that it can be.
    Writing,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation<'a> {
    pub(crate) doing: Doing,
    pub(crate) storage: &'a str,
    pub(crate) sign_in: Kind,
    /// Whether it stands in rclone.conf, so that other commands can be told to mend it.
    pub(crate) is_saved: bool,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) root_folder: Option<&'a str>,
    pub(crate) impersonate: Option<&'a str>,
    /// The path of the Box app's config.json.
    pub(crate) config_file: Option<&'a str>,
}

impl<'a> Operation<'a> {
    pub(crate) fn new(doing: Doing, storage: &'a str, sign_in: Kind) -> Self {
        Self {
            doing,
            storage,
            sign_in,
            is_saved: false,
            client_id: None,
            root_folder: None,
            impersonate: None,
            config_file: None,
        }
    }

    pub(crate) fn of(section: &'a Section, doing: Doing) -> Self {
        Self {
            doing,
            storage: section.name(),
            sign_in: section.kind(),
            is_saved: section.is_saved(),
            client_id: section.client_id(),
            root_folder: section.get("root_folder_id"),
            impersonate: section.get("impersonate"),
            config_file: section.get("box_config_file"),
        }
    }

    /// Whether an app signs in by itself, as a service account or with client credentials.
    pub(crate) fn is_unattended(&self) -> bool {
        matches!(self.sign_in, Kind::Jwt | Kind::ClientCredentials)
    }
}
