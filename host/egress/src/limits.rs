//! Bounds that concern nobody but this crate; the others are in [`palisade_model::limits`].

/// Bytes of all header fields of one request or response. Servers commonly take 8 KiB to 64 KiB; the longest secret fits.
pub const HEADER_BYTES: usize = 64 * 1024;
/// Addresses of one name that are tried. A name with more is a balancer's, and its first ones are as good as the rest.
pub const ADDRESSES: usize = 8;
/// Capabilities that a denial lists; a person reads no further.
pub const DENIAL_ITEMS: usize = 8;
