//! The caller's own account, and looking up those of the enterprise.

use serde_json::{Value, json};

use super::items::number;
use super::{Call, Outcome, insufficient_scope};
use crate::apps::ENTERPRISE_ID;
use crate::request::Answer;

/// Given only to who asks for them by name.
const HIDDEN: &[&str] = &["role", "enterprise"];

impl Call<'_> {
    pub(super) fn me(&self) -> Answer {
        Answer::json(200, &self.user(&self.user_id))
    }

    /// The users whose name or login starts with `filter_term`; for apps that may manage users.
    pub(super) fn users(&self) -> Outcome {
        if !self.manage_users {
            return Err(insufficient_scope());
        }
        let wanted = self.request.parameter("filter_term").to_lowercase();
        let starts = |text: &str| text.to_lowercase().starts_with(&wanted);
        let found = self.state.users.iter().filter(|(_, user)| starts(&user.name) || starts(&user.login));
        self.page(found.map(|(id, _)| self.user(id)).collect())
    }

    fn user(&self, id: &str) -> Value {
        let user = &self.state.users[id];
        let number = |bytes| number(self.state, bytes);
        let whole = json!({
            "type": "user",
            "id": id,
            "name": user.name,
            "login": user.login,
            "created_at": "2020-01-01T00:00:00-08:00",
            "modified_at": "2024-01-01T00:00:00-08:00",
            "language": "en",
            "timezone": "America/Los_Angeles",
            "space_amount": number(user.space_amount),
            "space_used": number(user.space_used + self.state.tree.used(id)),
            "max_upload_size": number(user.max_upload_size),
            "status": "active",
            "job_title": "",
            "phone": "",
            "address": "",
            "avatar_url": format!("https://app.box.com/api/avatar/large/{id}"),
            "role": "user",
            "enterprise": { "type": "enterprise", "id": ENTERPRISE_ID, "name": user.enterprise_name },
        });
        self.chosen(whole, HIDDEN)
    }
}
