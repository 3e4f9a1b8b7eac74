use std::net::IpAddr;

use casework::text::{line, shortened};
use palisade_sdk::playbook::Artifacts;
use serde_json::Value;

/// What the alert says of who probes what. All of it comes from outside.
#[derive(Debug, PartialEq)]
pub(crate) struct Source {
    /// The first address.
    pub(crate) address: Option<IpAddr>,
    /// Its domain, as the alert says.
    pub(crate) domain: Option<String>,
    /// How many other sources the alert names: a verdict about one says nothing of them.
    pub(crate) others: usize,
    target: Option<IpAddr>,
    target_name: Option<String>,
    port: Option<u64>,
}

impl From<&Artifacts> for Source {
    fn from(artifacts: &Artifacts) -> Self {
        let address = artifacts.ip("sourceAddress").map(|address| address.to_canonical());
        let mut others = named(artifacts, "sourceAddress");
        others.retain(|text| text.parse::<IpAddr>().ok().map(|other| other.to_canonical()) != address);
        Self {
            address,
            domain: artifacts.text("sourceDnsDomain").and_then(domain),
            others: if address.is_some() { others.len() } else { 0 },
            target: artifacts.ip("destinationAddress"),
            target_name: artifacts.text("destinationHostName").map(str::to_owned),
            port: artifacts.number("destinationPort"),
        }
    }
}

impl Source {
    /// What was probed, for a person.
    pub(crate) fn target_text(&self, name_chars_max: usize) -> String {
        let name = self.target_name.as_ref().map(|name| shortened(&line(name), name_chars_max));
        let target = match (name, self.target) {
            (Some(name), Some(address)) => format!("{name} ({address})"),
            (Some(name), None) => name,
            (None, Some(address)) => address.to_string(),
            (None, None) => "an unknown system".to_owned(),
        };
        match self.port {
            Some(port) => format!("{target} port {port}"),
            None => target,
        }
    }
}

/// A name in the form in which two of them can be compared. An address is none.
pub(crate) fn domain(text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
    (!name.is_empty() && name.parse::<IpAddr>().is_err()).then_some(name)
}

/// Every value of this key, once.
fn named(artifacts: &Artifacts, key: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for value in artifacts.0.iter().filter_map(|artifact| artifact.cef.get(key)) {
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for text in values.iter().filter_map(Value::as_str).map(str::trim) {
            if !text.is_empty() && !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
            }
        }
    }
    texts
}
