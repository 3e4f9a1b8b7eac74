//! Values that satisfy a schema, chosen by a seed.
//!
//! The subset of JSON Schema 2020-12 that plugins use and the host accepts: no references, so every schema is a tree. A
//! value is made from what the schema says and then checked by the validator that the host itself uses; what cannot be
//! made this way (a `not`, an interplay of several constraints) needs a cassette.

mod format;
mod pattern;

use palisade_engine::Schema;
use serde_json::{Map, Number, Value, json};

use crate::{
    limits::{GENERATE_ATTEMPTS, GENERATED_ITEMS},
    random::Random,
};

/// How much of what may be left out is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Only what is required.
    Least,
    /// Everything.
    Most,
    /// As it falls.
    Some,
}

/// A value that satisfies the schema; none if none was found.
pub(crate) fn value(schema: &Value, extent: Extent, random: &mut Random) -> Option<Value> {
    let checked = Schema::new("generated", schema).ok()?;
    (0..GENERATE_ATTEMPTS).find_map(|attempt| {
        // The first choice is the author's own example or default; what does not satisfy is chosen anew.
        let value = Maker { extent, random: &mut *random, by_example: attempt == 0 }.make(schema, "");
        checked.check(&value).is_ok().then_some(value)
    })
}

struct Maker<'a> {
    extent: Extent,
    random: &'a mut Random,
    /// Prefer what the schema gives as an example or default.
    by_example: bool,
}

