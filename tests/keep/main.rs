//! Keeping storages connected: what a user may rely on after `add`.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod authorize;
mod backup;
mod batch;
mod downloads;
mod edit;
mod faults;
mod grant_key;
mod hostile;
mod in_flight;
mod interrupted;
mod keeper;
mod life;
mod read_only;
mod refresh;
mod remove;
mod rename;
mod restore;
mod run;
mod sharing;
mod show;
mod shutdown;
mod slow;
mod timers;
mod verify;
mod waiting;
