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
        let trimmed = text.trim();
        let shown = || trimmed.chars().take(64).collect::<String>();
        if trimmed.is_empty() || trimmed.len() > LIST_VALUE_BYTES || trimmed.contains(char::is_control) {
            return Err(NotAValue::Text(shown()));
        }
        let lower = trimmed.to_lowercase();
        if let Ok(address) = lower.parse::<IpAddr>() {
            return Ok(Self(address.to_canonical().to_string()));
        }
        if let Some((address, prefix)) = lower.split_once('/')
            && let Ok(address) = address.parse::<IpAddr>()
        {
            let bits = bits(address);
            return match prefix.parse() {
                Ok(prefix) if prefix <= bits => Ok(Self(network(address, prefix))),
                _ => Err(NotAValue::Network(shown())),
            };
        }
        let name = lower.trim_end_matches('.');
        match name.strip_prefix("*.") {
            Some(below) if !below.is_empty() && !below.contains('*') => Ok(Self(name.to_owned())),
            None if !name.is_empty() && !name.contains('*') => Ok(Self(name.to_owned())),
            _ => Err(NotAValue::Star(shown())),
        }
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

/// The values of all entries that this one falls under, the closest first: itself; for an address the networks that
/// contain it, from the smallest; for a name the names above it. None for what can be no value.
pub fn covering(value: &str) -> Vec<Value> {
    let Ok(own) = value.parse::<Value>() else { return Vec::new() };
    let mut all = vec![own.clone()];
    if let Ok(address) = own.0.parse::<IpAddr>() {
        all.extend((0..=bits(address)).rev().map(|prefix| Value(network(address, prefix))));
    } else if !own.0.starts_with('*') {
        let above = own.0.match_indices('.').map(|(dot, _)| Value(format!("*{}", &own.0[dot..])));
        all.extend(above);
    }
    all
}

/// Bounds a note, which a playbook may have written.
pub fn note(mut note: String) -> String {
    note.truncate(note.floor_char_boundary(LIST_NOTE_BYTES));
    note
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
        ] {
            assert_eq!(value(written).as_str(), kept);
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
            "a\nb",
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
    }
}
