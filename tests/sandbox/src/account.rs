//! Who owns what: the people and service accounts Box knows, and what their plan allows.

use serde_json::{Value, json};

/// The ID of the person who signs in through the browser.
pub(crate) const ACCOUNT_ID: &str = "20000000001";

/// A Box user as `GET /2.0/users/me` shows it. All sizes are bytes.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    pub login: String,
    /// `active`, `inactive`, `cannot_delete_edit` or `cannot_delete_edit_upload`.
    pub status: String,
    /// `admin`, `coadmin` or `user`.
    pub role: String,
    /// The whole quota; uploads beyond it are refused.
    pub space_amount: u64,
    /// Used before the sandbox started; files uploaded to it are added.
    pub space_used: u64,
    /// The largest file this plan takes.
    pub max_upload_size: u64,
    pub enterprise_id: String,
    pub enterprise_name: String,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            name: "Test Person".to_owned(),
            login: "person@example.com".to_owned(),
            status: "active".to_owned(),
            role: "user".to_owned(),
            space_amount: 10 << 30,
            space_used: 0,
            max_upload_size: 250 << 20,
            enterprise_id: crate::apps::ENTERPRISE_ID.to_owned(),
            enterprise_name: "Example Ltd".to_owned(),
        }
    }
}

impl Account {
    /// The account a JWT or client-credentials app acts as: its own quota, its own empty tree.
    pub(crate) fn service(user_id: &str, app_name: &str) -> Self {
        Self {
            name: app_name.to_owned(),
            login: format!("AutomationUser_{user_id}@boxdevedition.com"),
            ..Self::default()
        }
    }

    /// The user object with every field, `used` bytes of uploads included.
    pub(crate) fn describe(&self, id: &str, used: u64, floats: bool) -> Value {
        let number = |bytes| number(bytes, floats);
        json!({
            "type": "user",
            "id": id,
            "name": self.name,
            "login": self.login,
            "created_at": "2020-01-01T00:00:00-08:00",
            "modified_at": "2024-01-01T00:00:00-08:00",
            "language": "en",
            "timezone": "America/Los_Angeles",
            "space_amount": number(self.space_amount),
            "space_used": number(self.space_used + used),
            "max_upload_size": number(self.max_upload_size),
            "status": self.status,
            "job_title": "",
            "phone": "",
            "address": "",
            "avatar_url": format!("https://app.box.com/api/avatar/large/{id}"),
            "role": self.role,
            "enterprise": {
                "type": "enterprise",
                "id": self.enterprise_id,
                "name": self.enterprise_name,
            },
        })
    }
}

/// Bytes as Box writes them: from fifteen digits on a float, as in `1.0e+18`; all of them where `floats`.
#[expect(clippy::cast_precision_loss, reason = "Box loses it too")]
pub(crate) fn number(bytes: u64, floats: bool) -> Value {
    if floats || bytes >= 100_000_000_000_000 { json!(bytes as f64) } else { json!(bytes) }
}
