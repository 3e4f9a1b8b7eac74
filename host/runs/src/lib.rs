//! From an acknowledged alert to a concluded run.
//!
//! The life of an alert, top-down: [`Runs::ingest`] makes it durable and wakes `dispatch.rs`, which finds the playbooks
//! for its label and creates the runs; `run.rs` lets the playbook run and answers its calls; `action.rs` executes each
//! action it starts, with attempts and waits; `journal.rs` writes down what happened, in order. What is installed and
//! configured is one immutable [`Catalogue`]: a run keeps the one it began with.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod action;
mod catalogue;
mod dispatch;
mod install;
mod journal;
mod run;
mod runs;
mod work;

pub use catalogue::{AssetError, Catalogue, LoadedAsset, LoadedConnector, LoadedPlaybook};
pub use install::{InstallError, Removal};
pub use runs::{Ingested, Runs, RunsError, Tested};
