//! What was fetched.

use bytes::Bytes;
use palisade_model::plugin::Digest;

/// A component that is what its reference says.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The file.
    pub component: Bytes,
    /// SHA-256 of the file.
    pub digest: Digest,
    /// The signature that came with it. Nobody has checked it.
    pub signature: Option<String>,
    /// Where it came from, without anything that only whoever fetched it should know.
    pub source: String,
}
