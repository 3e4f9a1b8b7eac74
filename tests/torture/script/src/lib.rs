//! A playbook that does what its alert says: it interprets the [`Program`] in an artifact.
//!
//! Off wasm it is only the type of a program, for tests that write one.

#[cfg(target_arch = "wasm32")]
mod interpreter;
mod program;
#[cfg(target_arch = "wasm32")]
mod seen;

pub use program::{End, FIELD, Kind, OFFENDERS, Operation, Program, Severity, WATCHED};
