//! The HTTP edge: alerts come in, and people and programs look at what became of them.
//!
//! `/ingest/…` takes alerts from sources (`ingest`), `/api/v1/…` answers the command line and programs (`api`). Every
//! refusal, whoever makes it, is one problem document (`problem.rs`); the one conversion from the host's errors to HTTP
//! lives there.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod caller;
mod extract;
mod finish;
mod head;
mod ingest;
pub mod limits;
mod logins;
mod problem;
mod server;
mod tokens;
mod users;

pub use server::{ServeError, Server, ServerOptions};
pub use tokens::{NewTokens, TokenError};
