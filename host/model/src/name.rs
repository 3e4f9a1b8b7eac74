//! Names that people give and type: of plugins, assets, sources.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::NAME_BYTES;

/// A name that is safe in a file path, a URL, a table and a shell: lower-case letters, digits and `-`, starting with a
/// letter, at most [`NAME_BYTES`] long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`Name`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a name: use lower-case letters, digits and '-', start with a letter, at most {NAME_BYTES} bytes"
)]
pub struct NotAName(String);

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        let only = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if starts && only && text.len() <= NAME_BYTES {
            Ok(Self(text))
        } else {
            // What is refused may be anything of any length; the message stays one line.
            Err(NotAName(text.chars().take(NAME_BYTES).collect()))
        }
    }
}

impl std::str::FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        text.to_owned().try_into()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_could_leave_a_directory_or_break_a_table() {
        for bad in ["", "../etc", "a b", "Shodan", "1st", "a/b", "a\nb", &"a".repeat(NAME_BYTES + 1)] {
            assert!(bad.parse::<Name>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("acme-2".parse::<Name>().unwrap().as_str(), "acme-2");
    }
}
