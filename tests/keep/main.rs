//! Storages that stay connected: what a user may rely on after `add`, for as long as the storage lives.

#[path = "../support/mod.rs"]
mod support;

mod a_life_long;
mod account;
mod ahead;
mod authorize;
mod backup;
mod downloads;
mod edit;
mod ending;
mod faults;
mod grant_key;
mod hostile;
mod in_flight;
mod interrupted;
mod life;
mod read_only;
mod refresh;
mod rehearsal;
mod remove;
mod rename;
mod run;
mod sharing;
mod show;
mod timers;
mod together;
mod verify;
mod waiting;
