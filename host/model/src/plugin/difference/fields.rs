//! What another version of a schema changes, field by field.

use serde_json::{Map, Value};

use super::Sign;
use crate::plugin::shape::kind_of;

/// Levels of fields within fields that are compared; what changes below is told of the field that has it.
const DEPTH: usize = 5;

/// Keywords that say nothing of a value.
const ANNOTATIONS: [&str; 8] =
    ["description", "title", "default", "examples", "$comment", "deprecated", "$schema", "$id"];

/// The changes of a schema, each in words.
pub(super) fn compare(old: &Value, new: &Value) -> Vec<(Sign, String)> {
    let mut found = Vec::new();
    // As a rule nothing changes, and that is seen at once.
    if old != new {
        within(old, new, "", DEPTH, &mut found);
    }
    found
}

fn within(old: &Value, new: &Value, path: &str, depth: usize, found: &mut Vec<(Sign, String)>) {
    let (old, new) = (present(old), present(new));
    let (kind_before, kind) = (kind_of(old), kind_of(new));
    let name = if path.is_empty() { "the whole".to_owned() } else { format!("`{path}`") };
    if kind_before != kind {
        found.push((Sign::Changed, format!("{name}: was {kind_before}, is {kind}")));
        return;
    }
    let before = found.len();
    match (fields(old), fields(new)) {
        (None, None) => {}
        (before, after) if depth > 1 => {
            let none = Map::new();
            let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
            objects((old, before), (new, after), path, depth, found);
        }
        _ => {}
    }
    if let (Some(before), Some(after)) = (old.get("items"), new.get("items"))
        && depth > 1
    {
        within(before, after, &format!("{path}[]"), depth - 1, found);
    }
    if found.len() == before && bare(old) != bare(new) {
        found.push((Sign::Changed, format!("{name}: has other limits")));
    }
}

fn objects(
    (old, before): (&Value, &Map<String, Value>),
    (new, after): (&Value, &Map<String, Value>),
    path: &str,
    depth: usize,
    found: &mut Vec<(Sign, String)>,
) {
    let path_of = |field: &str| if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") };
    for (field, schema) in after {
        let path = path_of(field);
        let Some(earlier) = before.get(field) else {
            let secret = if schema.get("writeOnly") == Some(&Value::Bool(true)) { "secret, " } else { "" };
            let required = if requires(new, field) { ", required" } else { "" };
            found.push((Sign::Added, format!("`{path}` ({secret}{}{required})", kind_of(schema))));
            continue;
        };
        match (requires(old, field), requires(new, field)) {
            (false, true) => found.push((Sign::Changed, format!("`{path}`: is required"))),
            (true, false) => found.push((Sign::Changed, format!("`{path}`: is not required any more"))),
            _ => {}
        }
        if earlier.get("default") != schema.get("default") {
            let word = |schema: &Value| match schema.get("default") {
                Some(default) => default.to_string(),
                None => "nothing".to_owned(),
            };
            found.push((
                Sign::Changed,
                format!("`{path}`: default was {}, is {}", word(earlier), word(schema)),
            ));
        }
        within(earlier, schema, &path, depth - 1, found);
    }
    for field in before.keys().filter(|field| !after.contains_key(*field)) {
        found.push((Sign::Removed, format!("`{}`", path_of(field))));
    }
}

fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

fn requires(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == field))
}

/// The schema of a value that is there: a field that may be null says so in one of several ways.
fn present(schema: &Value) -> &Value {
    let several = ["anyOf", "oneOf"].iter().find_map(|word| schema.get(*word)?.as_array());
    let is_null = |one: &&Value| one.get("type").is_some_and(|kind| kind == "null");
    let present = several.map(|several| several.iter().filter(|one| !is_null(one)).collect::<Vec<_>>());
    match present.as_deref() {
        Some([one]) => one,
        _ => schema,
    }
}

/// A schema without what only people read.
fn bare(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let says = |word: &str| !ANNOTATIONS.contains(&word);
            let kept = fields.iter().filter(|(word, _)| says(word));
            kept.map(|(word, value)| {
                // The names of fields are no keywords.
                let value = match (word.as_str(), value) {
                    ("properties" | "patternProperties", Value::Object(fields)) => {
                        fields.iter().map(|(name, schema)| (name.clone(), bare(schema))).collect()
                    }
                    (_, value) => bare(value),
                };
                (word.clone(), value)
            })
            .collect()
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        value => value.clone(),
    }
}
