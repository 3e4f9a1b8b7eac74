//! What strangers send, read by the crate alone.
#![allow(clippy::unwrap_used)]

mod minisign;
mod properties;
mod samples;
mod sections;
mod signatures;
mod trust;
mod untrusted;
