//! How a record is shown: `sysparm_fields`, `sysparm_display_value`, `sysparm_exclude_reference_link`.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::dictionary::{Field, Kind, Schema};
use super::table::{Record, Table};
use crate::call::Call;
use crate::story;

/// How the caller wants to see records.
pub(crate) struct View {
    /// The fields; all of them if nothing.
    fields: Option<Vec<String>>,
    display: Display,
    links: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Display {
    Value,
    Label,
    Both,
}

impl View {
    /// As the caller asked.
    pub(crate) fn asked(call: &Call) -> View {
        let fields = call.parameter("sysparm_fields").filter(|fields| !fields.is_empty());
        View {
            fields: fields.map(|fields| fields.split(',').map(|field| field.trim().to_owned()).collect()),
            display: match call.parameter("sysparm_display_value").as_deref() {
                Some("true") => Display::Label,
                Some("all") => Display::Both,
                _ => Display::Value,
            },
            links: call.parameter("sysparm_exclude_reference_link").as_deref() != Some("true"),
        }
    }

    /// Stored values of all fields.
    pub(crate) fn plain() -> View {
        View { fields: None, display: Display::Value, links: false }
    }

    pub(crate) fn show(
        &self,
        record: &Record,
        schema: &Schema,
        tables: &HashMap<&'static str, Table>,
    ) -> Value {
        let shown: Map<String, Value> = schema
            .fields
            .iter()
            .filter(|field| {
                self.fields.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == field.name))
            })
            .map(|field| (field.name.to_owned(), self.field(record.text(field.name), field, tables)))
            .collect();
        Value::Object(shown)
    }

    fn field(&self, value: &str, field: &Field, tables: &HashMap<&'static str, Table>) -> Value {
        let label = || match field.kind {
            Kind::Choice(choices) => choices
                .iter()
                .find(|(stored, _)| *stored == value)
                .map_or(value, |(_, label)| label)
                .to_owned(),
            Kind::Reference(table, shown) => {
                tables[table].get(value).map_or(value, |record| record.text(shown)).to_owned()
            }
            Kind::Plain | Kind::Journal | Kind::System => value.to_owned(),
        };
        let link = match field.kind {
            Kind::Reference(table, _) if self.links && !value.is_empty() => {
                Some(format!("https://{}/api/now/table/{table}/{value}", story::SERVICENOW_HOST))
            }
            _ => None,
        };
        match (self.display, link) {
            (Display::Value, None) => json!(value),
            (Display::Value, Some(link)) => json!({ "link": link, "value": value }),
            (Display::Label, None) => json!(label()),
            (Display::Label, Some(link)) => json!({ "display_value": label(), "link": link }),
            (Display::Both, None) => json!({ "display_value": label(), "value": value }),
            (Display::Both, Some(link)) => {
                json!({ "display_value": label(), "link": link, "value": value })
            }
        }
    }
}
