//! What was asked of the sandbox, for tests to look at afterwards.

use std::collections::BTreeMap;

use crate::exchange::Call;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The form fields of a token request; empty for other bodies.
    pub form: BTreeMap<String, String>,
    /// The status of the answer; 0 when the connection was dropped instead.
    pub status: u16,
}

impl Request {
    pub(crate) fn new(call: &Call, status: u16) -> Self {
        let headers = call.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        });
        Self {
            method: call.method.to_string(),
            host: call.host.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            headers: headers.collect(),
            form: call.form(),
            status,
        }
    }
}
