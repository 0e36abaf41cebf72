//! What a Box storage is, before any disk or program is asked: its name, its sign-in, its token, its options, and the section they become.

pub(crate) mod jwt;
pub(crate) mod name;
pub(crate) mod options;
pub(crate) mod paste;
pub(crate) mod section;
pub(crate) mod sign_in;
pub(crate) mod token;
