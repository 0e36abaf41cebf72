//! Whom a token speaks for, as `GET /users/me` says it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

/// Whom a token speaks for, and what the account can hold. Sizes in bytes; text that Box does not tell is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) login: String,
    /// Absent where Box sets no limit, or tells none.
    pub(crate) space_amount: Option<u64>,
    pub(crate) space_used: Option<u64>,
    pub(crate) max_upload_size: Option<u64>,
    pub(crate) enterprise: Option<Enterprise>,
    /// What others share with a service account that has no root folder set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) shared_folders: Vec<Folder>,
    /// Fields that Box sent in a form that nobody can read.
    #[serde(skip)]
    pub(crate) unclear: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Enterprise {
    pub(crate) id: String,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub(crate) struct Folder {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Folder {
    pub(super) fn all_in(answer: &Json) -> Vec<Self> {
        let items = answer["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().filter(|item| item["type"] == "folder").filter_map(Self::read).collect()
    }

    fn read(item: &Json) -> Option<Self> {
        Some(Self { id: text(&item["id"])?, name: text(&item["name"])? })
    }
}

/// What is in an account's root.
#[derive(Debug, Default)]
pub(crate) struct Root {
    pub(crate) is_empty: bool,
    pub(crate) shared: Vec<Folder>,
}

impl Root {
    pub(super) fn read(answer: &Json, account: &Account) -> Self {
        let Some(items) = answer["entries"].as_array() else { return Self::default() };
        let is_shared = |item: &&Json| {
            item["type"] == "folder" && text(&item["owned_by"]["id"]).is_some_and(|owner| owner != account.id)
        };
        Self { is_empty: items.is_empty(), shared: items.iter().filter(is_shared).filter_map(Folder::read).collect() }
    }
}

impl Account {
    pub(crate) const FIELDS: &str = "id,name,login,space_amount,space_used,max_upload_size,enterprise,role";

    /// Each field by itself, so that one which is missing or odd hides no other. `None` where this is no account.
    pub(super) fn read(answer: &Json) -> Option<Self> {
        let mut account = Self {
            enterprise: answer["enterprise"].as_object().map(|_| Enterprise {
                id: text(&answer["enterprise"]["id"]).unwrap_or_default(),
                name: text(&answer["enterprise"]["name"]).unwrap_or_default(),
            }),
            ..Self::default()
        };
        let texts = [("id", &mut account.id), ("name", &mut account.name), ("login", &mut account.login)];
        for (key, field) in texts {
            match text(&answer[key]) {
                Some(text) => *field = text,
                None if answer[key].is_null() => {}
                None => account.unclear.push(key),
            }
        }
        let sizes = [
            ("space_amount", &mut account.space_amount),
            ("space_used", &mut account.space_used),
            ("max_upload_size", &mut account.max_upload_size),
        ];
        for (key, field) in sizes {
            *field = number(&answer[key]);
            // Box writes "no limit" as a negative number.
            let is_unlimited = key != "space_used" && answer[key].as_f64().is_some_and(|size| size < 0.0);
            if field.is_none() && !answer[key].is_null() && !is_unlimited {
                account.unclear.push(key);
            }
        }
        (!account.id.is_empty() || !account.login.is_empty()).then_some(account)
    }

    /// How much of the space is used, in percent, rounded down.
    pub(crate) fn percent_used(&self) -> Option<u64> {
        let (used, space) = (u128::from(self.space_used?), u128::from(self.space_amount?));
        u64::try_from(used * 100 / space.max(1)).ok()
    }

    /// Box makes these logins up for apps.
    pub(crate) fn is_service_account(&self) -> bool {
        self.login.ends_with("@boxdevedition.com")
    }
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A size or a time as Box may write it: `1073741824`, `1.0e+18`, or either as text.
pub(super) fn number(value: &Json) -> Option<u64> {
    let float = match value {
        Json::Number(number) if number.is_u64() => return number.as_u64(),
        Json::Number(number) => number.as_f64()?,
        Json::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "what is too large is cut to the largest"
    )]
    (float >= 0.0).then_some(float as u64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Account, number};

    #[test]
    fn numbers_are_read_as_box_writes_them() {
        for (sent, read) in [
            ("0", Some(0)),
            ("1073741824", Some(1 << 30)),
            ("1.0e+18", Some(1_000_000_000_000_000_000)),
            ("1.0034576983313e+14", Some(100_345_769_833_130)),
            ("12.0", Some(12)),
            ("1e300", Some(u64::MAX)),
            ("\"1.0e+18\"", Some(1_000_000_000_000_000_000)),
            ("-1", None),
            ("null", None),
            ("\"much\"", None),
            ("[1]", None),
        ] {
            assert_eq!(number(&serde_json::from_str(sent).expect("JSON")), read, "{sent}");
        }
    }

    #[test]
    fn a_field_that_is_odd_hides_no_other() {
        let good = json!({"id": "1", "name": "A", "login": "a@b.c", "space_amount": 1, "space_used": 1, "max_upload_size": 1,
            "enterprise": {"id": "2", "name": "B"}});
        let odd = [json!([1]), json!("much"), json!({}), json!(true), json!(-1), json!(null)];
        for key in good.as_object().expect("an object").keys() {
            for odd in &odd {
                let mut answer = good.clone();
                answer[key] = odd.clone();
                let account = Account::read(&answer).expect("an account");
                let fields = serde_json::to_value(&account).expect("JSON");
                for (other, value) in good.as_object().expect("an object").iter().filter(|(other, _)| *other != key) {
                    assert_eq!(&fields[other], value, "{key} as {odd}");
                }
            }
        }
        for nothing in [json!({}), json!([]), json!(null), json!({"type": "error"}), json!({"id": null})] {
            assert_eq!(Account::read(&nothing), None, "{nothing}");
        }
        let unlimited = json!({"id": "1", "space_amount": -1, "space_used": "much"});
        assert_eq!(Account::read(&unlimited).expect("an account").unclear, ["space_used"]);
    }
}
