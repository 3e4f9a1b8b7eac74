//! Where plugins come from: a file, an HTTPS URL, or a registry of the Open Container Initiative (OCI). And the lock file,
//! which says where each came from ([`LockFile`]).
//!
//! This runs in the process of whoever installs, never in the host: the host takes bytes. A [`Reference`] says where
//! something is ([`reference`](Reference::parse)), a [`Client`] fetches it and is the only thing here that talks to a
//! network.
//!
//! # What is promised
//!
//! - What comes from a network is named by its digest beforehand, and is that or nothing. So neither a server, nor a
//!   registry, nor whoever is between can choose what is installed.
//! - Everything is bounded while it is read, in bytes and in time, whatever was announced (`limits.rs`).
//! - Nothing is spoken in plain, except to a registry on this machine, and then only if it was asked for.
//! - Credentials go to the registry they are for, and to a token server that is on the same host or that the operator
//!   named. No redirect takes them along.
//! - No text of a server decides about a path on this machine.
//!
//! # OCI
//!
//! A plugin is in a registry as `oci-wasm` lays it out (<https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/>):
//! one manifest with one layer, the component. Its signature is an annotation of the layer, as cosign does it: so it is
//! under the pinned digest, needs no request of its own, and other tools still see one layer.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod client;
mod digest;
mod error;
mod fetched;
mod files;
mod http;
pub mod limits;
mod lock_file;
mod logins;
mod oci;
mod reference;
#[cfg(any(test, feature = "fuzzing"))]
pub mod untrusted;

pub use client::{Client, Options, Patience, Progress};
pub use digest::sha256;
pub use error::SourceError;
pub use fetched::Fetched;
pub use files::{components_in, read_component, read_signature};
pub use http::{innermost, is_this_machine};
pub use lock_file::{LockFile, Locked, NotALockFile};
pub use logins::{Login, Logins, NotAConfiguration};
pub use oci::{Artifact, OciReference};
pub use reference::{NotAReference, Reference, Remote};
