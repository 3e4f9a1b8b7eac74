//! What happened before: how many alerts of a kind there were about somebody or something.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    alert::{Artifact, Severity},
    limits::ALERT_KEYS,
};

/// The CEF fields that name who or what an alert is about. Alerts are kept by these, and by no others.
pub const FIELDS: [&str; 11] = [
    "sourceAddress",
    "sourceHostName",
    "sourceUserName",
    "sourceUserId",
    "destinationAddress",
    "destinationDnsDomain",
    "destinationHostName",
    "destinationUserName",
    "destinationUserId",
    "deviceExternalId",
    "deviceHostname",
];

/// Which alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Their label.
    pub label: String,
    /// One of [`FIELDS`].
    pub field: String,
    /// Its value in one of their artifacts, whatever its case.
    pub value: String,
    /// Received at this time or later.
    pub since: Timestamp,
    /// How bad they are at least.
    pub severity: Severity,
}

/// Who or what an alert is about: each field of [`FIELDS`] with its value in lower case, at most [`ALERT_KEYS`] of them.
pub fn keys(artifacts: &[Artifact]) -> Vec<(&'static str, String)> {
    let mut keys = Vec::new();
    for artifact in artifacts {
        for field in FIELDS {
            let values = match artifact.cef.get(field) {
                Some(serde_json::Value::Array(values)) => values.as_slice(),
                Some(value) => std::slice::from_ref(value),
                None => &[],
            };
            for text in values.iter().filter_map(serde_json::Value::as_str) {
                let key = (field, normal(text));
                if !key.1.is_empty() && !keys.contains(&key) {
                    keys.push(key);
                }
                if keys.len() == ALERT_KEYS {
                    return keys;
                }
            }
        }
    }
    keys
}

/// The form in which values are compared.
pub fn normal(value: &str) -> String {
    value.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alert_is_kept_by_who_and_what_it_is_about() {
        let artifact = |cef: serde_json::Value| Artifact {
            id: 1,
            name: String::new(),
            label: String::new(),
            cef: cef.as_object().unwrap().clone(),
            data: serde_json::Map::new(),
        };
        let artifacts = [
            artifact(
                json!({ "sourceUserName": " Kim ", "requestURL": "x", "sourceAddress": ["10.0.0.1", 7, " "] }),
            ),
            artifact(json!({ "sourceUserName": "kim" })),
        ];
        let keys = keys(&artifacts);
        assert_eq!(keys, [("sourceAddress", "10.0.0.1".to_owned()), ("sourceUserName", "kim".to_owned())]);
        let many: Vec<_> =
            (0..ALERT_KEYS + 5).map(|n| artifact(json!({ "sourceUserName": n.to_string() }))).collect();
        assert_eq!(super::keys(&many).len(), ALERT_KEYS);
    }
}
