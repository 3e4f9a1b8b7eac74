//! A ServiceNow instance: the Table API and OAuth.
//!
//! Source: ServiceNow, "Table API" (<https://www.servicenow.com/docs/>, REST API reference), and the errors that
//! clients of real instances handle.

mod dictionary;
mod oauth;
mod query;
mod record;
mod table;
mod table_api;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde_json::{Value, json};

use self::dictionary::{Schema, TABLES};
use self::oauth::Tokens;
use self::query::Query;
use self::record::View;
use self::table::{Record, Table};
use crate::call::{Answer, Call};
use crate::story;

/// The instance.
pub(crate) struct ServiceNow {
    tables: Mutex<HashMap<&'static str, Table>>,
    tokens: Tokens,
}

impl Default for ServiceNow {
    fn default() -> ServiceNow {
        let tables = TABLES.iter().map(|schema| (schema.name, Table::default())).collect();
        let instance = ServiceNow { tables: Mutex::new(tables), tokens: Tokens::default() };
        instance.furnish();
        instance
    }
}

impl ServiceNow {
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        if call.path == "/oauth_token.do" {
            return self.tokens.answer(call);
        }
        let Some(user) = self.user(call) else {
            return failure(
                StatusCode::UNAUTHORIZED,
                "User Not Authenticated",
                Some("Required to provide Auth information"),
            )
            .with("www-authenticate", "BASIC realm=\"Service-now\"")
            .authenticated(false);
        };
        self.table_api(call, user).authenticated(true)
    }

    pub(crate) fn expire_tokens(&self) {
        self.tokens.expire();
    }

    /// All incidents as JSON, each with its journal.
    pub(crate) fn tickets(&self) -> Vec<Value> {
        let tables = self.tables();
        let schema = incident();
        let journal = &tables["sys_journal_field"];
        let notes = |ticket: &Record| -> Vec<Value> {
            let query = Query::for_value("element_id", ticket.text("sys_id"));
            let rows = journal.find(&query);
            rows.iter()
                .map(|row| json!({ "element": row.text("element"), "value": row.text("value") }))
                .collect()
        };
        tables["incident"]
            .records()
            .iter()
            .map(|ticket| {
                let mut shown = View::plain().show(ticket, schema, &tables);
                shown["journal"] = json!(notes(ticket));
                shown
            })
            .collect()
    }

    /// The user whose credentials these are.
    fn user(&self, call: &Call) -> Option<&'static str> {
        let right = match (call.basic(), call.bearer()) {
            (Some((user, password)), _) => {
                user == story::SERVICENOW_USER && password == story::SERVICENOW_PASSWORD
            }
            (None, Some(token)) => self.tokens.valid(token),
            (None, None) => false,
        };
        right.then_some(story::SERVICENOW_USER)
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<&'static str, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The people, the group and the server of the story.
    fn furnish(&self) {
        let mut tables = self.tables();
        let rows: [(&str, &[(&'static str, &str)]); 5] = [
            (
                "sys_user",
                &[
                    ("sys_id", INTEGRATION_USER),
                    ("user_name", story::SERVICENOW_USER),
                    ("name", "Palisade Integration"),
                    ("active", "true"),
                ],
            ),
            (
                "sys_user",
                &[
                    ("sys_id", "62826bf03710200044e0bfc8bcbe5df1"),
                    ("user_name", "m.keller"),
                    ("name", "Mara Keller"),
                    ("first_name", "Mara"),
                    ("last_name", "Keller"),
                    ("email", "m.keller@acme.example"),
                    ("title", "Web Platform Owner"),
                    ("active", "true"),
                ],
            ),
            (
                "sys_user",
                &[
                    ("sys_id", "a8f98bb0eb32010045e1a5115206fe3a"),
                    ("user_name", "j.osei"),
                    ("name", "Jonas Osei"),
                    ("first_name", "Jonas"),
                    ("last_name", "Osei"),
                    ("email", "j.osei@acme.example"),
                    ("title", "Security Analyst"),
                    ("active", "true"),
                ],
            ),
            (
                "sys_user_group",
                &[
                    ("sys_id", "d625dccec0a8016700a222a0f7900d06"),
                    ("name", "Security Operations"),
                    ("active", "true"),
                ],
            ),
            (
                "cmdb_ci",
                &[
                    ("sys_id", "b4fd7c8437201000deeabfc8bcbe5dc1"),
                    ("name", "srv-web-01"),
                    ("ip_address", story::SOURCE_IP),
                    ("short_description", "Public web site"),
                    ("sys_class_name", "cmdb_ci_win_server"),
                ],
            ),
        ];
        for (table, fields) in rows {
            let mut record = Record::default();
            for (field, value) in fields {
                record.set(field, value);
            }
            for (field, value) in [
                ("sys_created_on", "2024-01-15 08:00:00"),
                ("sys_updated_on", "2024-01-15 08:00:00"),
                ("sys_created_by", "admin"),
                ("sys_updated_by", "admin"),
                ("sys_mod_count", "0"),
            ] {
                record.set(field, value);
            }
            insert(&mut tables, table, record).expect("an empty table takes a handful of records");
        }
    }
}

/// The `sys_id` of [`story::SERVICENOW_USER`].
const INTEGRATION_USER: &str = "6816f79cc0a8016401c5a33be04be441";

fn incident() -> &'static Schema {
    Schema::named("incident").expect("the dictionary has the incident table")
}

fn insert(tables: &mut HashMap<&'static str, Table>, name: &str, record: Record) -> Result<(), table::Full> {
    tables.get_mut(name).ok_or(table::Full)?.insert(record)
}

fn failure(status: StatusCode, message: &str, detail: Option<&str>) -> Answer {
    Answer::json(status, &json!({ "error": { "message": message, "detail": detail }, "status": "failure" }))
}
