//! What a Box storage is: its name, sign-in, token and options, and the section they become. Starts no program, writes no
//! file and talks to no network.

pub(crate) mod name;
pub(crate) mod options;
pub(crate) mod section;
pub(crate) mod sign_in;
pub(crate) mod token;
