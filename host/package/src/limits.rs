//! Bounds of what is read before anybody has vouched for it, each with its unit and its reason.

/// Sections of a component, nested ones not counted. A guest in Rust has some 50; CPython, which is linked from dozens
/// of modules, some hundreds.
pub const SECTIONS: usize = 10_000;
/// Imports of a component: the contract has some 20 interfaces, Wasi about as many.
pub const IMPORTS: u64 = 256;
/// Bytes of the manifest. The longest of a first-party plugin takes some 60 KiB; parsed, JSON takes up to sixteen
/// times as much.
pub const MANIFEST_BYTES: usize = 1024 * 1024;
/// Bytes of one of the texts: licence, source, revision, authors, description, version, homepage.
pub const TEXT_BYTES: usize = 4 * 1024;
/// Bytes of the list of parts. Each takes some 200 bytes, and a large JavaScript project has thousands.
pub const SBOM_BYTES: usize = 4 * 1024 * 1024;

pub use palisade_model::limits::SIGNATURE_BYTES;

/// Bytes of a public key's file. minisign writes some 120.
pub const PUBLIC_KEY_BYTES: usize = 1024;
/// Bytes of a secret key's file. minisign writes some 280.
pub const SECRET_KEY_BYTES: usize = 4 * 1024;
/// Bytes of the password of a secret key; minisign's own limit.
pub const PASSWORD_BYTES: usize = 1024;

/// Keys in a trust store: publishers that one operator knows.
pub const KEYS: usize = 200;
/// Patterns of plugin names that one key is trusted for.
pub const NAMESPACES_PER_KEY: usize = 20;

/// Characters of a value that a message quotes.
pub(crate) const QUOTED_CHARS: usize = 120;
