//! Components in the sandbox, within this process: hostile ones, and the connectors against the lab.
#![allow(clippy::unwrap_used)]

mod bound;
mod checks;
mod compatibility;
mod components;
mod conformance;
mod connectors;
mod descriptions;
mod flow;
mod keeping;
mod misdeeds;
mod pages;
mod python;
mod recording;
mod requests;
mod server;
mod verdicts;
mod wasi;
