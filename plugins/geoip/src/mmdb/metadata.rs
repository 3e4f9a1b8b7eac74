use palisade_sdk::Failure;
use serde::Deserialize;

use super::{
    damaged,
    data::Section,
    pages::{Pages, Source},
};

/// What stands before the metadata; they are after its last occurrence.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Bytes of the metadata with their marker, at most; the format says so.
const METADATA_BYTES: u32 = 128 * 1024;
/// The version of the format that this reads.
const MAJOR_VERSION: u16 = 2;

/// What a database says of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    /// Nodes of the search tree.
    pub(super) node_count: u32,
    /// Bits of one record; a node has two.
    pub(super) record_size: u16,
    /// 4 or 6.
    pub(super) ip_version: u16,
    /// Such as `GeoLite2-City`.
    pub(crate) database_type: String,
    /// Seconds since 1970 when it was made.
    pub(crate) build_epoch: u64,
    binary_format_major_version: u16,
}

/// Reads the metadata, and tells where the data before them end.
pub(super) fn read<S: Source>(pages: &Pages<S>) -> Result<(Metadata, u64), Failure> {
    let tail = pages.tail(METADATA_BYTES)?;
    let marker = tail.windows(MARKER.len()).rposition(|window| window == MARKER);
    let marker = marker.ok_or_else(|| damaged("it has no metadata"))?;
    let end = pages.size() - (tail.len() - marker) as u64;
    let section = Section { pages, start: end + MARKER.len() as u64, end: pages.size() };
    let metadata: Metadata = serde_json::from_value(section.value(0)?)
        .map_err(|error| damaged(&format!("its metadata make no sense: {error}")))?;
    if metadata.binary_format_major_version != MAJOR_VERSION {
        let version = metadata.binary_format_major_version;
        return Err(Failure::upstream(format!("the database has version {version} of its format, not 2")));
    }
    Ok((metadata, end))
}
