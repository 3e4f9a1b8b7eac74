//! The fields of a JSON Schema, as rows of a table.

use serde_json::Value;

use super::markdown::{code, table, text};

/// Levels of fields within fields that a page shows; below that is what the system answers, and its documents tell more.
const DEPTH: usize = 4;

/// What an asset, a run or an action is given: with what must be there, and defaults.
pub(super) fn given(schema: &Value) -> String {
    let mut rows = Vec::new();
    visit(schema, "", DEPTH, &mut |path, schema, required| {
        rows.push([code(path), kind(schema), presence(schema, required), description(schema)]);
    });
    table(["Field", "Type", "Default", "Meaning"], &rows)
}

/// What a report has.
pub(super) fn found(schema: &Value) -> String {
    let mut rows = Vec::new();
    visit(schema, "", DEPTH, &mut |path, schema, _| {
        rows.push([code(path), kind(schema), description(schema)]);
    });
    table(["Field", "Type", "Meaning"], &rows)
}

/// The names of its fields alone.
pub(super) fn names(schema: Option<&Value>) -> String {
    let fields = schema.and_then(|schema| schema["properties"].as_object());
    let names: Vec<_> = fields.into_iter().flatten().map(|(field, _)| code(field)).collect();
    names.join(", ")
}

/// What a schema says about itself as a whole.
pub(super) fn about(schema: &Value) -> String {
    schema["description"].as_str().map(|about| format!("{}\n\n", text(about))).unwrap_or_default()
}

/// Every field, each before those within it. A list has its items' fields.
fn visit(schema: &Value, within: &str, depth: usize, row: &mut impl FnMut(&str, &Value, bool)) {
    let schema = present(schema);
    if let Some(items) = schema.get("items") {
        return visit(items, &format!("{within}[]"), depth, row);
    }
    let required = |field: &str| {
        schema["required"].as_array().is_some_and(|required| required.iter().any(|name| name == field))
    };
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        let path = if within.is_empty() { field.clone() } else { format!("{within}.{field}") };
        row(&path, schema, required(field));
        if depth > 1 {
            visit(schema, &path, depth - 1, row);
        }
    }
}

/// The schema of a value that is there: a field that may be null says so in one of several ways.
fn present(schema: &Value) -> &Value {
    let several = ["anyOf", "oneOf"].iter().find_map(|several| schema[*several].as_array());
    let present =
        several.map(|several| several.iter().filter(|one| one["type"] != "null").collect::<Vec<_>>());
    match present.as_deref() {
        Some([one]) => one,
        _ => schema,
    }
}

fn kind(schema: &Value) -> String {
    if schema["writeOnly"] == true {
        return "secret".to_owned();
    }
    let schema = present(schema);
    if let Some(words) = words(schema) {
        return words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", ");
    }
    let kind = match &schema["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any")
        }
        _ => "any",
    };
    match kind {
        "array" if schema.get("items").is_some() => format!("list of {}", kind_of_items(&schema["items"])),
        "array" => "list".to_owned(),
        "string" => match schema["format"].as_str() {
            Some(format) => format!("text ({})", text(format)),
            None => "text".to_owned(),
        },
        "integer" | "number" => {
            format!("{}{}", if kind == "integer" { "integer" } else { "number" }, range(schema))
        }
        "boolean" => "boolean".to_owned(),
        "object" => "object".to_owned(),
        other => text(other),
    }
}

fn kind_of_items(items: &Value) -> String {
    if items["properties"].is_object() { "objects".to_owned() } else { kind(items) }
}

/// The only values that there are.
fn words(schema: &Value) -> Option<Vec<String>> {
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.iter().filter(|value| !value.is_null()).map(word).collect());
    }
    let several = ["oneOf", "anyOf"].iter().find_map(|several| schema[*several].as_array())?;
    let consts: Option<Vec<_>> =
        several.iter().filter(|one| one["type"] != "null").map(|one| one.get("const").map(word)).collect();
    consts.filter(|consts| !consts.is_empty())
}

/// The bounds of a number that somebody chose: those of its machine type say nothing.
fn range(schema: &Value) -> String {
    let of_the_type = schema["format"].as_str().is_some_and(|format| {
        let most = match format {
            "uint8" => 255,
            "uint16" => 65_535,
            _ => return false,
        };
        schema["maximum"] == most
    });
    let least = schema.get("minimum").filter(|least| **least != 0);
    let most = schema.get("maximum").filter(|_| !of_the_type);
    match (least, most) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}

fn presence(schema: &Value, required: bool) -> String {
    match schema.get("default") {
        _ if required => "required".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(Value::String(default)) => code(default),
        Some(default) => code(&default.to_string()),
    }
}

/// What it means; of one of several forms, the form's words if it has none of its own.
fn description(schema: &Value) -> String {
    let description = schema["description"].as_str().or_else(|| present(schema)["description"].as_str());
    description.map(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_told_with_type_and_default() {
        let schema = json!({
            "type": "object",
            "required": ["url", "key"],
            "properties": {
                "url": { "type": "string", "description": "Where it is.\nIn two lines." },
                "key": { "type": "string", "writeOnly": true },
                "mode": { "oneOf": [{ "const": "a", "type": "string" }, { "const": "b|c", "type": "string" }], "default": "a" },
                "kind": { "type": ["string", "null"], "enum": ["x", "y", null] },
                "port": { "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535, "default": 636 },
                "count": { "type": ["integer", "null"], "minimum": 1, "maximum": 9 },
                "ip": { "type": "string", "format": "ip" },
                "sub": { "anyOf": [{ "type": "object", "description": "Deeper.", "properties": {
                    "x": { "type": "boolean", "default": false } } }, { "type": "null" }] },
                "rows": { "type": "array", "items": { "type": "object", "properties": { "y": { "type": "number" } } } },
                "any": true,
            },
        });
        let expected = "\
| Field | Type | Default | Meaning |
| --- | --- | --- | --- |
| `any` | any |  |  |
| `count` | integer, 1 to 9 |  |  |
| `ip` | text (ip) |  |  |
| `key` | secret | required |  |
| `kind` | `x`, `y` |  |  |
| `mode` | `a`, `b\\|c` | `a` |  |
| `port` | integer | `636` |  |
| `rows` | list of objects |  |  |
| `rows[].y` | number |  |  |
| `sub` | object |  | Deeper. |
| `sub.x` | boolean | `false` |  |
| `url` | text | required | Where it is. In two lines. |
";
        assert_eq!(given(&schema), expected);
        assert_eq!(found(&json!({ "type": "null" })), "");
    }

    #[test]
    fn a_schema_of_very_many_levels_is_not_followed_down() {
        let mut schema = json!({ "type": "string" });
        for _ in 0..20 {
            schema = json!({ "type": "object", "properties": { "x": schema } });
        }
        assert_eq!(found(&schema).lines().count(), 2 + DEPTH);
    }
}
