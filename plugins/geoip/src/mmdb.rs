//! The MaxMind DB file format, <https://maxmind.github.io/MaxMind-DB/>, read in pieces.
//!
//! A database has tens of megabytes, more than an instance should hold, so only the pages that a look-up touches are
//! read. (The crate `maxminddb` needs the whole file in memory; the tests hold this reader against it.)
//!
//! A file is trusted with nothing: whatever it says, a look-up reads a bounded number of bytes, goes down a bounded
//! number of levels, and ends as a value or a failure.

mod data;
mod metadata;
mod pages;
#[cfg(test)]
mod tests;
mod tree;

use std::net::{IpAddr, Ipv6Addr};

use palisade_sdk::Failure;
use serde_json::Value;

use self::{data::Section, pages::Pages, tree::Tree};
pub(crate) use self::{metadata::Metadata, pages::Source};

/// An open database.
pub(crate) struct Database<S> {
    pages: Pages<S>,
    metadata: Metadata,
    tree: Tree,
    /// Where the data section begins and ends.
    data: (u64, u64),
}

/// What a database says of an address.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    /// The record.
    pub(crate) record: Value,
    /// The network that it holds for.
    pub(crate) network: String,
}

impl<S: Source> Database<S> {
    /// Reads what the file says of itself, and checks it against the file's size.
    pub(crate) fn open(source: S) -> Result<Self, Failure> {
        let pages = Pages::open(source)?;
        let (metadata, end) = metadata::read(&pages)?;
        let tree = Tree::new(&metadata)?;
        let start = tree.bytes() + tree::SEPARATOR_BYTES;
        if start > end {
            return Err(damaged("its search tree is longer than the file"));
        }
        Ok(Self { pages, metadata, tree, data: (start, end) })
    }

    /// What the file says of itself.
    pub(crate) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The record for an address, if there is one. In a database of IPv4 alone, an IPv6 address that maps an IPv4 address
    /// means that; any other says for itself what such addresses mean.
    pub(crate) fn look_up(&self, ip: IpAddr) -> Result<Option<Found>, Failure> {
        let ip = if self.tree.is_of_ipv6() { ip } else { ip.to_canonical() };
        let (bits, width) = match ip {
            IpAddr::V4(ip) if self.tree.is_of_ipv6() => (u128::from(ip.to_bits()), 128),
            IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, 32),
            IpAddr::V6(ip) if self.tree.is_of_ipv6() => (ip.to_bits(), 128),
            IpAddr::V6(_) => return Err(Failure::not_found("the database has no IPv6 addresses")),
        };
        let Some((offset, prefix)) = self.tree.find(&self.pages, bits, width)? else { return Ok(None) };
        let (start, end) = self.data;
        let record = Section { pages: &self.pages, start, end }.value(offset)?;
        Ok(Some(Found { record, network: network(ip, prefix, width) }))
    }
}

/// The network of this prefix around an address, in a tree over so many bits.
fn network(ip: IpAddr, prefix: u32, width: u32) -> String {
    match ip {
        IpAddr::V4(ip) if width == 32 || prefix >= 96 => {
            let prefix = prefix - (width - 32);
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            format!("{}/{prefix}", std::net::Ipv4Addr::from_bits(ip.to_bits() & mask))
        }
        // The IPv4 addresses of an IPv6 tree are those of ::/96; this record is for more than all of them.
        IpAddr::V4(_) => format!("::/{prefix}"),
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            format!("{}/{prefix}", Ipv6Addr::from_bits(ip.to_bits() & mask))
        }
    }
}

/// The file does not follow the format.
fn damaged(why: &str) -> Failure {
    Failure::upstream(format!("the database is damaged, or none: {why}"))
}
