//! What happened in a rehearsal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade_engine::Stop;
use palisade_model::{
    Timestamp,
    alert::AlertChange,
    journal::{Entry, Event},
};

use crate::limits::PLAYBOOK_CALLS;

/// What happened in a rehearsal; each copy is of the same one, and outlives the host that writes it.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<Mutex<Written>>);

/// What is written down.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// What a run's journal would have.
    pub entries: Vec<Entry>,
    /// What it used and does not declare, as sentences without a period.
    pub undeclared: Vec<String>,
    /// Parameters that do not satisfy the schema of their need: whose, and why.
    pub unfit: Vec<String>,
    /// How many parameters were held against a schema and satisfy it.
    pub fit: usize,
    /// It made more calls than any run does, and was stopped.
    pub endless: bool,
    calls: usize,
}

impl Record {
    /// Writes an entry.
    pub fn write(&self, at: Timestamp, event: Event) {
        let mut written = self.lock();
        let seq = written.entries.len() as u64 + 1;
        written.entries.push(Entry { seq, at, event });
    }

    /// What was written.
    pub fn written(&self) -> Written {
        self.lock().clone()
    }

    /// Writes the entry of a call, unless there is no end of them.
    pub(super) fn call(&self, at: Timestamp, event: Event) -> Result<(), Stop> {
        self.write(at, event);
        let mut written = self.lock();
        written.calls += 1;
        if written.calls <= PLAYBOOK_CALLS {
            return Ok(());
        }
        written.endless = true;
        Err(Stop::Broken(format!("it makes more than {PLAYBOOK_CALLS} calls")))
    }

    pub(super) fn note(&self, note: impl FnOnce(&mut Written)) {
        note(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// Actions that were started, as `connector/action`.
    pub(super) fn started(&self) -> impl Iterator<Item = String> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::ActionStarted(started) => Some(format!("{}/{}", started.connector, started.action)),
            _ => None,
        })
    }

    /// What it said to people.
    pub(super) fn said(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.event {
            Event::PromptAsked(asked) => Some(asked.prompt.question.as_str()),
            Event::AlertChanged(AlertChange::Escalated(escalation)) => Some(escalation.summary.as_str()),
            _ => None,
        })
    }
}
