//! Custom lists: what an operator keeps for playbooks to look into, such as an access list (Splunk SOAR's term).
//!
//! An entry is kept under its value in one normal form, so that a look-up is a few reads by key, however long the list.

use std::{fmt::Write, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    limits::{LIST_NOTE_BYTES, LIST_VALUE_BYTES},
    name::Name,
};

/// Bits in front of an IPv4 address that is written as one of IPv6 (RFC 4291, section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// A text, an address, a network, or the names below one: in its normal form.
    pub value: Value,
    /// Why it is there.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Who put it there: `run 17`, or a person.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A list in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomList {
    /// Its name.
    pub name: Name,
    /// Number of its entries.
    pub entries: u64,
}

/// What a look into a list came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The value falls under this entry.
    Entry(ListEntry),
    /// The value falls under none.
    Nothing,
    /// There is no such list: that is not the same as an empty one.
    NoList,
    /// The playbook does not declare that it looks into the list, or adds to it.
    Undeclared,
    /// The list takes no more entries.
    Full,
}

/// The value of an entry in its normal form: lower case, addresses and networks as RFC 5952 writes them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Value(String);

/// Why a text is not a [`Value`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotAValue {
    /// It is empty, or too long, or has control characters.
    #[error("{0:?} is no value of a list: it needs 1 to {LIST_VALUE_BYTES} bytes on one line")]
    Text(String),
    /// It looks like a network, and is none.
    #[error("{0:?} is no network: write it as 10.0.0.0/8 or 2001:db8::/32")]
    Network(String),
    /// It has a star elsewhere than in front of a name.
    #[error("{0:?} has a star that means nothing: write *.example.com for all names below example.com")]
    Star(String),
}

impl Value {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Value {
    type Error = NotAValue;

    fn try_from(text: String) -> Result<Self, NotAValue> {
        // What is kept must be read again as what it is: so nothing is cut off once the form is chosen.
        let trimmed = text.trim_start().trim_end_matches(|end: char| end == '.' || end.is_whitespace());
        let shown = || trimmed.chars().take(64).collect::<String>();
        let lower = trimmed.to_lowercase();
        // Lower case may be longer.
        if lower.is_empty() || lower.len() > LIST_VALUE_BYTES || lower.contains(char::is_control) {
            return Err(NotAValue::Text(shown()));
        }
        if let Ok(address) = lower.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().to_string()));
        }
        if let Some((address, prefix)) = split_network(&lower) {
            let prefix = prefix.ok_or_else(|| NotAValue::Network(shown()))?;
            return Ok(Self(network(address, prefix)));
        }
        let below = lower.strip_prefix("*.").unwrap_or(&lower);
        if below.is_empty() || below.contains('*') { Err(NotAValue::Star(shown())) } else { Ok(Self(lower)) }
    }
}

impl std::str::FromStr for Value {
    type Err = NotAValue;

    fn from_str(text: &str) -> Result<Self, NotAValue> {
        text.to_owned().try_into()
    }
}

impl From<Value> for String {
    fn from(value: Value) -> Self {
        value.0
    }
}

/// The values of all entries that this one falls under, the closest first: itself; for an address or a network the
/// networks that contain it, from the smallest; for a name the names above it. None for what can be no value.
pub fn covering(value: &str) -> Vec<Value> {
    let Ok(own) = value.parse::<Value>() else { return Vec::new() };
    let mut all = vec![own.clone()];
    if let Ok(address) = own.0.parse::<IpAddr>() {
        all.extend((0..=bits(address)).rev().map(|prefix| Value(network(address, prefix))));
    } else if let Some((address, Some(prefix))) = split_network(&own.0) {
        all.extend((0..prefix).rev().map(|prefix| Value(network(address, prefix))));
    } else if is_name(&own.0) {
        let above = own.0.match_indices('.').map(|(dot, _)| Value(format!("*{}", &own.0[dot..])));
        all.extend(above);
    }
    all
}

/// Whether it can be the name of a host. Any other text ends as its author likes, and `http://evil.test/?.example.com` is
/// not below `example.com`.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// Bounds a note, which a playbook may have written.
pub fn note(mut note: String) -> String {
    note.truncate(note.floor_char_boundary(LIST_NOTE_BYTES));
    note
}

/// The address and the prefix of what looks like a network; no prefix if it can be none. An IPv4 network that is written
/// as one of IPv6 is one of IPv4, as the addresses in it are.
fn split_network(text: &str) -> Option<(IpAddr, Option<u8>)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let canonical = address.to_canonical();
    let mapped = address.is_ipv6() && canonical.is_ipv4();
    Some(match prefix.parse().ok().filter(|prefix| *prefix <= bits(address)) {
        Some(prefix @ MAPPED_BITS..) if mapped => (canonical, Some(prefix - MAPPED_BITS)),
        prefix => (address, prefix),
    })
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The network of this address, the bits behind its prefix zero.
fn network(address: IpAddr, prefix: u8) -> String {
    let mut text = match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            std::net::Ipv4Addr::from_bits(address.to_bits() & mask).to_string()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            std::net::Ipv6Addr::from_bits(address.to_bits() & mask).to_string()
        }
    };
    let _ = write!(text, "/{prefix}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        text.parse().unwrap()
    }

    #[test]
    fn one_thing_has_one_form() {
        for (written, kept) in [
            (" Kim@ACME.example ", "kim@acme.example"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8::ff/32", "2001:db8::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("*.Acme.example.", "*.acme.example"),
            ("a/b", "a/b"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:10.1.2.3/95", "::fffe:0:0/95"),
            ("2001:DB8:0::1.", "2001:db8::1"),
            ("10.1.2.3/8. .", "10.0.0.0/8"),
            ("İ", "i\u{307}"),
        ] {
            let value = value(written);
            assert_eq!(value.as_str(), kept);
            assert_eq!(kept.parse(), Ok(value), "it is read as it was written");
        }
        for bad in [
            "",
            " ",
            "10.0.0.0/33",
            "10.0.0.0/x",
            "a*b",
            "*.",
            "*",
            "*.*.com",
            "*. .",
            "10.0.0.0/33.",
            "::1/129",
            "a\nb",
            // One byte longer in lower case.
            &"İ".repeat(LIST_VALUE_BYTES / 2),
            &"x".repeat(LIST_VALUE_BYTES + 1),
        ] {
            assert!(bad.parse::<Value>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn the_closest_entry_comes_first() {
        let all = covering("10.1.2.3");
        assert_eq!(all[..3], [value("10.1.2.3"), value("10.1.2.3/32"), value("10.1.2.2/31")]);
        assert_eq!((all.len(), all.last()), (34, Some(&value("0.0.0.0/0"))));
        assert!(covering("::ffff:10.1.2.3").contains(&value("10.0.0.0/8")));
        assert_eq!(covering("2001:db8::1").len(), 130);
        let names = [value("www.acme.example"), value("*.acme.example"), value("*.example")];
        assert_eq!(covering("WWW.Acme.example."), names);
        assert_eq!(covering("*.acme.example"), [value("*.acme.example")]);
        assert_eq!(covering("\n"), []);
        assert_eq!(covering("10.1.0.0/16")[..2], [value("10.1.0.0/16"), value("10.0.0.0/15")]);
        assert_eq!(covering("10.1.0.0/16").last(), Some(&value("0.0.0.0/0")));
        for text in ["kim@acme.example", "https://evil.test/?.acme.example", "evil.test .acme.example"] {
            assert_eq!(covering(text), [value(text)], "only a name is below another");
        }
    }
}
