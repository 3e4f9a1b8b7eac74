//! `--set KEY=VALUE` and `--set KEY:=JSON`

use std::str::FromStr;

use serde_json::{Value, json};

use crate::error::Error;

/// One setting as it was typed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Setting {
    /// The configuration field.
    pub(crate) key: String,
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
pub(crate) enum NotASetting {
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
    /// The value where nothing says what it should be: JSON, or a text.
    pub(crate) fn untyped(self) -> Value {
        match self.value {
            Typed::Json(value) => value,
            Typed::Text(text) => Value::String(text),
        }
    }

    /// The value as the schema of `whose` configuration wants it.
    ///
    /// # Errors
    ///
    /// If there is no such field, if the field is one of the `secrets`, or if the text is not of its type. Whatever else
    /// the schema demands is checked by the host.
    pub(crate) fn value(&self, whose: &str, schema: &Value, secrets: &[String]) -> Result<Value, Error> {
        let Self { key, value } = self;
        let usage = |what, next| Err(Error::Usage { what, next });
        if secrets.contains(key) {
            return usage(
                format!("`{key}` is a secret: what stands on a command line, others can read"),
                format!("give it with --secret {key}"),
            );
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let Some(schema) = properties.and_then(|properties| properties.get(key)) else {
            let known = properties.map(|all| all.keys().cloned().collect::<Vec<_>>().join(", "));
            let known = known.filter(|known| !known.is_empty()).unwrap_or_else(|| "none".to_owned());
            return usage(format!("{whose} has no setting `{key}`"), format!("it has: {known}"));
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

    fn value(text: &str) -> Result<Value, Error> {
        let schema = json!({ "type": "object", "properties": {
            "base_url": { "type": "string" },
            "port": { "type": ["integer", "null"] },
            "verify": { "type": "boolean" },
            "tags": { "type": "array" },
            "token": { "type": "string", "writeOnly": true },
        } });
        text.parse::<Setting>().unwrap().value("connector acme", &schema, &["token".to_owned()])
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
