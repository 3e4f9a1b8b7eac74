//! Digests as references and registries write them.

use palisade_model::plugin::{Digest, NotADigest};
/// What registries digest, components and manifests alike, is digested as a component is.
pub use palisade_package::digest as sha256;

/// Reads `sha256:HEX`. Registries know other algorithms; none of them is in use.
pub(crate) fn parse(text: &str) -> Result<Digest, NotADigest> {
    text.strip_prefix("sha256:").unwrap_or(text).to_owned().try_into()
}
