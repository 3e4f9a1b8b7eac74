//! Write Palisade connectors and playbooks in Rust.
//!
//! A plugin is a library crate (`crate-type = ["cdylib", "rlib"]`) with one macro line:
//!
//! - [`connector!`] exports a [`connector::Connector`]: typed actions on one kind of system, and what they must
//!   be able to reach;
//! - [`playbook!`] exports a [`playbook::Playbook`]: a plain function that decides what to do about one alert.
//!
//! Built for `wasm32-unknown-unknown`, it is a component that imports only what it uses of the contract in `wit`.
//! Built for any other target, the imports are played by [`testing`], so that unit tests need no host.
//!
//! On `wasm32-unknown-unknown` the standard library has no time, no randomness and no output: take them from
//! [`clock`], [`random`] and [`log`]. A panic is written to the log at level `error`, then the plugin traps.
//!
//! | for | look at |
//! | --- | --- |
//! | connectors | [`connector`], then [`http`] and [`tcp`]; [`Failure`] says what the host makes of an error |
//! | playbooks | [`playbook`]; [`Report`] is what an action has found |
//! | tests | [`testing`] |
//! | an example of each feature | the directory `examples` of this crate, as its README lists them |

#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bindings;
pub mod clock;
pub mod connector;
mod export;
mod failure;
mod host;
pub mod http;
pub mod log;
pub mod playbook;
pub mod random;
mod report;
mod schema;
pub mod tcp;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

#[doc(hidden)]
pub use export::hand_panics_to_log;
pub use failure::{Failure, RateLimit, UpstreamError};
pub use report::{Report, Status};

/// The examples of the README are tested like those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
