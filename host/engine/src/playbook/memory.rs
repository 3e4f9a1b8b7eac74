//! What outlives a run, as its playbook sees it: its configuration, custom lists, what happened before.

use palisade_contract::playbook::palisade::plugin::{configuration, history, lists};
use palisade_model::{
    Timestamp,
    earlier::{Earlier, FIELDS},
    limits::{ALERT_TEXT_BYTES, LIST_NOTE_BYTES},
    list::{self, Found},
    name::Name,
};
use serde_json::Value;

use super::{PlaybookHost, alerts};
use crate::{guest::Guest, wit};

impl configuration::Host for Guest<PlaybookHost> {
    async fn get(&mut self) -> wasmtime::Result<String> {
        Ok(Value::Object(self.host.run()?.configuration().clone()).to_string())
    }
}

impl lists::Host for Guest<PlaybookHost> {
    async fn find(
        &mut self,
        list: String,
        value: String,
    ) -> wasmtime::Result<Result<Option<lists::Entry>, String>> {
        let name = match list.parse::<Name>() {
            Ok(name) => name,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let value = wit::line(value, ALERT_TEXT_BYTES);
        Ok(match self.host.run()?.find_in_list(name, value)? {
            Found::Entry(entry) => {
                Ok(Some(lists::Entry { value: entry.value.into(), note: entry.note, by: entry.by }))
            }
            Found::Nothing => Ok(None),
            other => Err(refusal(&list, &other)),
        })
    }

    async fn add(
        &mut self,
        list: String,
        value: String,
        note: String,
    ) -> wasmtime::Result<Result<(), String>> {
        let (name, value) = match (list.parse::<Name>(), value.parse::<list::Value>()) {
            (Ok(name), Ok(value)) => (name, value),
            (Err(error), _) => return Ok(Err(error.to_string())),
            (_, Err(error)) => return Ok(Err(error.to_string())),
        };
        Ok(match self.host.run()?.add_to_list(name, value, wit::line(note, LIST_NOTE_BYTES))? {
            Found::Entry(_) => Ok(()),
            other => Err(refusal(&list, &other)),
        })
    }
}

impl history::Host for Guest<PlaybookHost> {
    async fn count(&mut self, query: history::Query) -> wasmtime::Result<Result<u32, String>> {
        if !FIELDS.contains(&query.field.as_str()) {
            return Ok(Err(format!(
                "alerts are not kept by `{}`; they are by {}",
                wit::line(query.field, ALERT_TEXT_BYTES),
                FIELDS.join(", ")
            )));
        }
        let since = i64::try_from(query.since).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        let which = Earlier {
            label: wit::line(query.label, ALERT_TEXT_BYTES),
            field: query.field,
            value: wit::line(query.value, ALERT_TEXT_BYTES),
            since: since.unwrap_or(Timestamp::MAX),
            severity: alerts::severity(query.severity),
        };
        Ok(Ok(self.host.run()?.count_earlier(which)?))
    }
}

/// Why a list cannot be used, for the playbook.
fn refusal(list: &str, found: &Found) -> String {
    match found {
        Found::NoList => format!("there is no list `{list}`"),
        Found::Full => format!("the list `{list}` takes no more entries"),
        Found::Undeclared | Found::Entry(_) | Found::Nothing => {
            format!("the playbook does not declare that it does this with the list `{list}`")
        }
    }
}
