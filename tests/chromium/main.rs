//! The sign-in as a person's browser goes through it: a Chromium without a window, Box's page, and the page at the end.

#[path = "../support/mod.rs"]
mod support;

mod browser;
mod driver;
mod pages;
mod sight;
mod sign_in;
mod signing_in;
