//! Secrets at rest: sealed with a key file that lives outside the database.
//!
//! A copy of the database alone gives no secret away, and neither does a backup of it as long as the key file is
//! backed up elsewhere. Each secret is sealed for one use, its context: whoever can write to the database still cannot
//! move the password of one asset into another asset that they control.
//!
//! Whoever reads both the key file and the database has the secrets; so has root.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod secret;
mod vault;

pub use error::VaultError;
pub use secret::{NotASecret, Secret};
pub use vault::Vault;
