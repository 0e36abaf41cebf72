//! The sign-in in a real browser: a headless Chromium, Box's page, and the page that the browser ends on.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod driver;
mod pages;
mod sight;
mod sign_in;
mod signing_in;
