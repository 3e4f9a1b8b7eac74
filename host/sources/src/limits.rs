//! Bounds of what is fetched, each with its unit and its reason; those that the host has as well are in
//! [`palisade_model::limits`].

use std::time::Duration;

/// Bytes of a manifest. One of a plugin takes about 1 KiB; the rest is for annotations. Registries themselves take 4 MiB.
pub const MANIFEST_BYTES: usize = 256 * 1024;
/// Bytes of the configuration in a registry: the names of a component's imports and exports.
pub const CONFIG_BYTES: usize = 256 * 1024;
/// Bytes of what a token server answers. Tokens that carry claims take up to 8 KiB.
pub const TOKEN_BYTES: usize = 64 * 1024;
/// Bytes of an error that a registry explains.
pub const REFUSAL_BYTES: usize = 16 * 1024;
/// Characters of that explanation that a person is shown: some lines of a terminal.
pub const REASON_CHARS: usize = 500;
/// Bytes of a `WWW-Authenticate` header.
pub const CHALLENGE_BYTES: usize = 4 * 1024;
/// Bytes of a file with credentials, such as Docker's `config.json`.
pub const LOGINS_BYTES: u64 = 1024 * 1024;
/// Bytes of all header fields of an answer.
pub const HEADER_BYTES: usize = 64 * 1024;

/// Bytes of the name of a repository (OCI distribution specification: together with the registry at most 255).
pub const REPOSITORY_BYTES: usize = 255;
/// Bytes of a tag (OCI distribution specification).
pub const TAG_BYTES: usize = 128;

/// Time until a server answers, connection and TLS not counted.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Time between two pieces of a body. A server that is silent for longer is gone.
pub const STALL_TIME: Duration = Duration::from_secs(30);
/// Time for one body, either way: the largest component over a line of 2 Mbit/s.
pub const TRANSFER_TIME: Duration = Duration::from_secs(5 * 60);

/// Components in one directory: as many as a host may have.
pub const DIRECTORY_COMPONENTS: usize = palisade_model::limits::REGISTRY_ITEMS;
/// Entries of a directory that are looked at: with signatures beside the components, and pages, and what else is there.
pub const DIRECTORY_ENTRIES: usize = 10_000;
