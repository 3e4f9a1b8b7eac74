//! `--set KEY=VALUE` and `--set KEY:=JSON`

use std::str::FromStr;

use palisade_model::plugin::ConnectorManifest;
use serde_json::{Value, json};

use crate::error::Error;

/// One setting as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Setting {
    /// The configuration field.
    pub(super) key: String,
    value: Typed,
}

/// What was typed.
#[derive(Clone, Debug, PartialEq)]
enum Typed {
    /// Text that the connector's schema gives a type.
    Text(String),
    /// Any JSON.
    Json(Value),
}

/// Why a text is not a [`Setting`].
#[derive(Debug, thiserror::Error)]
pub(super) enum NotASetting {
    /// No key, or no value.
    #[error("write it as KEY=VALUE, or as KEY:=JSON")]
    Form,
    /// Not JSON.
    #[error("what stands behind `:=` is no JSON")]
    Json(#[from] serde_json::Error),
}

impl FromStr for Setting {
    type Err = NotASetting;

    fn from_str(text: &str) -> Result<Self, NotASetting> {
        let (key, value) = text.split_once('=').ok_or(NotASetting::Form)?;
        let (key, value) = match key.strip_suffix(':') {
            Some(key) => (key, Typed::Json(serde_json::from_str(value)?)),
            None => (key, Typed::Text(value.to_owned())),
        };
        if key.is_empty() {
            return Err(NotASetting::Form);
        }
        Ok(Self { key: key.to_owned(), value })
    }
}

impl Setting {
    /// The value as the connector's schema wants it.
    ///
    /// # Errors
    ///
    /// If the connector has no such field, if the field is a secret, or if the text is not of its type. Whatever else
    /// the schema demands is checked by the host.
    pub(super) fn value(&self, connector: &ConnectorManifest) -> Result<Value, Error> {
        let Self { key, value } = self;
        let usage = |what, next| Err(Error::Usage { what, next });
        if connector.secrets.contains(key) {
            return usage(
                format!("`{key}` is a secret: what stands on a command line, others can read"),
                format!("give it with --secret {key}"),
            );
        }
        let properties = connector.configuration.get("properties").and_then(Value::as_object);
        let Some(schema) = properties.and_then(|properties| properties.get(key)) else {
            let name = &connector.identity.name;
            let known = properties.map(|all| all.keys().cloned().collect::<Vec<_>>().join(", "));
            return usage(
                format!("connector {name} has no setting `{key}`"),
                format!("it has: {}", known.unwrap_or_default()),
            );
        };
        let text = match value {
            Typed::Json(value) => return Ok(value.clone()),
            Typed::Text(text) => text,
        };
        let kind = kind(schema);
        let value = match kind {
            "integer" => text.parse::<i64>().ok().map(Value::from),
            "number" => text.parse::<f64>().ok().map(Value::from),
            "boolean" => text.parse::<bool>().ok().map(Value::from),
            "array" | "object" => None,
            _ => Some(json!(text)),
        };
        match value {
            Some(value) => Ok(value),
            None => usage(
                format!("`{key}` is of type {kind}, and {text:?} is not"),
                format!("write it as JSON: --set '{key}:=...'"),
            ),
        }
    }
}

/// The type that a schema names; of several the first that is not null.
fn kind(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("string")
        }
        _ => "string",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connector() -> ConnectorManifest {
        serde_json::from_value(json!({
            "identity": { "name": "acme", "version": "1.0.0", "description": "", "publisher": "" },
            "vendor": "", "product": "", "secrets": ["token"], "actions": [],
            "configuration": { "type": "object", "properties": {
                "base_url": { "type": "string" },
                "port": { "type": ["integer", "null"] },
                "verify": { "type": "boolean" },
                "tags": { "type": "array" },
                "token": { "type": "string", "writeOnly": true },
            } },
            "capabilities": { "http": [], "tcp": [], "reveal": [] },
        }))
        .unwrap()
    }

    fn value(text: &str) -> Result<Value, Error> {
        text.parse::<Setting>().unwrap().value(&connector())
    }

    #[test]
    fn the_schema_gives_the_type() {
        assert_eq!(value("base_url=https://h/?a=1").unwrap(), json!("https://h/?a=1"));
        assert_eq!(value("port=8443").unwrap(), json!(8443));
        assert_eq!(value("verify=true").unwrap(), json!(true));
        assert_eq!(value("base_url=7").unwrap(), json!("7"), "a string stays one, whatever it looks like");
        assert_eq!(value(r#"tags:=["a"]"#).unwrap(), json!(["a"]));
    }

    #[test]
    fn what_does_not_fit_says_what_would() {
        for (text, part) in [
            ("port=eight", "of type integer"),
            ("tags=a", "of type array"),
            ("nonsense=1", "has no setting `nonsense`"),
            ("token=hunter2", "is a secret"),
        ] {
            let error = value(text).unwrap_err();
            assert!(matches!(error, Error::Usage { .. }) && error.to_string().contains(part), "{error}");
        }
        assert!("=x".parse::<Setting>().is_err() && "x".parse::<Setting>().is_err());
        assert!("x:={".parse::<Setting>().is_err());
    }
}
