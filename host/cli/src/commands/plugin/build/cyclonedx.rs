//! The list of what is in a component, as CycloneDX 1.5 writes it (<https://cyclonedx.org/docs/1.5/json/>).

use serde_json::{Value, json};

/// A package that is in a component: its name, its version, and where it comes from (<https://github.com/package-url>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) purl: String,
}

/// The list, without a serial number and a time, so that the same parts make the same list.
pub(super) fn list(name: &str, version: Option<&str>, mut parts: Vec<Part>) -> String {
    parts.sort();
    parts.dedup();
    let mut component = json!({ "type": "application", "name": name });
    if let Some(version) = version {
        component["version"] = json!(version);
    }
    let part = |Part { name, version, purl }| json!({ "type": "library", "name": name, "version": version, "purl": purl, "bom-ref": purl });
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component },
        "components": parts.into_iter().map(part).collect::<Vec<Value>>(),
    });
    list.to_string()
}
