//! Names of hosts, and the host in a URL, `host:port` and the like.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::{
    address::{Addresses, usual},
    text::{folded, percent_decoded},
};
use crate::values::Words;

/// Schemes whose URLs need no slashes to have a host, as browsers and many libraries read them (WHATWG URL, "special").
const SPECIAL: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// What a text can say of a host.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hosts {
    /// Addresses in it.
    pub(super) addresses: Vec<Addresses>,
    /// Names in it, lower-case and without a dot at the end; they may have `*` in them.
    pub(super) names: Vec<String>,
    /// Whether every system finds the same host in it.
    pub(super) usual: bool,
}

impl Hosts {
    /// Reads a folded text as an address, a network, a name or what has a host in it. Words with blanks between them are
    /// no host.
    pub(super) fn read(text: &str) -> Self {
        if let Some(addresses) = Addresses::read(text) {
            return Self { usual: addresses.usual, addresses: vec![addresses], names: Vec::new() };
        }
        let (rest, is_url) = after_scheme(text);
        let blank = rest.contains(' ');
        if text.starts_with("mailto:") || blank && !is_url {
            return Self::default();
        }
        let end = rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len());
        let authority = &rest[..end];
        // Where a name and a password stand in front, and what a backslash means, is read in more than one way.
        let pieces: Vec<_> = authority.split(['@', '\\']).collect();
        // `ceo@acme.example` and `ACME\ceo` are people; only an address there is a host all the same.
        let person = !is_url && pieces.len() > 1 && end == rest.len() && !authority.contains(':');
        let mut hosts = Self { usual: pieces.len() == 1 && !blank, ..Self::default() };
        for piece in pieces {
            hosts.read_piece(piece, person);
        }
        hosts
    }

    fn read_piece(&mut self, piece: &str, person: bool) {
        let decoded = percent_decoded(piece).map(|text| folded(&text)).filter(|decoded| decoded != piece);
        self.usual &= decoded.is_none();
        let (host, port) = split_port(decoded.as_deref().unwrap_or(piece));
        self.usual &= port.bytes().all(|byte| byte.is_ascii_digit());
        let host = host.trim_end_matches('.');
        if let Some(addresses) = Addresses::read(host) {
            self.usual &= addresses.usual;
            self.addresses.push(addresses);
        } else if !person && is_name(host) {
            self.names.push(host.to_owned());
        }
    }
}

/// What follows `scheme://`, or `//` and `\\`, in any number; and whether there was one.
fn after_scheme(text: &str) -> (&str, bool) {
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", text),
    };
    let host = rest.trim_start_matches(['/', '\\']);
    let slashes = rest.len() - host.len();
    if slashes >= 2 || SPECIAL.contains(&scheme) && (slashes == 1 || is_host_start(rest)) {
        (host, true)
    } else {
        (text, false)
    }
}

/// RFC 3986, section 3.1, the text being folded.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// `http:evil.example` is a URL to some; `http:80` is a host called `http`.
fn is_host_start(rest: &str) -> bool {
    rest.contains(['.', '@', '['])
}

/// The host, and what stands behind its colon.
fn split_port(text: &str) -> (&str, &str) {
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        return (address, rest.strip_prefix(':').unwrap_or(rest));
    }
    // More colons: an IPv6 address.
    text.split_once(':').filter(|(_, port)| !port.contains(':')).unwrap_or((text, ""))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'))
}

/// An entry of a list in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) enum Entry {
    /// `dc1.acme.example`: that one.
    Full(String),
    /// `dc1`: in every domain.
    Short(String),
    /// `*.acme.example`, of which this is what follows `*.`: all below, the name itself not.
    Below(String),
}

impl TryFrom<Words> for Entry {
    type Error = String;

    fn try_from(Words(text): Words) -> Result<Self, String> {
        let name = text.to_lowercase();
        let name = name.strip_suffix('.').unwrap_or(&name);
        if usual(name).is_some() {
            return Err(format!("{text:?} is an address: it belongs to `networks`"));
        }
        let below = name.strip_prefix("*.");
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if !below.unwrap_or(name).split('.').all(label) {
            return Err(format!(
                "{text:?} is not a host: write dc1, dc1.acme.example or *.acme.example, and other scripts as xn--…"
            ));
        }
        Ok(match below {
            Some(domain) => Self::Below(domain.to_owned()),
            None if name.contains('.') => Self::Full(name.to_owned()),
            None => Self::Short(name.to_owned()),
        })
    }
}

/// A list of hosts in the file.
#[derive(Debug, Default)]
pub(super) struct Listed {
    full: HashSet<String>,
    short: HashSet<String>,
    below: HashSet<String>,
    /// The full names by their first label: a name without its domain may be that of any.
    first_labels: HashMap<String, String>,
}

impl From<Vec<Entry>> for Listed {
    fn from(entries: Vec<Entry>) -> Self {
        let mut listed = Self::default();
        for entry in entries {
            match entry {
                Entry::Full(name) => {
                    let first = first_label(&name).to_owned();
                    listed.first_labels.entry(first).or_insert_with(|| name.clone());
                    listed.full.insert(name);
                }
                Entry::Short(name) => {
                    listed.short.insert(name);
                }
                Entry::Below(domain) => {
                    listed.below.insert(domain);
                }
            }
        }
        listed
    }
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

impl Listed {
    /// The entry that a host of this name may be.
    pub(super) fn touched_by(&self, name: &str) -> Option<String> {
        if name.contains('*') {
            return self.touched_by_pattern(name);
        }
        if let Some(entry) = self.listing(name) {
            return Some(entry);
        }
        if name.contains('.') { None } else { self.first_labels.get(name).cloned() }
    }

    /// Whether every host of this name, or of this `*.name`, is listed.
    pub(super) fn cover(&self, name: &str) -> bool {
        match name.strip_prefix("*.") {
            Some(rest) => !rest.contains('*') && (self.below.contains(rest) || self.above(rest).is_some()),
            None => !name.contains('*') && self.listing(name).is_some(),
        }
    }

    /// The entry that lists this very name.
    fn listing(&self, name: &str) -> Option<String> {
        if self.full.contains(name) {
            return Some(name.to_owned());
        }
        let first = first_label(name);
        if self.short.contains(first) {
            return Some(first.to_owned());
        }
        self.above(name).map(|above| format!("*.{above}"))
    }

    /// The listed domain that the name is below.
    fn above<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.match_indices('.').map(|(dot, _)| &name[dot + 1..]).find(|above| self.below.contains(*above))
    }

    /// For a name with `*` anywhere in it: by how it begins and ends, which may find an entry too many and none too few.
    fn touched_by_pattern(&self, pattern: &str) -> Option<String> {
        let begin = pattern.split('*').next().unwrap_or_default();
        let end = pattern.rsplit('*').next().unwrap_or_default();
        let fits = |name: &&String| name.starts_with(begin) && name.ends_with(end);
        if let Some(name) = self.full.iter().chain(&self.short).find(fits) {
            return Some(name.clone());
        }
        let overlaps = |domain: &&String| {
            domain.ends_with(end)
                || end.strip_suffix(domain.as_str()).is_some_and(|front| front.ends_with('.'))
        };
        self.below.iter().find(overlaps).map(|domain| format!("*.{domain}"))
    }
}
