//! Devices, by whatever their system calls them.

use std::collections::HashMap;

use serde::Deserialize;

use super::text::folded;
use crate::values::Words;

/// Hexadecimal digits of a MAC address, and of a UUID.
const HARDWARE: [usize; 2] = [12, 32];

/// One text for every spelling of an identifier, the text being folded.
pub(super) fn key(text: &str) -> String {
    let bare = text.strip_prefix("urn:uuid:").unwrap_or(text);
    let digits: String = bare.chars().filter(|c| !matches!(c, '-' | ':' | '.' | '{' | '}' | ' ')).collect();
    if HARDWARE.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        digits
    } else {
        text.to_owned()
    }
}

/// An entry of a list in the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) struct Entry(String);

impl TryFrom<Words> for Entry {
    type Error = String;

    fn try_from(Words(text): Words) -> Result<Self, String> {
        if text.contains('*') {
            return Err(format!("{text:?} is not a device: write its identifier in full"));
        }
        Ok(Self(text))
    }
}

/// A list of devices in the file: by key, as they are written.
#[derive(Debug)]
pub(super) struct Listed(HashMap<String, String>);

impl From<Vec<Entry>> for Listed {
    fn from(entries: Vec<Entry>) -> Self {
        Self(entries.into_iter().map(|Entry(text)| (key(&folded(&text)), text)).collect())
    }
}

impl Listed {
    /// The entry with this key.
    pub(super) fn entry(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_one_in_every_spelling() {
        let entries = ["3a45b4d5-d2e5-468c-bf4f-149efff463a9", "00:1B:63:84:45:E6", "DMPHW0ABCDE"];
        let listed = Listed::from(entries.map(|text| Entry(text.to_owned())).to_vec());
        for spelling in [
            "3a45b4d5d2e5468cbf4f149efff463a9",
            "{3a45b4d5-d2e5-468c-bf4f-149efff463a9}",
            "urn:uuid:3a45b4d5-d2e5-468c-bf4f-149efff463a9",
            "001b.6384.45e6",
            "00-1b-63-84-45-e6",
            "dmphw0abcde",
        ] {
            assert!(listed.entry(&key(spelling)).is_some(), "{spelling}");
        }
        assert_eq!(listed.entry(&key("3a45b4d5-d2e5-468c-bf4f-149efff463a8")), None);
        assert_eq!(listed.entry(&key("dmp-hw0abcde")), None, "only hexadecimal identifiers have separators");
    }
}
