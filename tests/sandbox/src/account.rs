//! The people and service accounts Box knows, and what their plan allows.

/// A Box user as `GET /2.0/users/me` shows it. All sizes are bytes.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub login: String,
    /// The whole quota; uploads beyond it are refused.
    pub space_amount: u64,
    /// Used before the sandbox started; files uploaded to it are added.
    pub space_used: u64,
    /// The largest file this plan takes.
    pub max_upload_size: u64,
    pub enterprise_name: String,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            name: "Test Person".to_owned(),
            login: "person@example.com".to_owned(),
            space_amount: 10 << 30,
            space_used: 0,
            max_upload_size: 250 << 20,
            enterprise_name: "Example Ltd".to_owned(),
        }
    }
}

impl Account {
    /// The account a server app acts as: its own quota, its own empty tree.
    pub(crate) fn service(user_id: &str) -> Self {
        Self {
            name: "Service account".to_owned(),
            login: format!("AutomationUser_{user_id}@boxdevedition.com"),
            ..Self::default()
        }
    }
}
