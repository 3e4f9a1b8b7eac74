//! Splunk's field names (Common Information Model) and the CEF keys they become.
//!
//! The table is the one that Splunk's own export to SOAR uses, so that playbooks find what they expect; hosts are ours.

use palisade_model::earlier;
use serde_json::{Map, Value};

/// CIM field, CEF key. Where two fields have one key, the first in this table that is there wins.
const FIELDS: &[(&str, &str)] = &[
    ("src_ip", "sourceAddress"),
    ("src", "sourceAddress"),
    ("dest_ip", "destinationAddress"),
    ("dest", "destinationAddress"),
    ("src_port", "sourcePort"),
    ("dest_port", "destinationPort"),
    ("src_mac", "sourceMacAddress"),
    ("dest_mac", "destinationMacAddress"),
    ("src_host", "sourceHostName"),
    ("dest_host", "destinationHostName"),
    ("src_nt_domain", "sourceNtDomain"),
    ("src_dns", "sourceDnsDomain"),
    ("dest_dns", "destinationDnsDomain"),
    ("dns", "destinationDnsDomain"),
    ("src_user", "sourceUserId"),
    ("user", "destinationUserName"),
    ("user_id", "destinationUserId"),
    ("url", "requestURL"),
    ("file_name", "fileName"),
    ("file_hash", "fileHash"),
    ("file_path", "filePath"),
    ("file_size", "fileSize"),
    ("dvc", "dvc"),
    ("dvc_ip", "deviceAddress"),
    ("dvc_mac", "deviceMacAddress"),
    ("transport", "transportProtocol"),
    ("protocol", "transportProtocol"),
    ("action", "act"),
    ("app", "app"),
    ("bytes_in", "bytesIn"),
    ("bytes_out", "bytesOut"),
    ("category", "cat"),
    ("direction", "deviceDirection"),
    ("message", "message"),
    ("request_payload", "request"),
];

/// Where a host name goes that stands in a field for addresses: CIM allows either in `src` and `dest`.
const HOSTS: &[(&str, &str)] =
    &[("sourceAddress", "sourceHostName"), ("destinationAddress", "destinationHostName")];

/// Splits a row into fields by CEF key, and the rest. A field that bears the name of a CEF key is one.
pub(crate) fn split(row: Map<String, Value>) -> (Map<String, Value>, Map<String, Value>) {
    let (mut cef, mut rest) = (Map::new(), row);
    for (field, key) in FIELDS {
        let Some(value) = rest.get(*field) else { continue };
        if is_empty(value) {
            continue;
        }
        let host = HOSTS.iter().find(|(address, _)| address == key).filter(|_| !is_address(value));
        let key = host.map_or(*key, |(_, host)| *host);
        // Splunk often gives the same value twice, as `src` and `src_ip`; another value is kept as data.
        if cef.get(key).is_none_or(|taken| taken == value)
            && let Some(value) = rest.remove(*field)
        {
            cef.insert(key.to_owned(), value);
        }
    }
    let named: Vec<_> = rest.keys().filter(|field| is_cef_key(field)).cloned().collect();
    for key in named {
        if let Some(value) = rest.remove(&key) {
            cef.entry(key).or_insert(value);
        }
    }
    (cef, rest)
}

/// CIM has no name for a device's id in its management, for example, so that a search has to say `deviceExternalId`.
fn is_cef_key(field: &str) -> bool {
    FIELDS.iter().chain(HOSTS).any(|(_, key)| *key == field) || earlier::FIELDS.contains(&field)
}

/// A multivalue field is an array; its first value decides.
fn is_address(value: &Value) -> bool {
    let first = value.as_array().and_then(|values| values.first()).unwrap_or(value);
    first.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_what_has_a_key_and_keeps_the_rest() {
        let row = json!({
            "src": "srv-web-01", "src_ip": "10.20.30.41", "dest": "203.0.113.66", "dest_ip": "203.0.113.66",
            "protocol": "http", "transport": "tcp", "dest_port": "443",
            "dns": ["updates.example.com", "cdn.example.com"], "user": "", "destinationUserId": "42",
            "deviceExternalId": "3a45b4d5", "sourceUserName": "m.keller", "_raw": "…", "risk_score": "80",
        });
        let Value::Object(row) = row else { panic!() };
        let (cef, rest) = split(row);
        assert_eq!(
            Value::Object(cef),
            json!({
                "sourceAddress": "10.20.30.41", "sourceHostName": "srv-web-01", "destinationAddress": "203.0.113.66",
                "destinationPort": "443", "transportProtocol": "tcp", "destinationDnsDomain": ["updates.example.com", "cdn.example.com"],
                "destinationUserId": "42", "deviceExternalId": "3a45b4d5", "sourceUserName": "m.keller",
            })
        );
        assert_eq!(
            Value::Object(rest),
            json!({"_raw": "…", "protocol": "http", "risk_score": "80", "user": ""})
        );
    }
}
