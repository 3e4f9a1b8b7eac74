//! Whether a package's sections say what the component itself says.

use std::fmt;

use palisade_model::plugin::Manifest;
use serde_json::Value;

use crate::{Package, limits::QUOTED_CHARS};

/// The first place where a section says something else than the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    section: &'static str,
    /// JSON pointer (RFC 6901) into the manifest; empty for all of it.
    at: String,
    says: String,
    component: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { section, at, says, component } = self;
        let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
        write!(f, "its section `{section}` says {says}{at}, and the component itself says {component}")
    }
}

/// Compares what a package says of itself with what the component answered. None if it says the same, or nothing.
pub fn disagreement(package: &Package, described: &Manifest) -> Option<Disagreement> {
    // A manifest is written as JSON and read again; what was described takes the same way, so that both are rounded alike.
    let described = serde_json::to_string(described).ok()?;
    let described: Value = serde_json::from_str(&described).ok()?;
    let texts = [("version", &package.version), ("description", &package.description)];
    for (section, text) in texts {
        let component = &described["identity"][section];
        if let Some(text) = text.as_deref().filter(|text| *component != **text) {
            let says = quoted(&Value::from(text));
            return Some(Disagreement { section, at: String::new(), says, component: quoted(component) });
        }
    }
    let section = serde_json::to_value(package.manifest.as_ref()?).ok()?;
    let (at, says, component) = first_difference(String::new(), &section, &described)?;
    Some(Disagreement { section: "palisade:manifest", at, says, component })
}

fn first_difference(at: String, one: &Value, other: &Value) -> Option<(String, String, String)> {
    match (one, other) {
        (one, other) if one == other => None,
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                compare(at, one.get(key), other.get(key))
            })
        }
        (Value::Array(one), Value::Array(other)) => (0..one.len().max(other.len()))
            .find_map(|index| compare(format!("{at}/{index}"), one.get(index), other.get(index))),
        (one, other) => Some((at, quoted(one), quoted(other))),
    }
}

fn compare(at: String, one: Option<&Value>, other: Option<&Value>) -> Option<(String, String, String)> {
    let or_nothing = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), quoted);
    match (one, other) {
        (Some(one), Some(other)) => first_difference(at, one, other),
        (one, other) => Some((at, or_nothing(one), or_nothing(other))),
    }
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}
