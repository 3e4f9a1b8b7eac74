//! JSON Schemas that a plugin declares, and values checked against them.
//!
//! A schema comes from an attacker and is evaluated in the host, so three things are bounded: its size and depth,
//! references (`$ref` could recurse without an end; the SDKs write schemas inline), and patterns (matched by an engine
//! whose time is linear in the text).

use jsonschema::{PatternOptions, Validator};
use palisade_model::limits::{SCHEMA_BYTES, SCHEMA_DEPTH};
use serde_json::Value;

/// Violations that one message names.
const VIOLATIONS: usize = 3;

/// Characters of one violation. The offending value is part of it and may be anything.
const VIOLATION_CHARS: usize = 300;

/// Bytes of compiled pattern: far above any real one.
const PATTERN_BYTES: usize = 256 * 1024;

/// A checked and compiled schema.
pub struct Schema(Validator);

/// Why a schema is not accepted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what}: {why}")]
pub struct SchemaError {
    /// Which schema.
    pub what: String,
    /// Why.
    pub why: String,
}

impl Schema {
    /// Checks and compiles a schema; `what` names it in errors.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] if it is too large or too deep, refers to another, or is no JSON Schema.
    pub fn new(what: &str, schema: &Value) -> Result<Self, SchemaError> {
        let refuse = |why: String| SchemaError { what: what.to_owned(), why };
        let mut left = SCHEMA_BYTES;
        look(schema, SCHEMA_DEPTH, &mut left).map_err(&refuse)?;
        let validator = jsonschema::options()
            .with_draft(jsonschema::Draft::Draft202012)
            .with_pattern_options(
                PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES),
            )
            .build(schema)
            .map_err(|error| refuse(shorten(&error.to_string())))?;
        Ok(Self(validator))
    }

    /// Checks a value.
    ///
    /// # Errors
    ///
    /// The first few violations, each with the place of the value that violates.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        // Almost every value is good, and the yes is much cheaper than the list of violations.
        if self.0.is_valid(value) {
            return Ok(());
        }
        let violations: Vec<_> = self
            .0
            .iter_errors(value)
            .take(VIOLATIONS)
            .map(|error| match error.instance_path().as_str() {
                "" => shorten(&error.to_string()),
                place => format!("{place}: {}", shorten(&error.to_string())),
            })
            .collect();
        Err(violations.join("; "))
    }
}

/// Walks a schema and stops at the first thing that is not accepted; `left` is what remains of its bytes.
fn look(value: &Value, depth: usize, left: &mut usize) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("it is nested deeper than {SCHEMA_DEPTH} levels"));
    }
    match value {
        Value::Object(fields) => fields.iter().try_for_each(|(key, value)| {
            if matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef") && value.is_string() {
                return Err(format!("`{key}` is not accepted: write the schema inline"));
            }
            spend(key.len(), left)?;
            look(value, depth - 1, left)
        }),
        Value::Array(items) => items.iter().try_for_each(|item| look(item, depth - 1, left)),
        Value::String(text) => spend(text.len(), left),
        Value::Null | Value::Bool(_) | Value::Number(_) => spend(size_of::<Value>(), left),
    }
}

fn spend(bytes: usize, left: &mut usize) -> Result<(), String> {
    *left = left.checked_sub(bytes).ok_or_else(|| format!("it is larger than {SCHEMA_BYTES} bytes"))?;
    Ok(())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(VIOLATION_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn says_where_and_what_a_value_violates() {
        let schema = Schema::new(
            "parameters",
            &json!({"type": "object", "properties": {"ip": {"type": "string"}}, "required": ["ip"]}),
        )
        .unwrap();
        assert_eq!(schema.check(&json!({"ip": "203.0.113.7"})), Ok(()));
        assert_eq!(schema.check(&json!({"ip": 7})).unwrap_err(), "/ip: 7 is not of type \"string\"");
        assert_eq!(schema.check(&json!({})).unwrap_err(), "\"ip\" is a required property");
    }

    #[test]
    fn refuses_what_could_hang_or_exhaust_the_host() {
        let why = |schema| Schema::new("output", &schema).map(drop).unwrap_err().why;
        assert!(why(json!({"$ref": "#"})).contains("`$ref`"));
        assert!(why(json!({"anyOf": [{"$dynamicRef": "#x"}]})).contains("`$dynamicRef`"));
        assert!(why(json!({"description": "x".repeat(SCHEMA_BYTES)})).contains("larger"));
        assert!(why(json!({"pattern": "(a{1000}){1000}"})).len() < 1_000);
        let mut deep = json!(true);
        for _ in 0..SCHEMA_DEPTH {
            deep = json!({ "not": deep });
        }
        assert!(why(deep).contains("deeper"));
        // A property may well be called `$ref`; only a reference is refused.
        assert!(Schema::new("output", &json!({"properties": {"$ref": {"type": "string"}}})).is_ok());
    }
}
