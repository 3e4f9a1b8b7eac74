//! Addresses, networks and ranges, in every spelling that systems accept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use crate::values::Words;

/// Where IPv6 has IPv4 addresses in it: mapped (RFC 4291, section 2.5.5.2), for NAT64 (RFC 6052, section 2.1), and
/// compatible (RFC 4291, section 2.5.5.1).
const EMBEDDED: [u128; 3] = [MAPPED, 0x0064_ff9b << 96, 0];
const MAPPED: u128 = 0xffff << 32;

/// The first IPv4 address that a host can have, as a number. Smaller numbers are not read as addresses: a duration would
/// be one.
const FIRST_HOST: u32 = 1 << 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    V4,
    V6,
}

/// Addresses that follow each other, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Block {
    family: Family,
    first: u128,
    last: u128,
}

impl Block {
    fn one(address: IpAddr) -> Self {
        let (family, bits) = match address {
            IpAddr::V4(address) => (Family::V4, address.to_bits().into()),
            IpAddr::V6(address) => (Family::V6, address.to_bits()),
        };
        Self { family, first: bits, last: bits }
    }

    fn v4(first: u32, last: u32) -> Self {
        Self { family: Family::V4, first: first.min(last).into(), last: first.max(last).into() }
    }

    /// From one address to another of the same family, in either order.
    fn between(one: IpAddr, other: IpAddr) -> Option<Self> {
        let (one, other) = (Self::one(one), Self::one(other));
        (one.family == other.family).then(|| Self {
            family: one.family,
            first: one.first.min(other.first),
            last: one.last.max(other.last),
        })
    }

    /// The network of an address.
    fn network(address: IpAddr, prefix: u8) -> Option<Self> {
        let Self { family, first: bits, .. } = Self::one(address);
        let width = match family {
            Family::V4 => 32,
            Family::V6 => 128,
        };
        let host_bits = u32::from(width - u8::min(prefix, width));
        let hosts = 1_u128.checked_shl(host_bits).map_or(u128::MAX, |size| size - 1);
        (prefix <= width).then_some(Self { family, first: bits & !hosts, last: bits | hosts })
    }

    fn address(family: Family, bits: u128) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX)).into(),
            Family::V6 => Ipv6Addr::from_bits(bits).into(),
        }
    }

    /// Every address that a system may take it for: an IPv6 address with an IPv4 address in it is that one, too.
    fn meanings(self) -> Vec<Self> {
        let embedded = EMBEDDED.into_iter().filter_map(|base| self.embedded(base));
        let own = (!self.is_mapped()).then_some(self);
        embedded.chain(own).collect()
    }

    /// The IPv4 addresses that it has behind these 96 bits.
    fn embedded(self, base: u128) -> Option<Self> {
        let first = self.first.max(base);
        let last = self.last.min(base | u128::from(u32::MAX));
        // `::` and `::1` are no IPv4 addresses.
        let there = self.family == Family::V6 && first <= last && (base != 0 || last >= FIRST_HOST.into());
        there.then(|| Self { family: Family::V4, first: first - base, last: last - base })
    }

    /// Whether it is IPv4 in the clothes of IPv6, and nothing else.
    fn is_mapped(self) -> bool {
        self.family == Family::V6 && self.first >> 32 == MAPPED >> 32 && self.last >> 32 == MAPPED >> 32
    }
}

/// What a text says of addresses.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Addresses {
    pub(super) blocks: Vec<Block>,
    /// Whether every system reads it like that. What only some do is enough to refuse, and not to let through.
    pub(super) usual: bool,
}

impl Addresses {
    /// Reads a folded text as an address, a network or a range; nothing if no system would.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        let usual = usual(bare);
        let blocks = match usual {
            Some(block) => vec![block],
            None => unusual(bare),
        };
        let blocks: Vec<_> = blocks.into_iter().flat_map(Block::meanings).collect();
        (!blocks.is_empty()).then_some(Self { blocks, usual: usual.is_some() })
    }
}

