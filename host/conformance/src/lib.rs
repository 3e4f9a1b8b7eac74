//! What a plugin must hold to, tried on the plugin itself, without a host.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cassette;
pub mod limits;
