//! What the connector can do.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
    log,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Configuration,
    instance::Instance,
    journal::{plain, with_plain_journals},
    ticket::{Ticket, is_sys_id},
};

/// The field that carries the idempotency key: ServiceNow keeps it for the id that another system knows a record by.
const KEY_FIELD: &str = "correlation_id";

/// How many records one request asks for: a full page of incidents stays well under the host's limit on responses.
const PAGE_RECORDS: u32 = 100;

/// How many tickets a list may have.
const LIST_RECORDS_MAX: u32 = 1_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Create {
    /// Table to create it in.
    #[serde(default = "incident")]
    #[schemars(regex(pattern = r"^[a-z0-9_]+$"))]
    table: String,
    /// One line on what it is about.
    short_description: String,
    /// The whole story.
    description: Option<String>,
    /// Other fields of the record, by their column names.
    #[serde(default)]
    fields: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Get {
    /// Table it is in.
    #[serde(default = "incident")]
    #[schemars(regex(pattern = r"^[a-z0-9_]+$"))]
    table: String,
    /// Its number or its sys_id.
    id: String,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Update {
    /// Table it is in.
    #[serde(default = "incident")]
    #[schemars(regex(pattern = r"^[a-z0-9_]+$"))]
    pub(crate) table: String,
    /// Its number or its sys_id.
    pub(crate) id: String,
    /// New values of fields, by their column names. A note is better added with `add work note`: among the fields the
    /// instance does not show it again, so nobody could tell whether a call that was lost wrote it.
    pub(crate) fields: Map<String, Value>,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct List {
    /// Table to look in.
    #[serde(default = "incident")]
    #[schemars(regex(pattern = r"^[a-z0-9_]+$"))]
    table: String,
    /// Encoded query, for example `active=true^priority=1`; nothing for all.
    #[serde(default)]
    query: String,
    /// How many at most.
    #[serde(default = "page_records")]
    #[schemars(range(min = 1, max = 1000))]
    max_results: u32,
    /// How many to skip.
    #[serde(default)]
    start_index: u32,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddWorkNote {
    /// Table it is in.
    #[serde(default = "incident")]
    #[schemars(regex(pattern = r"^[a-z0-9_]+$"))]
    pub(crate) table: String,
    /// Its number or its sys_id.
    pub(crate) id: String,
    /// Text of the note.
    pub(crate) note: String,
}

/// The tickets that were found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tickets {
    /// How many there are in the table, if the instance said.
    total: Option<u64>,
    /// Those that were asked for.
    tickets: Vec<Ticket>,
}

fn incident() -> String {
    "incident".to_owned()
}

fn page_records() -> u32 {
    PAGE_RECORDS
}

pub(crate) fn create(
    call: &Call<Configuration>,
    Create { table, short_description, description, fields }: Create,
) -> Result<Done<Ticket>, Failure> {
    check_table(&table)?;
    if fields.contains_key(KEY_FIELD) {
        return Err(Failure::invalid(format!("`{KEY_FIELD}` is the connector's own: it makes retries safe")));
    }

    let mut instance = Instance::new(call)?;
    if call.attempt > 1
        && let Some(ticket) = find(&mut instance, call, &table, KEY_FIELD, &call.idempotency_key)?
    {
        log::info(format!("An earlier attempt has created {}.", ticket.title()));
        let message = format!("Ticket {} was created by an earlier attempt.", ticket.title());
        return Ok(ticket.done(message));
    }

    let mut record = with_plain_journals(fields);
    record.insert("short_description".to_owned(), short_description.into());
    if let Some(description) = description {
        record.insert("description".to_owned(), description.into());
    }
    record.insert(KEY_FIELD.to_owned(), call.idempotency_key.as_str().into());
    let request = instance.create(&table, &Value::Object(record));
    let ticket = Ticket::new(&call.configuration.url, &table, instance.result(request)?)?;
    let message = format!("Created ticket {}.", ticket.title());
    Ok(ticket.done(message))
}

pub(crate) fn get(call: &Call<Configuration>, Get { table, id }: Get) -> Result<Done<Ticket>, Failure> {
    let ticket = one(&mut Instance::new(call)?, call, &table, &id)?;
    let message = format!("Read ticket {}.", ticket.title());
    Ok(ticket.done(message))
}

pub(crate) fn update(
    call: &Call<Configuration>,
    Update { table, id, fields }: Update,
) -> Result<Done<Ticket>, Failure> {
    if fields.is_empty() {
        return Err(Failure::invalid("`fields` is empty: there is nothing to change"));
    }
    let ticket = change(call, &table, &id, &Value::Object(with_plain_journals(fields)))?;
    let message = format!("Updated ticket {}.", ticket.title());
    Ok(ticket.done(message))
}

pub(crate) fn add_work_note(
    call: &Call<Configuration>,
    AddWorkNote { table, id, note }: AddWorkNote,
) -> Result<Done<Ticket>, Failure> {
    let note = format!("{}\n\n{}", plain(note.trim_end()), mark(call));
    let ticket = change(call, &table, &id, &json!({ "work_notes": note }))?;
    let message = format!("Added a work note to ticket {}.", ticket.title());
    Ok(ticket.done(message))
}

/// How a note ends: only by its call's key can a later look tell it from another of the same words.
pub(crate) fn mark(call: &Call<Configuration>) -> String {
    format!("({})", call.idempotency_key)
}

pub(crate) fn list(
    call: &Call<Configuration>,
    List { table, query, max_results, start_index }: List,
) -> Result<Done<Tickets>, Failure> {
    check_table(&table)?;
    let wanted = max_results.min(LIST_RECORDS_MAX);
    let mut instance = Instance::new(call)?;
    let mut found = Tickets { total: None, tickets: Vec::new() };
    let mut count = 0;
    while count < wanted {
        let page = PAGE_RECORDS.min(wanted - count);
        let request = instance
            .read(&table)
            .query("sysparm_query", &query)
            .query("sysparm_limit", page.to_string())
            .query("sysparm_offset", start_index.saturating_add(count).to_string());
        let response = instance.send(request)?;
        found.total = response.header("x-total-count").and_then(|total| total.parse().ok());
        let records: Vec<Map<String, Value>> = Instance::unwrap(&response)?;
        let last = records.len() < page as usize;
        for record in records {
            found.tickets.push(Ticket::new(&call.configuration.url, &table, record)?);
        }
        if last {
            break;
        }
        count += page;
    }
    let (count, total) = (found.tickets.len(), found.total);
    Ok(Done::success(format!("Tickets found: {count}."), found).fact("count", count).fact("total", total))
}

pub(crate) fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    let mut instance = Instance::new(call)?;
    let request = instance.read("incident").query("sysparm_fields", "number").query("sysparm_limit", "1");
    let _incidents: Vec<Value> = instance.result(request)?;
    Ok(Done::success("The instance accepts the credentials and lets them read incidents.", ()))
}

fn change(call: &Call<Configuration>, table: &str, id: &str, fields: &Value) -> Result<Ticket, Failure> {
    let mut instance = Instance::new(call)?;
    let sys_id = match is_sys_id(id) {
        true => {
            check_table(table)?;
            id.to_owned()
        }
        false => one(&mut instance, call, table, id)?.sys_id,
    };
    let request = instance.change(table, &sys_id, fields);
    Ticket::new(&call.configuration.url, table, instance.result(request)?)
}

/// The ticket with this number or sys_id.
pub(crate) fn one(
    instance: &mut Instance<'_>,
    call: &Call<Configuration>,
    table: &str,
    id: &str,
) -> Result<Ticket, Failure> {
    check_table(table)?;
    if is_sys_id(id) {
        let request = instance.read_record(table, id);
        return Ticket::new(&call.configuration.url, table, instance.result(request)?);
    }
    find(instance, call, table, "number", id)?
        .ok_or_else(|| Failure::not_found(format!("no record of `{table}` has the number `{id}`")))
}

/// The first ticket whose field has exactly this value.
fn find(
    instance: &mut Instance<'_>,
    call: &Call<Configuration>,
    table: &str,
    field: &str,
    value: &str,
) -> Result<Option<Ticket>, Failure> {
    // `^` would begin another condition of the query; no number and no key has one.
    if value.is_empty() || value.contains('^') {
        return Err(Failure::invalid(format!("`{value}` cannot be a {field}")));
    }
    let query = format!("{field}={value}");
    let request = instance.read(table).query("sysparm_query", query).query("sysparm_limit", "1");
    let records: Vec<Map<String, Value>> = instance.result(request)?;
    records.into_iter().next().map(|record| Ticket::new(&call.configuration.url, table, record)).transpose()
}

fn check_table(table: &str) -> Result<(), Failure> {
    let named = !table.is_empty() && table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if named { Ok(()) } else { Err(Failure::invalid(format!("`{table}` is no name of a table"))) }
}