/// `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, and the same of IPv6.
pub(super) fn usual(text: &str) -> Option<Block> {
    if let Some((address, prefix)) = text.split_once('/') {
        return Block::network(address.parse().ok()?, number(prefix, 10)?.try_into().ok()?);
    }
    if let Some((first, last)) = text.split_once('-') {
        return Block::between(first.trim().parse().ok()?, last.trim().parse().ok()?);
    }
    text.parse().ok().map(Block::one)
}

/// What some systems read as an address, each way in which they do.
fn unusual(text: &str) -> Vec<Block> {
    if let Some((address, zone)) = text.split_once('%') {
        // RFC 4007, section 11: the zone says through which interface.
        return if zone.is_empty() { Vec::new() } else { usual(address).into_iter().collect() };
    }
    if let Some((address, mask)) = text.split_once('/') {
        return masked(address, mask).or_else(|| padded_network(address, mask)).into_iter().collect();
    }
    if let Some((first, last)) = text.split_once('-') {
        return range(first.trim(), last.trim());
    }
    if let Some((address, mask)) = text.split_once(' ') {
        return masked(address, mask).into_iter().collect();
    }
    if let Some(octets) = text.strip_suffix(".*") {
        let octets = octets.trim_end_matches(".*");
        return padded(octets).into_iter().collect();
    }
    numbers(text).into_iter().map(|address| Block::v4(address, address)).collect()
}

/// `10.0.0.0/255.0.0.0`, `10.0.0.0 0.255.255.255`.
fn masked(address: &str, mask: &str) -> Option<Block> {
    let mask = mask.parse::<Ipv4Addr>().ok()?.to_bits();
    // An access list of a router has the bits the other way round.
    let mask = if mask.leading_ones() == 0 { !mask } else { mask };
    let ones = mask.leading_ones();
    let whole = ones == mask.count_ones();
    let address = numbers(address).first().copied().filter(|_| whole)?;
    Block::network(Ipv4Addr::from_bits(address).into(), u8::try_from(ones).ok()?)
}

/// `10/8`.
fn padded_network(octets: &str, prefix: &str) -> Option<Block> {
    let Block { first, .. } = padded(octets)?;
    Block::network(Block::address(Family::V4, first), number(prefix, 10)?.try_into().ok()?)
}

/// `10.0.0.1-9`, and ends that are written in an unusual way.
fn range(first: &str, last: &str) -> Vec<Block> {
    let Some(start) = numbers(first).first().copied() else { return Vec::new() };
    if let Some(octet) = number(last, 10).filter(|octet| *octet <= 0xff) {
        return vec![Block::v4(start, start & !0xff | octet)];
    }
    numbers(last).into_iter().map(|end| Block::v4(start, end)).collect()
}

/// `10`, `10.0`, `10.0.0` as the network that begins so.
fn padded(octets: &str) -> Option<Block> {
    let octets: Vec<_> = octets.split('.').map(octet).collect::<Option<_>>()?;
    let free = 4_u32.checked_sub(u32::try_from(octets.len()).ok()?)? * 8;
    let bits = octets.iter().fold(0_u32, |bits, octet| bits << 8 | octet).checked_shl(free)?;
    Some(Block::v4(bits, bits | (1_u32.checked_shl(free)? - 1)))
}

fn octet(text: &str) -> Option<u32> {
    number(text, 10).filter(|octet| *octet <= 0xff)
}

/// As inet_aton(3) reads an address: one to four numbers, decimal, octal or hexadecimal, the last of which fills what is
/// left; and with leading zeros as decimal numbers, as others do.
fn numbers(text: &str) -> Vec<u32> {
    let parts: Vec<_> = text.split('.').collect();
    let one_number = parts.len() == 1;
    let mut readings: Vec<_> =
        [joined(&parts, classic), joined(&parts, |part| number(part, 10))].into_iter().flatten().collect();
    readings.dedup();
    readings.retain(|address| !one_number || *address >= FIRST_HOST);
    readings
}

