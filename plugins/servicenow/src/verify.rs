//! Whether a change took effect whose end nobody heard.

use palisade_sdk::{
    Failure,
    connector::{Call, Verdict},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    Configuration,
    actions::{AddWorkNote, Update, mark, one},
    instance::Instance,
    journal::with_plain_journals,
    ticket::Ticket,
};

/// How many notes are looked at, newest first. The one in question is younger than the failure of its call.
const NOTES: usize = 100;

/// The instance does not tell who set a field when, so the fields must be as they were meant to be. If they are not, a
/// person or a rule of the instance may have changed them since.
pub(crate) fn update(
    call: &Call<Configuration>,
    Update { table, id, fields }: Update,
) -> Result<Verdict<Ticket>, Failure> {
    let ticket = one(&mut Instance::new(call)?, call, &table, &id)?;
    let fields = with_plain_journals(fields);
    let other: Vec<_> = fields
        .iter()
        .filter(|(name, meant)| ticket.fields.get(*name).is_none_or(|stored| text(stored) != text(meant)))
        .map(|(name, _)| name.as_str())
        .collect();
    if !other.is_empty() {
        let message = format!("ticket {} has other values of {} now", ticket.title(), other.join(", "));
        return Ok(Verdict::Unknown(message));
    }
    let message = format!("Updated ticket {}.", ticket.title());
    Ok(Verdict::Happened(ticket.done(message)))
}

/// A note ends with the idempotency key of its call, and the instance keeps each note as a row of `sys_journal_field`.
pub(crate) fn add_work_note(
    call: &Call<Configuration>,
    AddWorkNote { table, id, .. }: AddWorkNote,
) -> Result<Verdict<Ticket>, Failure> {
    #[derive(Deserialize)]
    struct Row {
        value: String,
    }

    let mut instance = Instance::new(call)?;
    let ticket = one(&mut instance, call, &table, &id)?;
    let query = format!("element_id={}^element=work_notes^ORDERBYDESCsys_created_on", ticket.sys_id);
    let request = instance
        .read("sys_journal_field")
        .query("sysparm_query", query)
        .query("sysparm_fields", "value")
        .query("sysparm_limit", NOTES.to_string());
    let rows: Vec<Row> = instance.result(request)?;
    let mark = mark(call);
    if rows.iter().any(|row| row.value.trim_end().ends_with(&mark)) {
        let message = format!("Added a work note to ticket {}.", ticket.title());
        return Ok(Verdict::Happened(ticket.done(message)));
    }
    Ok(match rows.len() {
        // An instance leaves out what the user may not read, and does not say so.
        0 => Verdict::Unknown(format!(
            "no work note of ticket {} can be read: there is none, or the user may not read `sys_journal_field`",
            ticket.title()
        )),
        NOTES.. => {
            Verdict::Unknown(format!("ticket {} has more than {NOTES} newer work notes", ticket.title()))
        }
        _ => Verdict::DidNotHappen,
    })
}

/// The instance keeps every value as text.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
