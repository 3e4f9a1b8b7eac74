//! The sandbox: compiles, loads and calls components, each call in a fresh instance within limits.
//!
//! A component arrives as bytes that nobody trusts. [`Sandbox::compile`] turns them into machine code in a child
//! process with bounds on time and memory, [`Sandbox::describe`] asks the component what it is, in an instance that can
//! reach nothing, and checks the answer. From then on a [`Connector`] or a [`Playbook`] is ready to be called: the
//! artefact is loaded, its imports are linked, and a call costs an instance from the pool.
//!
//! What can go wrong inside an instance (a loop, memory, stack, a panic, an answer that breaks its own schema) ends as
//! an error of that one call, which names plugin and cause; the store is thrown away, and nothing else notices.
//!
//! This is the only crate of the host that may use `unsafe`; it does so in one place, `artefacts.rs`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod artefacts;
mod compile;
mod connector;
mod describe;
mod fault;
mod guest;
mod manifest;
mod playbook;
mod sandbox;
mod schema;
mod shelf;
mod versions;
mod wasi;
mod wit;

pub use compile::{CompileError, Purpose, compile_in_this_process};
pub use connector::{Connector, Invocation, Invoked, LogLine, Outcome, Verdict, Verified};
pub use fault::Fault;
pub use manifest::{ManifestError, defaults};
pub use playbook::{AskPrompt, BoxFuture, Halt, Playbook, RunHost, StartAction, Stop};
pub use sandbox::{Allocation, LoadError, Sandbox, SandboxOptions, SetupError};
pub use schema::{Schema, SchemaError};
pub use shelf::{Cache, Compiled};
pub use wit::{RANDOM_BYTES, now, random_bytes};