fn joined(parts: &[&str], read: impl Fn(&str) -> Option<u32>) -> Option<u32> {
    let (last, front) = parts.split_last().filter(|(_, front)| front.len() < 4)?;
    let free = 32 - 8 * u32::try_from(front.len()).ok()?;
    let mut bits = 0_u64;
    for part in front {
        bits = bits << 8 | u64::from(read(part).filter(|octet| *octet <= 0xff)?);
    }
    let last = u64::from(read(last)?);
    (last >> free == 0).then_some(bits << free | last)?.try_into().ok()
}

/// A number as C writes it.
fn classic(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some("") => Some(0),
        Some(digits) => number(digits, 16),
        None if text.starts_with('0') => number(text, 8),
        None => number(text, 10),
    }
}

/// Digits only: no sign.
fn number(text: &str, radix: u32) -> Option<u32> {
    text.chars().all(|c| c.is_digit(radix)).then(|| u32::from_str_radix(text, radix).ok()).flatten()
}

/// An entry of a list in the file: an address, a network or a range, as every system reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) struct Entry {
    text: String,
    block: Block,
}

impl TryFrom<Words> for Entry {
    type Error = String;

    fn try_from(Words(text): Words) -> Result<Self, String> {
        let block = usual(&text.to_lowercase()).ok_or_else(|| {
            format!(
                "{text:?} is not a network: write 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or 192.0.2.1-192.0.2.9; names \
                 belong to `hosts`"
            )
        })?;
        let begins = |address: &str| {
            address.trim().parse().is_ok_and(|address| Block::one(address).first == block.first)
        };
        if let Some((address, prefix)) = text.split_once('/')
            && !begins(address)
        {
            let network = Block::address(block.family, block.first);
            return Err(format!(
                "{text:?} has bits after its prefix: write {network}/{prefix} for the network, or {address} for the \
                 address"
            ));
        }
        if let Some((first, _)) = text.split_once('-')
            && !begins(first)
        {
            return Err(format!("{text:?} is the wrong way round: write the smaller address first"));
        }
        // Who lists `::/0` means IPv6.
        let block = if block.is_mapped() { block.embedded(MAPPED).unwrap_or(block) } else { block };
        Ok(Self { text, block })
    }
}

/// A list of networks in the file.
#[derive(Debug)]
pub(super) struct Networks {
    /// As they are written, for a person.
    entries: Vec<Entry>,
    /// All of them in order, with none that overlap or touch.
    merged: Vec<Block>,
}

impl From<Vec<Entry>> for Networks {
    fn from(entries: Vec<Entry>) -> Self {
        let mut blocks: Vec<Block> = entries.iter().map(|entry| entry.block).collect();
        blocks.sort_unstable();
        let mut merged: Vec<Block> = Vec::with_capacity(blocks.len());
        for block in blocks {
            match merged.last_mut() {
                Some(last) if last.family == block.family && block.first <= last.last.saturating_add(1) => {
                    last.last = last.last.max(block.last);
                }
                _ => merged.push(block),
            }
        }
        Self { entries, merged }
    }
}

impl Networks {
    /// The entry that has an address in common with the block.
    pub(super) fn touched_by(&self, block: &Block) -> Option<&str> {
        self.nearest(block).filter(|near| near.first <= block.last)?;
        let shares = |Entry { block: listed, .. }: &&Entry| {
            listed.family == block.family && listed.first <= block.last && block.first <= listed.last
        };
        self.entries.iter().find(shares).map(|entry| entry.text.as_str())
    }

    /// Whether every address of the block is listed.
    pub(super) fn cover(&self, block: &Block) -> bool {
        self.nearest(block).is_some_and(|near| near.first <= block.first && block.last <= near.last)
    }

    /// The only listed block that can have the block's first address in it, or else the first one behind that.
    fn nearest(&self, block: &Block) -> Option<&Block> {
        let index =
            self.merged.partition_point(|listed| (listed.family, listed.last) < (block.family, block.first));
        self.merged.get(index).filter(|near| near.family == block.family)
    }
}
