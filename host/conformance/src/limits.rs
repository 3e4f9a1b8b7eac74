//! Bounds that concern nobody but this crate; the others are in [`palisade_model::limits`].

/// Bytes of one cassette: what one call sent and got back, without what does not matter in it. A database or an image has
/// no place there.
pub const CASSETTE_BYTES: u64 = 4 * 1024 * 1024;
/// Cassettes of one plugin. Each is read, played, and played again with each fault at each of its exchanges.
pub const CASSETTES: usize = 500;
