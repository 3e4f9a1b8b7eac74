use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::bindings::playbook::palisade::plugin::alerts as wire;

/// A piece of evidence. What it says comes from outside and may be meant to mislead.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Artifact {
    /// Number within the alert, from 1.
    pub id: u64,
    /// Title.
    pub name: String,
    /// What kind it is, for example `event`.
    pub label: String,
    /// Fields by their CEF key.
    pub cef: Map<String, Value>,
}

impl From<wire::Artifact> for Artifact {
    /// The host has checked that the fields are a JSON object; anything else reads as no fields.
    fn from(artifact: wire::Artifact) -> Self {
        Self {
            id: artifact.id,
            name: artifact.name,
            label: artifact.label,
            cef: serde_json::from_str(&artifact.cef).unwrap_or_default(),
        }
    }
}

/// All artifacts of the alert. A getter takes the first artifact that has a usable value for the CEF key; of a list
/// of values it takes the first.
///
/// ```
/// use palisade_sdk::{playbook::{Playbook, Run}, testing::PlaybookTest};
/// use serde_json::json;
///
/// fn handle(run: &Run) -> Result<String, String> {
///     let artifacts = run.artifacts();
///     let ip = artifacts.ip("destinationAddress").ok_or("The alert has no destination address.")?;
///     let port = artifacts.number("destinationPort").unwrap_or(443);
///     Ok(format!("{ip} on port {port}, by {}", artifacts.text("sourceUserName").unwrap_or("nobody")))
/// }
///
/// let test = PlaybookTest::new(Playbook::new("example", "1.0.0", handle))
///     .artifact(json!({ "destinationAddress": "not known" }))
///     .artifact(json!({ "destinationAddress": ["2001:db8::1"], "destinationPort": "8443" }));
/// assert_eq!(test.run().result, Ok("2001:db8::1 on port 8443, by nobody".into()));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Artifacts(pub Vec<Artifact>);

impl Artifacts {
    /// Text that is not blank, trimmed.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.values(key).filter_map(Value::as_str).map(str::trim).find(|text| !text.is_empty())
    }

    /// An IP address.
    pub fn ip(&self, key: &str) -> Option<IpAddr> {
        self.values(key).filter_map(Value::as_str).find_map(|text| text.trim().parse().ok())
    }

    /// A number that is not negative, such as `destinationPort`, whether given as a number or as text.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.values(key).find_map(|value| match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_u64(),
        })
    }

    fn values<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a Value> {
        self.0.iter().filter_map(move |artifact| artifact.cef.get(key)).filter_map(|value| match value {
            Value::Array(values) => values.first(),
            value => Some(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Artifact, Artifacts};

    fn artifact(cef: &serde_json::Value) -> Artifact {
        Artifact { id: 1, name: "event".into(), label: "event".into(), cef: cef.as_object().unwrap().clone() }
    }

    #[test]
    fn the_first_usable_value_counts() {
        let artifacts = Artifacts(vec![
            artifact(
                &json!({ "sourceAddress": "not an address", "destinationPort": "443", "requestURL": " " }),
            ),
            artifact(&json!({ "sourceAddress": ["192.0.2.7", "192.0.2.8"], "bytesOut": 1200 })),
        ]);
        assert_eq!(artifacts.ip("sourceAddress"), "192.0.2.7".parse().ok());
        assert_eq!(artifacts.number("destinationPort"), Some(443));
        assert_eq!(artifacts.number("bytesOut"), Some(1_200));
        assert_eq!(artifacts.text("requestURL"), None);
    }
}
