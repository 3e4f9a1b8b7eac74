//! Secrets at rest: sealed with a key file that lives outside the database.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod secret;

pub use secret::{NotASecret, Secret};
