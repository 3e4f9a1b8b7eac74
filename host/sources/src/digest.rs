//! SHA-256.

use palisade_model::plugin::{Digest, NotADigest};

/// The SHA-256 digest of some bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    Digest::from_bytes(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
}

/// Reads `sha256:HEX`. Registries know other algorithms; none of them is in use.
pub(crate) fn parse(text: &str) -> Result<Digest, NotADigest> {
    text.strip_prefix("sha256:").unwrap_or(text).to_owned().try_into()
}
