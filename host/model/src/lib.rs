//! Plain data of Palisade: alerts, assets, plugins, actions and runs.
//!
//! Everything else in the host imports this crate; it imports nothing of the host and does no I/O. What is persisted
//! or answered over HTTP is one of these types as JSON.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod action;
pub mod alert;
pub mod approval;
pub mod asset;
pub mod audit;
pub mod earlier;
mod hex;
pub mod journal;
pub mod limits;
pub mod list;
pub mod name;
pub mod playbook;
pub mod plugin;
pub mod prompt;
pub mod run;
pub mod signer;
pub mod undo;
pub mod user;

pub use hex::{hex, unhex};
pub use jiff::{SignedDuration, Timestamp};
