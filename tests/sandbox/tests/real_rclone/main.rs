//! Both versions of the real rclone work against the sandbox as they do against Box.

mod authorize;
mod faults;
mod oauth;
mod service_accounts;
mod storage;
mod support;
