//! A ServiceNow instance: the Table API and OAuth.
//!
//! Source: ServiceNow, "Table API" (<https://www.servicenow.com/docs/>, REST API reference), and the errors that
//! clients of real instances handle.

mod dictionary;
mod oauth;
mod query;
mod record;
mod table;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::{Method, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use self::dictionary::{Kind, Schema, TABLES};
use self::oauth::Tokens;
use self::query::Query;
use self::record::View;
use self::table::{Record, Table};
use crate::call::{Answer, Call, form};
use crate::{identifier, story};

/// Number of the first incident, less one.
const FIRST_NUMBER: usize = 10_000;

/// Records of a list, unless the caller says otherwise.
const DEFAULT_LIMIT: usize = 10_000;

/// What an instance leaves alone in the query of a link.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');

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

/// The table API's calls after the path has been read.
struct Request<'a> {
    call: &'a Call,
    schema: &'static Schema,
    user: &'a str,
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

    fn table_api(&self, call: &Call, user: &str) -> Answer {
        let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
        let (table, sys_id) = match segments.as_slice() {
            ["api", "now", "table", rest @ ..] | ["api", "now", "v1" | "v2", "table", rest @ ..] => {
                match rest {
                    [table] => (*table, None),
                    [table, sys_id] => (*table, Some(*sys_id)),
                    _ => return no_resource(),
                }
            }
            _ => return no_resource(),
        };
        let Some(schema) = Schema::named(table) else {
            return failure(StatusCode::BAD_REQUEST, &format!("Invalid table {table}"), None);
        };
        let request = Request { call, schema, user };
        match (&call.method, sys_id) {
            (&Method::GET, None) => self.list(&request),
            (&Method::POST, None) => self.create(&request),
            (&Method::GET, Some(sys_id)) => self.retrieve(&request, sys_id),
            (&Method::PUT | &Method::PATCH, Some(sys_id)) => self.update(&request, sys_id),
            (&Method::DELETE, Some(_)) => Answer::not_played("deleting ServiceNow records"),
            _ => failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None),
        }
    }

    fn list(&self, request: &Request<'_>) -> Answer {
        let parameter = |name| request.call.parameter(name);
        let number = |name| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let query = match Query::parse(&parameter("sysparm_query").unwrap_or_default(), request.schema) {
            Ok(query) => query,
            Err(query::NotPlayed(what)) => return Answer::not_played(&what),
        };
        let (limit, offset) =
            (number("sysparm_limit").unwrap_or(DEFAULT_LIMIT), number("sysparm_offset").unwrap_or(0));
        let view = View::asked(request.call);
        let tables = self.tables();
        let found = tables[request.schema.name].find(&query);
        let page: Vec<Value> = found
            .iter()
            .skip(offset)
            .take(limit)
            .map(|record| view.show(record, request.schema, &tables))
            .collect();
        Answer::json(StatusCode::OK, &json!({ "result": page }))
            .with("x-total-count", &found.len().to_string())
            .with("link", &links(request.call, limit, offset, found.len()))
    }

    fn retrieve(&self, request: &Request<'_>, sys_id: &str) -> Answer {
        let tables = self.tables();
        let Some(record) = tables[request.schema.name].get(sys_id) else { return no_record() };
        let shown = View::asked(request.call).show(record, request.schema, &tables);
        Answer::json(StatusCode::OK, &json!({ "result": shown }))
    }

    fn create(&self, request: &Request<'_>) -> Answer {
        let fields = match object(request.call) {
            Ok(fields) => fields,
            Err(refusal) => return *refusal,
        };
        let mut tables = self.tables();
        let now = now();
        let mut record = Record::default();
        let sys_id = identifier::hex();
        record.set("sys_id", &sys_id);
        if let Some(prefix) = request.schema.number_prefix {
            let number = FIRST_NUMBER + 1 + tables[request.schema.name].len();
            record.set("number", &format!("{prefix}{number:07}"));
            record.set("task_effective_number", &format!("{prefix}{number:07}"));
            record.set("sys_class_name", request.schema.name);
            record.set("opened_at", &now);
            record.set("opened_by", INTEGRATION_USER);
            for (field, value) in [
                ("active", "true"),
                ("state", "1"),
                ("impact", "3"),
                ("urgency", "3"),
                ("severity", "3"),
                ("escalation", "0"),
            ] {
                record.set(field, value);
            }
        }
        for field in ["sys_created_on", "sys_updated_on"] {
            record.set(field, &now);
        }
        for field in ["sys_created_by", "sys_updated_by"] {
            record.set(field, request.user);
        }
        record.set("sys_mod_count", "0");
        let notes = assign(&mut record, request.schema, &fields);
        derive(&mut record, request.schema, &now);
        if insert(&mut tables, request.schema.name, record.clone()).is_err()
            || journal(&mut tables, request, &sys_id, notes).is_err()
        {
            return table_full();
        }
        let shown = View::asked(request.call).show(&record, request.schema, &tables);
        let location =
            format!("https://{}/api/now/table/{}/{sys_id}", story::SERVICENOW_HOST, request.schema.name);
        Answer::json(StatusCode::CREATED, &json!({ "result": shown })).with("location", &location)
    }

    fn update(&self, request: &Request<'_>, sys_id: &str) -> Answer {
        let fields = match object(request.call) {
            Ok(fields) => fields,
            Err(refusal) => return *refusal,
        };
        let mut tables = self.tables();
        let Some(mut record) = tables[request.schema.name].get(sys_id).cloned() else { return no_record() };
        let before = record.clone();
        let notes = assign(&mut record, request.schema, &fields);
        let now = now();
        derive(&mut record, request.schema, &now);
        // An update that changes nothing leaves the record's history alone.
        if record != before || !notes.is_empty() {
            let count: u64 = record.text("sys_mod_count").parse().unwrap_or(0);
            record.set("sys_mod_count", &(count + 1).to_string());
            record.set("sys_updated_on", &now);
            record.set("sys_updated_by", request.user);
        }
        if let Some(table) = tables.get_mut(request.schema.name) {
            table.replace(record.clone());
        }
        if journal(&mut tables, request, sys_id, notes).is_err() {
            return table_full();
        }
        let shown = View::asked(request.call).show(&record, request.schema, &tables);
        Answer::json(StatusCode::OK, &json!({ "result": shown }))
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

/// Writes the fields into the record and returns what belongs into the journal. Fields that the table does not have
/// are ignored, as the instance does.
fn assign(record: &mut Record, schema: &Schema, fields: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    for (name, value) in fields {
        let Some(field) = schema.field(name) else { continue };
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        match field.kind {
            Kind::System => {}
            Kind::Journal if value.is_empty() => {}
            Kind::Journal => notes.push((field.name, value)),
            Kind::Plain | Kind::Choice(_) | Kind::Reference(..) => record.set(field.name, &value),
        }
    }
    notes
}

/// What the instance computes for an incident.
fn derive(record: &mut Record, schema: &Schema, now: &str) {
    if schema.name != "incident" {
        return;
    }
    // The default priority lookup: impact and urgency from 1 to 3 give 1 to 5.
    let level = |field| record.text(field).parse::<u8>().unwrap_or(3).clamp(1, 3);
    let priority = level("impact") + level("urgency") - 1;
    record.set("priority", &priority.to_string());
    let state = record.text("state").to_owned();
    record.set("incident_state", &state);
    let closed = matches!(state.as_str(), "7" | "8");
    record.set("active", if closed { "false" } else { "true" });
    if closed && record.text("closed_at").is_empty() {
        record.set("closed_at", now);
    }
    if state == "6" && record.text("resolved_at").is_empty() {
        record.set("resolved_at", now);
    }
}

fn journal(
    tables: &mut HashMap<&'static str, Table>,
    request: &Request<'_>,
    sys_id: &str,
    notes: Vec<(&'static str, String)>,
) -> Result<(), table::Full> {
    for (element, value) in notes {
        let mut row = Record::default();
        row.set("sys_id", &identifier::hex());
        row.set("element", element);
        row.set("element_id", sys_id);
        row.set("name", request.schema.name);
        row.set("value", &value);
        row.set("sys_created_on", &now());
        row.set("sys_created_by", request.user);
        insert(tables, "sys_journal_field", row)?;
    }
    Ok(())
}

/// The JSON object of a body.
fn object(call: &Call) -> Result<Map<String, Value>, Box<Answer>> {
    let media = call.media_type().unwrap_or_default();
    if media != "application/json" {
        // The status is documented, the words are not.
        let detail = format!("Content-Type {media}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Box::new(failure(status, "Requested media type is not supported", Some(&detail))));
    }
    serde_json::from_slice(&call.body).map_err(|_| {
        let detail = "The payload is not valid JSON.";
        Box::new(failure(StatusCode::BAD_REQUEST, "Exception while reading request", Some(detail)))
    })
}

/// The pages around this one (RFC 8288).
fn links(call: &Call, limit: usize, offset: usize, total: usize) -> String {
    let others: String = form(&call.query)
        .filter(|(name, _)| name != "sysparm_offset" && name != "sysparm_limit")
        .map(|(name, value)| format!("{name}={}&", utf8_percent_encode(&value, IN_QUERY)))
        .collect();
    let link = |offset: usize, relation: &str| {
        let base = format!("https://{}{}", story::SERVICENOW_HOST, call.path);
        format!("<{base}?{others}sysparm_limit={limit}&sysparm_offset={offset}>;rel=\"{relation}\"")
    };
    let mut links = vec![link(0, "first")];
    if offset > 0 {
        links.push(link(offset.saturating_sub(limit), "prev"));
    }
    if offset.saturating_add(limit) < total {
        links.push(link(offset + limit, "next"));
    }
    let last = total.saturating_sub(1).checked_div(limit).unwrap_or(0) * limit;
    links.push(link(last, "last"));
    links.join(",")
}

/// Times are in UTC and have no zone.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn no_record() -> Answer {
    failure(
        StatusCode::NOT_FOUND,
        "No Record found",
        Some("Record doesn't exist or ACL restricts the record retrieval"),
    )
}

fn no_resource() -> Answer {
    failure(StatusCode::BAD_REQUEST, "Requested URI does not represent any resource", None)
}

fn table_full() -> Answer {
    failure(StatusCode::INSUFFICIENT_STORAGE, "The lab's table is full", Some("Start a new lab."))
}

fn failure(status: StatusCode, message: &str, detail: Option<&str>) -> Answer {
    Answer::json(status, &json!({ "error": { "message": message, "detail": detail }, "status": "failure" }))
}
