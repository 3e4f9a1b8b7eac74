use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::Serialize;

/// Attributes that hold a secret, or what can be turned into one: a run's record is no place for them, whatever the
/// asset's user may read.
const WITHHELD: [&str; 21] = [
    "authPassword",
    "dBCSPwd",
    "krbPrincipalKey",
    "lmPwdHistory",
    "ms-Mcs-AdmPwd",
    "msDS-ManagedPassword",
    "msFVE-RecoveryPassword",
    "msLAPS-EncryptedDSRMPassword",
    "msLAPS-EncryptedDSRMPasswordHistory",
    "msLAPS-EncryptedPassword",
    "msLAPS-EncryptedPasswordHistory",
    "msLAPS-Password",
    "ntPwdHistory",
    "pwdHistory",
    "sambaLMPassword",
    "sambaNTPassword",
    "sambaPasswordHistory",
    "supplementalCredentials",
    "unicodePwd",
    "unixUserPassword",
    "userPassword",
];

/// An entry as the server sent it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) dn: String,
    pub(crate) attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// An entry of the directory.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    /// Its distinguished name.
    pub(crate) dn: String,
    /// Its attributes that were asked for and can be read, passwords and their hashes left out.
    attributes: BTreeMap<String, Vec<Value>>,
}

/// One value of an attribute.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Value {
    /// Text, with `objectSid` and `objectGUID` in their usual form.
    Text(String),
    /// What is no text.
    Binary {
        /// The bytes, in Base64.
        base64: String,
    },
}

impl Entry {
    /// The values of an attribute, and its name with the options that the server gave it.
    pub(crate) fn attribute(&self, name: &str) -> Option<(&str, &[Vec<u8>])> {
        self.attributes
            .iter()
            .find(|(described, values)| {
                without_options(described).eq_ignore_ascii_case(name) && !values.is_empty()
            })
            .map(|(described, values)| (described.as_str(), &values[..]))
    }

    /// The first value of an attribute, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, values) = self.attribute(name)?;
        std::str::from_utf8(values.first()?).ok()
    }
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Self {
        let shown = entry.attributes.into_iter().filter(|(name, _)| !is_withheld(name));
        let attributes = shown.map(|(name, values)| {
            let values = values.into_iter().map(|value| Value::of(&name, value)).collect();
            (name, values)
        });
        Self { attributes: attributes.collect(), dn: entry.dn }
    }
}

impl Value {
    fn of(attribute: &str, bytes: Vec<u8>) -> Self {
        let identifier = match attribute {
            "objectSid" | "sIDHistory" => sid(&bytes),
            "objectGUID" => guid(&bytes),
            _ => None,
        };
        if let Some(identifier) = identifier {
            return Self::Text(identifier);
        }
        String::from_utf8(bytes)
            .map_or_else(|error| Self::Binary { base64: STANDARD.encode(error.as_bytes()) }, Self::Text)
    }
}

pub(crate) fn is_withheld(attribute: &str) -> bool {
    WITHHELD.iter().any(|name| name.eq_ignore_ascii_case(without_options(attribute)))
}

fn without_options(attribute: &str) -> &str {
    attribute.split(';').next().unwrap_or_default()
}

/// `S-1-5-…` ([MS-DTYP], sections 2.4.2.1 and 2.4.2.2).
fn sid(bytes: &[u8]) -> Option<String> {
    let [1, count, a, b, c, d, e, f, rest @ ..] = bytes else { return None };
    let (authorities, []) = rest.as_chunks::<4>() else { return None };
    if authorities.len() != usize::from(*count) {
        return None;
    }
    let authority = u64::from_be_bytes([0, 0, *a, *b, *c, *d, *e, *f]);
    let parts = authorities.iter().map(|part| format!("-{}", u32::from_le_bytes(*part)));
    Some(format!("S-1-{authority}{}", parts.collect::<String>()))
}

/// The usual form ([MS-DTYP], section 2.3.4): the first three parts are little-endian.
fn guid(bytes: &[u8]) -> Option<String> {
    let [a, b, c, d, e, f, g, h, rest @ ..] = bytes else { return None };
    let [i, j, tail @ ..] = <[u8; 8]>::try_from(rest).ok()?;
    let first = u32::from_le_bytes([*a, *b, *c, *d]);
    let (second, third) = (u16::from_le_bytes([*e, *f]), u16::from_le_bytes([*g, *h]));
    let tail: String = tail.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{first:08x}-{second:04x}-{third:04x}-{i:02x}{j:02x}-{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_their_usual_form() {
        // BUILTIN\Administrators ([MS-DTYP], section 2.4.2.4).
        let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
        assert_eq!(sid(&administrators).as_deref(), Some("S-1-5-32-544"));
        assert_eq!(sid(&administrators[..12]), None);
        let bytes =
            [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
        assert_eq!(guid(&bytes).as_deref(), Some("00112233-4455-6677-8899-aabbccddeeff"));
        assert_eq!(guid(&bytes[1..]), None);
    }

    #[test]
    fn secrets_are_withheld() {
        for name in ["userPassword", "USERPASSWORD;x-old", "unicodePwd", "ms-Mcs-AdmPwd", "msLAPS-Password"] {
            assert!(is_withheld(name), "{name}");
        }
        assert!(!is_withheld("pwdLastSet"));
    }
}
