use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use crate::{bindings::playbook::palisade::plugin::playbook_descriptor as wire, schema};

/// An action that a playbook starts, and what passes between the two.
///
/// Before the playbook is enabled, the host compares it with what the connector declares, and tells the operator what does
/// not fit. What is not said here is not compared.
///
/// ```
/// use palisade_sdk::playbook::Need;
/// use schemars::JsonSchema;
/// use serde::Deserialize;
///
/// /// As much of the answer as this playbook reads. What it can do without is an `Option`, or has a default.
/// #[derive(Deserialize, JsonSchema)]
/// struct Reputation {
///     score: u8,
///     country: Option<String>,
/// }
///
/// let need = Need::new("example-intel", "ip reputation").sends_texts(["ip"]).reads::<Reputation>();
/// # let _ = need;
/// ```
#[derive(Clone, Debug)]
pub struct Need {
    connector: &'static str,
    action: &'static str,
    parameters: Option<Value>,
    data: Option<String>,
}

impl Need {
    /// An action of a connector.
    pub fn new(connector: &'static str, action: &'static str) -> Self {
        Self { connector, action, parameters: None, data: None }
    }

    /// The parameters that the playbook sends, as [`Action::parameters`](super::Action::parameters) takes them. A field that
    /// is not always sent is an `Option`.
    #[must_use]
    pub fn sends<T: JsonSchema>(mut self) -> Self {
        self.parameters = Some(schema::value_of::<T>());
        self
    }

    /// Parameters that the playbook always sends, each as a text.
    #[must_use]
    pub fn sends_texts<const COUNT: usize>(self, names: [&'static str; COUNT]) -> Self {
        let mut need = self.may_send_texts(names);
        if let Some(Value::Object(schema)) = &mut need.parameters {
            schema.entry("required").or_insert_with(|| json!([]));
            if let Some(Value::Array(required)) = schema.get_mut("required") {
                required.extend(names.map(Value::from));
            }
        }
        need
    }

    /// Parameters that the playbook sends now and then, each as a text.
    #[must_use]
    pub fn may_send_texts<const COUNT: usize>(mut self, names: [&'static str; COUNT]) -> Self {
        let none = || json!({ "type": "object", "properties": {} });
        let texts = names.map(|name| (name.to_owned(), json!({ "type": "string" })));
        if let Some(Value::Object(properties)) =
            self.parameters.get_or_insert_with(none).get_mut("properties")
        {
            properties.extend(Map::from_iter(texts));
        }
        self
    }

    /// What the playbook reads in the `data` of the report, as [`Report::data`](crate::Report::data) gives it. A field that
    /// it can do without is an `Option`, or has a default.
    #[must_use]
    pub fn reads<T: JsonSchema>(mut self) -> Self {
        self.data = Some(schema::text_of::<T>());
        self
    }

    pub(super) fn describe(&self) -> wire::Need {
        wire::Need {
            connector: self.connector.to_owned(),
            action: self.action.to_owned(),
            parameters: self.parameters.as_ref().map(Value::to_string),
            data: self.data.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Parameters {
        ip: String,
        note: Option<String>,
    }

    #[test]
    fn what_passes_is_described_as_the_contract_wants_it() {
        let described = |need: Need| {
            let parameters = need.describe().parameters.expect("it says what it sends");
            serde_json::from_str::<Value>(&parameters).expect("a schema is JSON")
        };
        let texts = described(Need::new("a", "b").sends_texts(["ip"]).may_send_texts(["note"]));
        let typed = described(Need::new("a", "b").sends::<Parameters>());
        for schema in [&texts, &typed] {
            assert_eq!(schema["required"], json!(["ip"]), "{schema}");
            assert!(schema["properties"]["note"].is_object(), "{schema}");
        }
        let plain = Need::new("a", "b").describe();
        assert_eq!((plain.parameters, plain.data), (None, None));
    }
}
