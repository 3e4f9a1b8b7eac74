//! The Table API: `/api/now/table/...`.

use std::collections::HashMap;

use http::{Method, StatusCode};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::dictionary::{Kind, Schema};
use super::query::{NotPlayed, Query};
use super::record::View;
use super::table::{Full, Record, Table};
use super::{INTEGRATION_USER, ServiceNow, failure, insert};
use crate::call::{Answer, Call, form};
use crate::{identifier, story};

/// Number of the first incident, less one.
const FIRST_NUMBER: usize = 10_000;

/// Records of a list, unless the caller says otherwise.
const DEFAULT_LIMIT: usize = 10_000;

/// What an instance leaves alone in the query of a link.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'-').remove(b'.');

/// The table API's calls after the path has been read.
struct Request<'a> {
    call: &'a Call,
    schema: &'static Schema,
    user: &'a str,
}

impl ServiceNow {
    /// Answers a call whose credentials were right.
    pub(super) fn table_api(&self, call: &Call, user: &str) -> Answer {
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
            Err(NotPlayed(what)) => return Answer::not_played(&what),
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
        let answer = Answer::json(StatusCode::OK, &json!({ "result": page }))
            .with("x-total-count", &found.len().to_string());
        if parameter("sysparm_suppress_pagination_header").as_deref() == Some("true") {
            return answer;
        }
        answer.with("link", &links(request.call, limit, offset, found.len()))
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
) -> Result<(), Full> {
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