impl Maker<'_> {
    /// `name` is that of the property, a hint where the schema says nothing.
    fn make(&mut self, schema: &Value, name: &str) -> Value {
        let Some(fields) = schema.as_object() else { return json!({}) };
        if let Some(value) = fields.get("const") {
            return value.clone();
        }
        if let Some(values) = list(fields, "enum") {
            return self.one_of(values).cloned().unwrap_or(Value::Null);
        }
        if self.by_example || self.random.once_in(2) {
            let examples = list(fields, "examples");
            if let Some(example) =
                examples.and_then(|examples| self.one_of(examples)).or(fields.get("default"))
                && !(example.is_null() && self.extent == Extent::Most)
            {
                return example.clone();
            }
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(variants) = list(fields, key) {
                return self.variant(fields, key, variants, name);
            }
        }
        if let Some(parts) = list(fields, "allOf") {
            let mut whole = without(fields, "allOf");
            parts.iter().filter_map(Value::as_object).for_each(|part| merge(&mut whole, part));
            return self.make(&whole.into(), name);
        }
        match self.kind(fields) {
            "object" => self.object(fields),
            "array" => self.array(fields, name),
            "integer" => self.integer(fields),
            "number" => self.number(fields),
            "boolean" => Value::Bool(self.random.once_in(2)),
            "null" => Value::Null,
            _ => Value::String(self.string(fields, name)),
        }
    }

    fn variant(&mut self, fields: &Map<String, Value>, key: &str, variants: &[Value], name: &str) -> Value {
        let is_null = |variant: &&Value| variant.get("type").is_some_and(|kind| kind == "null");
        let real: Vec<_> = variants.iter().filter(|variant| !is_null(variant)).cloned().collect();
        let choice = self.one_of(if real.is_empty() { variants } else { &real }).cloned().unwrap_or_default();
        let mut whole = without(fields, key);
        if let Some(choice) = choice.as_object() {
            merge(&mut whole, choice);
        }
        self.make(&whole.into(), name)
    }

    fn kind(&mut self, fields: &Map<String, Value>) -> &'static str {
        const KINDS: [&str; 7] = ["object", "array", "string", "integer", "number", "boolean", "null"];
        let known = |kind: &Value| KINDS.into_iter().find(|known| kind == known);
        match fields.get("type") {
            Some(Value::Array(kinds)) => {
                let kinds: Vec<_> = kinds.iter().filter_map(known).collect();
                let real: Vec<_> = kinds.iter().copied().filter(|kind| *kind != "null").collect();
                self.one_of(if real.is_empty() { &kinds } else { &real }).copied().unwrap_or("null")
            }
            Some(kind) => known(kind).unwrap_or("string"),
            None if fields.contains_key("properties") => "object",
            None if fields.contains_key("items") => "array",
            None if fields.contains_key("minimum") || fields.contains_key("maximum") => "integer",
            None => "string",
        }
    }

    fn object(&mut self, fields: &Map<String, Value>) -> Value {
        let required: Vec<_> =
            list(fields, "required").into_iter().flatten().filter_map(Value::as_str).collect();
        let mut object = Map::new();
        for (name, schema) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let there = match self.extent {
                _ if required.contains(&name.as_str()) => true,
                Extent::Least => false,
                Extent::Most => true,
                Extent::Some => self.random.once_in(2),
            };
            if there {
                object.insert(name.clone(), self.make(schema, name));
            }
        }
        for name in required {
            if !object.contains_key(name) {
                object.insert(name.to_owned(), self.make(&json!({ "type": "string" }), name));
            }
        }
        let least = size(fields, "minProperties").unwrap_or(0).min(GENERATED_ITEMS);
        let others = fields.get("additionalProperties").filter(|schema| schema.is_object());
        for number in object.len()..least {
            let value = self.make(others.unwrap_or(&json!({ "type": "string" })), "");
            object.insert(format!("field{number}"), value);
        }
        object.into()
    }

    fn array(&mut self, fields: &Map<String, Value>, name: &str) -> Value {
        let least = size(fields, "minItems").unwrap_or(0);
        let most = size(fields, "maxItems").unwrap_or(usize::MAX);
        let wanted = if self.extent == Extent::Least { least } else { least.max(1) };
        let count = wanted.min(most).min(GENERATED_ITEMS);
        let text = json!({ "type": "string" });
        let items = fields.get("items").filter(|schema| schema.is_object()).unwrap_or(&text);
        let unique = fields.get("uniqueItems") == Some(&Value::Bool(true));
        let mut values = Vec::new();
        for _ in 0..count {
            let mut value = self.make(items, name);
            for _ in 0..GENERATE_ATTEMPTS {
                if !unique || !values.contains(&value) {
                    break;
                }
                self.by_example = false;
                value = self.make(items, name);
            }
            values.push(value);
        }
        values.into()
    }

    fn integer(&mut self, fields: &Map<String, Value>) -> Value {
        let bound = |key: &str| fields.get(key).and_then(Value::as_i64);
        let least = bound("minimum").or_else(|| Some(bound("exclusiveMinimum")?.saturating_add(1)));
        let most = bound("maximum").or_else(|| Some(bound("exclusiveMaximum")?.saturating_sub(1)));
        let (least, most) = match (least, most) {
            (Some(least), Some(most)) => (least, most),
            (Some(least), None) => (least, least.saturating_add(9)),
            (None, Some(most)) => (most.saturating_sub(9).max(0).min(most), most),
            (None, None) => (1, 10),
        };
        let span = usize::try_from(most.saturating_sub(least)).unwrap_or(0);
        let offset = match self.random.below(4) {
            0 => 0,
            1 => span,
            _ => self.random.below(span.saturating_add(1)),
        };
        let value = least.saturating_add(i64::try_from(offset).unwrap_or(0));
        match fields.get("multipleOf").and_then(Value::as_i64).filter(|step| *step > 0) {
            Some(step) => {
                let down = value - value.rem_euclid(step);
                (if down < least { down.saturating_add(step) } else { down }).into()
            }
            None => value.into(),
        }
    }

    fn number(&mut self, fields: &Map<String, Value>) -> Value {
        let bound = |key: &str| fields.get(key).and_then(Value::as_f64);
        let least = bound("minimum").or(bound("exclusiveMinimum")).unwrap_or(0.0);
        let most = bound("maximum").or(bound("exclusiveMaximum")).unwrap_or(least + 1.0);
        let part = f64::from(u32::try_from(1 + self.random.below(98)).unwrap_or(1)) / 100.0;
        Number::from_f64(least + (most - least) * part).map_or(Value::Null, Value::Number)
    }

    fn string(&mut self, fields: &Map<String, Value>, name: &str) -> String {
        let least = size(fields, "minLength").unwrap_or(0);
        let most = size(fields, "maxLength").unwrap_or(usize::MAX);
        let text = fields.get("pattern").and_then(Value::as_str);
        if let Some(text) = text.and_then(|pattern| pattern::text(pattern, least, self.random)) {
            return text;
        }
        let format = fields.get("format").and_then(Value::as_str);
        let text = format
            .and_then(|format| format::text(format, self.random))
            .unwrap_or_else(|| format::by_name(name, self.random));
        let mut text: String = text.chars().take(most).collect();
        while text.chars().count() < least {
            text.push('a');
        }
        text
    }

    fn one_of<'v, T>(&mut self, values: &'v [T]) -> Option<&'v T> {
        values.get(self.random.below(values.len()))
    }
}

