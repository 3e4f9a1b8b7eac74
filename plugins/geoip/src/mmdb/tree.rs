use palisade_sdk::Failure;

use super::{
    damaged,
    metadata::Metadata,
    pages::{Pages, Source},
};

/// Zeros between the tree and the data.
pub(super) const SEPARATOR_BYTES: u64 = 16;

/// The binary search tree over the bits of addresses.
pub(super) struct Tree {
    nodes: u32,
    record: Record,
    ipv6: bool,
}

/// How long one of the two records of a node is.
#[derive(Clone, Copy)]
enum Record {
    Bits24,
    Bits28,
    Bits32,
}

impl Tree {
    pub(super) fn new(metadata: &Metadata) -> Result<Self, Failure> {
        let record = match metadata.record_size {
            24 => Record::Bits24,
            28 => Record::Bits28,
            32 => Record::Bits32,
            other => return Err(damaged(&format!("its records have {other} bits"))),
        };
        let ipv6 = match metadata.ip_version {
            4 => false,
            6 => true,
            other => return Err(damaged(&format!("it has addresses of IP version {other}"))),
        };
        Ok(Self { nodes: metadata.node_count, record, ipv6 })
    }

    pub(super) fn is_of_ipv6(&self) -> bool {
        self.ipv6
    }

    /// Bytes of the whole tree.
    pub(super) fn bytes(&self) -> u64 {
        u64::from(self.nodes) * self.record.node_bytes() as u64
    }

    /// Where in the data section the record for an address is, and how many of its bits led there. The bits count from
    /// the highest of `bits`.
    pub(super) fn find<S: Source>(
        &self,
        pages: &Pages<S>,
        bits: u128,
        width: u32,
    ) -> Result<Option<(u64, u32)>, Failure> {
        let mut node = 0;
        let mut depth = 0;
        while node < self.nodes {
            if depth == width {
                return Err(damaged("its search tree is deeper than an address"));
            }
            let right = bits >> (127 - depth) & 1 == 1;
            node = self.child(pages, node, right)?;
            depth += 1;
        }
        // The number of nodes says that there is nothing; a higher one leads into the data, behind the separator.
        match u64::from(node - self.nodes) {
            0 => Ok(None),
            beyond => match beyond.checked_sub(SEPARATOR_BYTES) {
                Some(offset) => Ok(Some((offset, depth))),
                None => Err(damaged("its search tree leads between tree and data")),
            },
        }
    }

    fn child<S: Source>(&self, pages: &Pages<S>, node: u32, right: bool) -> Result<u32, Failure> {
        let mut bytes = [0; 8];
        let bytes = &mut bytes[..self.record.node_bytes()];
        pages.fill(u64::from(node) * bytes.len() as u64, bytes)?;
        Ok(self.record.of_node(bytes, right))
    }
}

impl Record {
    fn node_bytes(self) -> usize {
        match self {
            Self::Bits24 => 6,
            Self::Bits28 => 7,
            Self::Bits32 => 8,
        }
    }

    fn of_node(self, node: &[u8], right: bool) -> u32 {
        let half = match (self, right) {
            (Self::Bits24, false) => &node[..3],
            (Self::Bits24, true) => &node[3..],
            // The byte in the middle has the highest bits of both.
            (Self::Bits28, false) => return u32::from(node[3] >> 4) << 24 | number(&node[..3]),
            (Self::Bits28, true) => return u32::from(node[3] & 0x0f) << 24 | number(&node[4..]),
            (Self::Bits32, false) => &node[..4],
            (Self::Bits32, true) => &node[4..],
        };
        number(half)
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
