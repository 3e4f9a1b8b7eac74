//! JSON Schemas of the plugin's types, as the contract wants them: self-contained, without `$ref`.

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// The schema of `T` as JSON text.
pub(crate) fn text_of<T: JsonSchema>() -> String {
    value_of::<T>().to_string()
}

/// The schema of `T`.
pub(crate) fn value_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

#[cfg(test)]
mod tests {
    use super::text_of;
    use crate::connector::Secret;

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Outer {
        inner: Inner,
        again: Option<Inner>,
        password: Option<Secret>,
    }

    #[derive(schemars::JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Inner {
        value: u16,
    }

    #[test]
    fn nested_types_are_inlined_and_secrets_marked() {
        let text = text_of::<Outer>();
        assert!(!text.contains("$ref") && !text.contains("$defs"), "{text}");

        let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(schema["properties"]["password"]["writeOnly"], true);
        assert_eq!(schema["properties"]["inner"]["properties"]["value"]["type"], "integer");
    }
}
