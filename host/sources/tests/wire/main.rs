//! What is fetched over a real connection, from servers that lie.
#![allow(clippy::unwrap_used)]

mod credentials;
mod https;
mod lies;
mod server;
mod slow;
