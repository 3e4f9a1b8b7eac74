//! What a plugin's file says of itself before anything in it is executed, who signed it, and whose word counts.
//!
//! A **package** is one file: the component, with its manifest and where it comes from in custom sections at its end
//! ([`Package`]). Its **signature** is a file beside it, in minisign's format ([`Signature`]). The **trust store** has the
//! keys that an operator trusts, each for plugins of some names ([`TrustStore`]).
//!
//! Nothing here does I/O or runs a guest. Everything that is read here comes from strangers, and is bounded by
//! `limits.rs`.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agreement;
pub mod limits;
mod outline;
mod package;
mod public_key;
mod secret_key;
mod signature;
mod trust;
mod versions;

pub use agreement::{Disagreement, disagreement};
pub use outline::check_preamble;
pub use package::{Facts, Package, PackageError, Sbom, digest, pack, unpack};
pub use public_key::{NotAPublicKey, PublicKey};
pub use secret_key::{KeyError, SecretKey};
pub use signature::{NotASignature, Signature};
pub use trust::{Checked, Key, NotAPattern, NotTrusted, Pattern, TrustStore, TrustStoreError};
pub use versions::Marks;
