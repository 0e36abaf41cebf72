//! Many storages and many machines: `apply`, `export` and `doctor`, with the real rclones against the loopback Box.

#[path = "../support/mod.rs"]
mod support;

mod apply;
mod apply_state;
mod doctor;
mod export;
mod installing;
mod json;
mod recipes;
