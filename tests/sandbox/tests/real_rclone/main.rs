//! What one may rely on: the real rclone, both versions, against the sandbox.

mod authorize;
mod faults;
mod oauth;
mod scopes;
mod service_accounts;
mod storage;
mod support;
