//! Entries that are about no step: changes of the alert, what people did to the run, and for those who ask the
//! playbook's other calls.

use palisade_model::{
    Timestamp,
    alert::{AlertChange, Escalation},
    journal::{Entry, Event, LogLevel, Waited},
    list::Found,
};

use super::{Detail, Mark, divergence, header, people};
use crate::{
    printable,
    style::{BAD, BUSY, DIM, WARN},
    time,
};

/// A remark: its mark, what happened, and more of it in lines of its own.
pub(super) struct Remark {
    pub(super) mark: Mark,
    pub(super) words: String,
    pub(super) more: Vec<String>,
}

/// What an entry says beside the steps.
pub(super) fn remark(entry: &Entry, detail: Detail) -> Option<Remark> {
    let one = |mark, words| Some(Remark { mark, words, more: Vec::new() });
    match &entry.event {
        Event::AlertChanged(_) | Event::ListChanged { .. } => one(("·", DIM), change(entry)?),
        Event::Paused(by) => one(("‖", WARN), people::said(by, "paused the run")),
        Event::Resumed(by) => one(("▸", BUSY), people::said(by, "let the run go on")),
        Event::CancelAsked(by) => one(("■", WARN), people::said(by, "asked that the run end")),
        Event::Retried { position, by } => {
            one(("▸", BUSY), people::said(by, &format!("had the run go on from step {position}")))
        }
        Event::Concluded { status, message } => {
            let (mark, style, word) = header::status(*status);
            one((mark, style), format!("{style}{word}{style:#}: {}", printable::line(message)))
        }
        Event::Diverged(found) => Some(Remark {
            mark: ("≠", BAD),
            words: format!(
                "the playbook asked for something else than entry {} of its journal",
                found.at_entry
            ),
            more: divergence::lines(found).into(),
        }),
        event if detail == Detail::Everything => one(("·", DIM), call(event)?),
        _ => None,
    }
}

/// What an entry changes here: the alert, or a list.
pub(crate) fn change(entry: &Entry) -> Option<String> {
    match &entry.event {
        Event::AlertChanged(change) => Some(change_of(change)),
        Event::ListChanged { list, entry } => {
            Some(format!("put on the list {list}: {}", printable::line(entry.value.as_str())))
        }
        _ => None,
    }
}

/// What only those see who ask.
fn call(event: &Event) -> Option<String> {
    let words = match event {
        Event::AskedTime { ms } => format!("asked for the time: {}", moment(*ms)),
        Event::AskedList { list, value, found } => {
            let found = match found {
                Found::Entry(entry) => format!("under {}", printable::line(entry.value.as_str())),
                Found::Nothing => "not on it".to_owned(),
                Found::NoList => "there is no such list".to_owned(),
                Found::Undeclared => "the playbook does not declare that it uses it".to_owned(),
                Found::Full => "it takes no more".to_owned(),
            };
            format!("looked for {} in the list {list}: {found}", printable::line(value))
        }
        Event::AskedHistory { which, count } => format!(
            "counted earlier alerts with {} {}: {count}",
            printable::line(&which.field),
            printable::line(&which.value)
        ),
        Event::AskedRandom { bytes } => format!("asked for {} random bytes", bytes.len() / 2),
        Event::Log { action, level, message } => {
            let style = match level {
                LogLevel::Error => BAD,
                LogLevel::Warn => WARN,
                LogLevel::Info | LogLevel::Debug => DIM,
            };
            let by = action.map_or("playbook".to_owned(), |position| format!("step {position}"));
            let level = format!("{level:?}").to_lowercase();
            format!("{style}{level}{style:#} {by}: {}", printable::line(message))
        }
        Event::Waited(waited) => waited_for(waited),
        Event::Returned { status, message } => {
            let (_, _, word) = header::status(*status);
            format!("the playbook returned with steps open, {word}: {}", printable::line(message))
        }
        _ => return None,
    };
    Some(words)
}

fn waited_for(waited: &Waited) -> String {
    let steps: Vec<_> = waited.steps.iter().map(u32::to_string).collect();
    let steps = match steps.as_slice() {
        [] => "waited".to_owned(),
        [step] => format!("waited for step {step}"),
        steps => format!("waited for one of the steps {}", steps.join(", ")),
    };
    let until = waited.until.map(|ms| format!(" until {}", moment(ms))).unwrap_or_default();
    match waited.ended {
        Some(step) if waited.steps.len() > 1 => format!("{steps}{until}: step {step} had ended"),
        Some(_) => format!("{steps}{until}"),
        None => format!("{steps}{until}: time was up"),
    }
}

/// Milliseconds since 1970 as a moment. A playbook may name one that no calendar has.
fn moment(ms: u64) -> String {
    let at = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| format!("{ms} ms since 1970"), time::moment)
}

fn change_of(change: &AlertChange) -> String {
    let lower = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
    match change {
        AlertChange::Severity(severity) => format!("severity is {}", lower(severity)),
        AlertChange::Status(status) => format!("alert is {}", lower(status)),
        AlertChange::Owner(Some(owner)) => format!("owner is {}", printable::line(owner)),
        AlertChange::Owner(None) => "nobody owns it".to_owned(),
        AlertChange::Note(note) => format!("note: {}", printable::line(&note.title)),
        AlertChange::Escalated(Escalation { to, summary }) => {
            let to = to.as_deref().map_or("whoever looks first".to_owned(), printable::line);
            format!("escalated to {to}: {}", printable::line(summary))
        }
        AlertChange::Taken => "alert is taken over".to_owned(),
        AlertChange::Artifact(artifact) => {
            format!("artifact {}: {}", artifact.id, printable::line(&artifact.name))
        }
    }
}