fn list<'v>(fields: &'v Map<String, Value>, key: &str) -> Option<&'v [Value]> {
    fields.get(key).and_then(Value::as_array).map(Vec::as_slice).filter(|list| !list.is_empty())
}

fn size(fields: &Map<String, Value>, key: &str) -> Option<usize> {
    fields.get(key).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
}

fn without(fields: &Map<String, Value>, key: &str) -> Map<String, Value> {
    fields
        .iter()
        .filter(|(name, _)| *name != key)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Adds the constraints of a part to a schema; of `properties` and `required` both have their say.
fn merge(whole: &mut Map<String, Value>, part: &Map<String, Value>) {
    for (key, value) in part {
        match (whole.get_mut(key), value) {
            (Some(Value::Object(there)), Value::Object(more)) => {
                there.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (Some(Value::Array(there)), Value::Array(more)) if key == "required" => {
                there.extend(more.iter().cloned());
            }
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_satisfies_the_schema() {
        for schema in [
            json!({ "type": "object", "properties": {
                "ip": { "type": "string", "format": "ip" },
                "host": { "type": "string", "format": "hostname", "maxLength": 20 },
                "when": { "type": ["string", "null"], "format": "date-time" },
                "mail": { "anyOf": [{ "type": "string", "format": "email" }, { "type": "null" }] },
                "level": { "oneOf": [{ "const": "low" }, { "const": "high" }] },
                "count": { "type": "integer", "minimum": 3, "maximum": 5 },
                "step": { "type": "integer", "minimum": 1, "multipleOf": 4 },
                "share": { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
                "number": { "type": "string", "pattern": "^[A-Z]{3}[0-9]{7}$" },
                "tags": { "type": "array", "items": { "enum": ["a", "b"] }, "minItems": 2, "uniqueItems": true },
                "more": { "type": "object", "additionalProperties": { "type": "integer" }, "minProperties": 1 }
            }, "required": ["ip", "count"], "additionalProperties": false }),
            json!({ "allOf": [
                { "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] },
                { "properties": { "b": { "const": true } }, "required": ["b"] }
            ] }),
            json!({ "type": "string", "minLength": 40, "maxLength": 50 }),
            json!({ "type": "string", "default": "no", "examples": ["yes"] }),
        ] {
            for extent in [Extent::Least, Extent::Most, Extent::Some] {
                for seed in 0..20 {
                    let made = value(&schema, extent, &mut Random::new(seed));
                    assert!(made.is_some(), "{schema} {extent:?} {seed}");
                }
            }
        }
        let least = value(
            &json!({ "type": "object", "properties": { "a": {} } }),
            Extent::Least,
            &mut Random::new(1),
        );
        assert_eq!(least, Some(json!({})));
        assert_eq!(value(&json!({ "type": "string", "not": {} }), Extent::Least, &mut Random::new(1)), None);
    }

    #[test]
    fn the_same_seed_makes_the_same_value() {
        let schema =
            json!({ "type": "array", "items": { "type": "string", "format": "ipv4" }, "minItems": 5 });
        let of = |seed| value(&schema, Extent::Most, &mut Random::new(seed));
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
