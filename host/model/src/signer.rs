//! Who signed a plugin.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::Name;

/// The number of a key in minisign's files, as its tools write it: 16 upper-case hexadecimal digits. It tells keys
/// apart and proves nothing: whoever makes a key chooses its number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// From the eight bytes in a file, which are a number in little-endian order.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(format!("{:016X}", u64::from_le_bytes(bytes)))
    }

    /// All 16 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a [`KeyId`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not the number of a key: 16 upper-case hexadecimal digits")]
pub struct NotAKeyId(String);

impl TryFrom<String> for KeyId {
    type Error = NotAKeyId;

    fn try_from(text: String) -> Result<Self, NotAKeyId> {
        if text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)) {
            Ok(Self(text))
        } else {
            Err(NotAKeyId(text.chars().take(16).collect()))
        }
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A key that the operator trusted when a plugin was installed that it had signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    /// What the operator calls it.
    pub name: Name,
    /// Its number.
    pub key: KeyId,
}

/// Whose word a plugin was installed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// A key that is trusted for plugins of this name.
    Trusted(Signer),
    /// A key that nobody here trusts. Whoever installed it allowed that.
    Unknown {
        /// Its number.
        key: KeyId,
    },
    /// Nobody. Whoever installed it allowed that.
    Nobody,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_minisign_writes_it() {
        let id = KeyId::from_bytes([0xf1, 0xde, 0xbc, 0x9a, 0x78, 0x56, 0x34, 0x02]);
        assert_eq!(id.to_string(), "023456789ABCDEF1");
        assert_eq!(KeyId::try_from(id.to_string()).unwrap(), id);
        for bad in ["", "023456789abcdef1", "../3456789ABCDEF", "023456789ABCDEF12"] {
            assert!(KeyId::try_from(bad.to_owned()).is_err(), "{bad:?} was taken");
        }
    }
}
