use std::net::{Ipv4Addr, Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use simple_dns::{Name, ResourceRecord, TYPE, rdata::RData};

/// A type of records (RFC 1035, section 3.2.2; RFC 3596).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[allow(clippy::upper_case_acronyms, reason = "the types' own names")]
pub(crate) enum RecordType {
    /// IPv4 addresses.
    #[default]
    A,
    /// IPv6 addresses.
    AAAA,
    /// The name that this one is an alias of.
    CNAME,
    /// Hosts that take mail for the name.
    MX,
    /// Servers that answer for the zone.
    NS,
    /// Names of an address, or another pointer.
    PTR,
    /// What the zone says of itself.
    SOA,
    /// Text, such as a policy for mail.
    TXT,
}

/// One record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Record {
    /// The name it stands under.
    pub(crate) name: String,
    /// Seconds for which it may be kept.
    pub(crate) ttl: u32,
    /// What it says: an address, a name, or text. Of `MX` the host alone; of `SOA` all fields, as in a zone file.
    pub(crate) value: String,
    /// Which host is tried first; the lowest. Of `MX` only.
    pub(crate) preference: Option<u16>,
}

impl From<RecordType> for TYPE {
    fn from(record_type: RecordType) -> Self {
        match record_type {
            RecordType::A => Self::A,
            RecordType::AAAA => Self::AAAA,
            RecordType::CNAME => Self::CNAME,
            RecordType::MX => Self::MX,
            RecordType::NS => Self::NS,
            RecordType::PTR => Self::PTR,
            RecordType::SOA => Self::SOA,
            RecordType::TXT => Self::TXT,
        }
    }
}

impl Record {
    /// Nothing if it is of a type that is not read.
    pub(crate) fn read(record: &ResourceRecord<'_>) -> Option<Self> {
        let mut preference = None;
        let value = match &record.rdata {
            RData::A(address) => Ipv4Addr::from_bits(address.address).to_string(),
            RData::AAAA(address) => Ipv6Addr::from_bits(address.address).to_string(),
            RData::CNAME(name) => text(&name.0),
            RData::NS(name) => text(&name.0),
            RData::PTR(name) => text(&name.0),
            RData::MX(mx) => {
                preference = Some(mx.preference);
                text(&mx.exchange)
            }
            RData::SOA(soa) => format!(
                "{} {} {} {} {} {} {}",
                text(&soa.mname),
                text(&soa.rname),
                soa.serial,
                soa.refresh,
                soa.retry,
                soa.expire,
                soa.minimum
            ),
            // The strings of one record belong together (RFC 7208, section 3.3).
            RData::TXT(txt) => String::try_from(txt.clone())
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            _ => return None,
        };
        Some(Self { name: text(&record.name), ttl: record.ttl, value, preference })
    }
}

/// A name as in a zone file, without the last dot. A label may hold any byte; what would not be seen, or be taken for
/// something else, is written as `\DDD` (RFC 1035, section 5.1).
pub(crate) fn text(name: &Name<'_>) -> String {
    let labels: Vec<_> = name.as_bytes().map(label).collect();
    if labels.is_empty() { ".".to_owned() } else { labels.join(".") }
}

fn label(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'.' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'!'..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\{byte:03}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use simple_dns::{Label, Name};

    use super::text;

    #[test]
    fn no_label_can_pass_for_something_else() {
        let labels = [&b"a.b\\"[..], b"\x1b[2J\n", "ü".as_bytes(), b"example"]
            .map(|label| Label::new_unchecked(label.to_vec()));
        assert_eq!(text(&Name::new_with_labels(&labels)), r"a\.b\\.\027[2J\010.\195\188.example");
        assert_eq!(text(&Name::new_with_labels(&[])), ".");
    }
}
