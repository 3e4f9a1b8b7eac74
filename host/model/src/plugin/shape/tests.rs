use serde_json::{Value, json};

use super::{Given, Misfit, kind_of, misfits};
use crate::limits::SCHEMA_BYTES;

fn missing(field: &str) -> Misfit {
    Misfit::Missing(field.to_owned())
}

fn unwanted(field: &str) -> Misfit {
    Misfit::Unwanted(field.to_owned())
}

fn kind(field: &str, given: &str, taken: &str) -> Misfit {
    Misfit::Kind { field: field.to_owned(), given: given.to_owned(), taken: taken.to_owned() }
}

fn object(properties: Value, required: &[&str]) -> Value {
    let mut object = json!({ "type": "object", "required": required });
    object["properties"] = properties;
    object
}

fn closed(mut object: Value) -> Value {
    object["additionalProperties"] = json!(false);
    object
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn one_field(schema: Value) -> Value {
    let mut properties = json!({});
    properties["x"] = schema;
    object(properties, &["x"])
}

#[test]
fn what_can_be_is_no_misfit() {
    for (given, taken) in [
        // Nothing is said.
        (json!(true), one_field(text())),
        (json!({}), one_field(text())),
        (json!({ "type": "object" }), one_field(text())),
        (one_field(text()), json!(true)),
        (one_field(text()), json!({ "type": "object", "required": [] })),
        // More is given than is taken.
        (object(json!({ "x": text(), "y": text() }), &["x", "y"]), one_field(text())),
        // It is given, if not always.
        (object(json!({ "x": text() }), &[]), one_field(text())),
        // There may be more than is listed.
        (json!({ "properties": { "y": {} }, "additionalProperties": true }), one_field(text())),
        (json!({ "additionalProperties": text() }), one_field(text())),
        (json!({ "properties": {}, "patternProperties": { "^x": {} } }), one_field(text())),
        (one_field(text()), json!({ "patternProperties": { "^x": {} }, "additionalProperties": false })),
        // Kinds that overlap.
        (one_field(json!({ "type": "integer" })), one_field(json!({ "type": "number" }))),
        (one_field(json!({ "type": ["string", "null"] })), one_field(text())),
        (one_field(json!({ "type": ["string", "integer"] })), one_field(json!({ "type": "integer" }))),
        (one_field(json!({ "enum": ["a", "b"] })), one_field(json!({ "enum": ["b", "c"] }))),
        (one_field(json!({ "const": 1.0 })), one_field(json!({ "type": "integer" }))),
        (one_field(json!({ "type": "null" })), one_field(json!({ "type": ["string", "null"] }))),
        (one_field(json!({ "type": "null" })), one_field(json!({ "anyOf": [text(), { "type": "null" }] }))),
        // One of the alternatives.
        (
            one_field(json!({ "anyOf": [{ "type": "integer" }, { "type": "string" }] })),
            one_field(json!({ "oneOf": [{ "type": "boolean" }, { "type": "string" }] })),
        ),
        (one_field(text()), one_field(json!({ "oneOf": [{ "const": "a" }, { "const": "b" }] }))),
        // Lists of the same, and lists of which nothing is said.
        (one_field(json!({ "type": "array", "items": text() })), one_field(json!({ "type": "array" }))),
        (
            one_field(json!({ "type": "array", "items": text() })),
            one_field(json!({ "type": "array", "items": { "type": ["string", "null"] } })),
        ),
        // Parts that hold together.
        (
            json!({ "allOf": [object(json!({ "x": text() }), &["x"]), { "properties": { "y": {} } }] }),
            object(json!({ "x": text(), "y": {} }), &["x", "y"]),
        ),
        // What is not looked at.
        (one_field(json!({ "type": "integer", "maximum": 1 })), one_field(json!({ "minimum": 7 }))),
    ] {
        assert_eq!(misfits(&given, &taken, Given::Sometimes), [], "{given} is no {taken}");
    }
}

#[test]
fn what_cannot_be_is_told_with_its_place() {
    for (given, taken, misfit) in [
        (object(json!({}), &[]), one_field(text()), missing("x")),
        (closed(json!({ "type": "object" })), one_field(text()), missing("x")),
        (one_field(text()), closed(object(json!({}), &[])), unwanted("x")),
        (object(json!({ "x": text() }), &[]), closed(object(json!({}), &[])), unwanted("x")),
        (
            one_field(text()),
            json!({ "additionalProperties": { "type": "boolean" } }),
            kind("x", "text", "true or false"),
        ),
        (one_field(text()), one_field(json!({ "type": "array" })), kind("x", "text", "a list")),
        (
            one_field(json!({ "type": "array", "items": text() })),
            one_field(json!({ "type": ["object", "null"] })),
            kind("x", "a list of texts", "an object"),
        ),
        (
            one_field(json!({ "type": "array", "items": text() })),
            one_field(json!({ "type": "array", "items": { "type": "integer" } })),
            kind("x[]", "text", "a whole number"),
        ),
        // Nothing is no value.
        (
            one_field(json!({ "type": ["string", "null"] })),
            one_field(json!({ "type": ["integer", "null"] })),
            kind("x", "text", "a whole number"),
        ),
        (
            one_field(json!({ "anyOf": [text(), { "type": "null" }] })),
            one_field(json!({ "anyOf": [{ "type": "boolean" }, { "type": "null" }] })),
            kind("x", "text", "true or false"),
        ),
        (
            one_field(json!({ "enum": ["a", "b", null] })),
            one_field(json!({ "const": "c" })),
            kind("x", "`a` or `b`", "`c`"),
        ),
        (
            one_field(json!({ "const": 1.5 })),
            one_field(json!({ "type": "integer" })),
            kind("x", "`1.5`", "a whole number"),
        ),
        (one_field(json!(false)), one_field(json!(true)), kind("x", "nothing", "anything")),
        (
            one_field(object(json!({ "y": text() }), &["y"])),
            one_field(object(json!({ "y": { "type": "number" } }), &[])),
            kind("x.y", "text", "a number"),
        ),
        (
            one_field(json!({ "type": "array", "items": object(json!({ "y": text() }), &[]) })),
            one_field(json!({ "type": "array", "items": object(json!({ "z": text() }), &["z"]) })),
            missing("x[].z"),
        ),
        // Of several forms the closest is told.
        (
            one_field(json!({ "oneOf": [object(json!({ "y": text() }), &[]), text()] })),
            one_field(object(json!({ "z": text() }), &["z"])),
            missing("x.z"),
        ),
    ] {
        assert_eq!(misfits(&given, &taken, Given::Sometimes), [misfit], "{given} is {taken}");
    }
}

#[test]
fn a_field_that_is_not_always_given_need_not_be_known() {
    let given = object(json!({ "x": text(), "y": text() }), &["x"]);
    let taken = closed(object(json!({}), &[]));
    assert_eq!(misfits(&given, &taken, Given::Always), [unwanted("x")]);
    assert_eq!(misfits(&given, &taken, Given::Sometimes), [unwanted("x"), unwanted("y")]);
}

#[test]
fn a_schema_of_very_many_alternatives_costs_little_and_says_nothing() {
    // As large as a schema may be.
    let (mut many, mut others) = (text(), json!({ "type": "integer" }));
    while many.to_string().len() < SCHEMA_BYTES {
        for many in [&mut many, &mut others] {
            let of = many.take();
            let list = |item: Value| json!({ "type": "array", "items": item });
            *many = json!({ "anyOf": [one_field(of.clone()), list(of.clone()), list(list(of))] });
        }
    }
    assert_eq!(misfits(&many, &others, Given::Sometimes), []);
    let wide: Vec<_> = (0..10_000).map(|n| json!({ "const": n })).collect();
    assert_eq!(misfits(&json!({ "anyOf": wide }), &text(), Given::Sometimes), []);
    assert_eq!(kind_of(&json!({ "anyOf": wide })), "anything");
}

#[test]
fn a_kind_is_told_in_words() {
    for (schema, words) in [
        (json!({}), "anything"),
        (json!({ "type": "number" }), "a number"),
        (json!({ "type": ["integer", "string", "null"] }), "text or a whole number"),
        (json!({ "type": "null" }), "null"),
        (json!({ "enum": ["a", "b", "c", "d", "e", "f"] }), "`a` or `b` or `c` or `d` or `e` or another"),
        (json!({ "type": "array", "items": { "type": "number" } }), "a list of numbers"),
        (json!({ "type": "array", "items": {} }), "a list"),
        (json!({ "anyOf": [{ "type": "object" }, { "type": "null" }] }), "an object"),
    ] {
        assert_eq!(kind_of(&schema), words, "{schema}");
    }
}
