use serde_json::{Map, Value};

use super::{Action, Alert, AlertStatus, Artifact, Artifacts, Severity, Started};
use crate::host::{actions, alerts};

/// One run of a playbook: the alert it handles, and what it may do.
#[derive(Debug)]
pub struct Run {
    _private: (),
}

impl Run {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }

    /// The alert as it stood when the run began, with this run's own changes.
    pub fn alert(&self) -> Alert {
        alerts::get()
    }

    /// The alert's artifacts, likewise.
    pub fn artifacts(&self) -> Artifacts {
        Artifacts(alerts::artifacts().into_iter().map(Artifact::from).collect())
    }

    /// Starts an action and returns at once, so any number may run side by side.
    pub fn start(&self, action: Action) -> Started {
        action.start()
    }

    /// Waits until one of these has ended and tells which, by its place in the list.
    ///
    /// # Panics
    ///
    /// When the list is empty: the wait would never end.
    pub fn wait_any(&self, started: &[&Started]) -> usize {
        assert!(!started.is_empty(), "a wait for one of no actions never ends");
        place(started, actions::wait_any(&ids(started)))
    }

    /// Like [`wait_any`](Self::wait_any), but gives up at this time, in milliseconds since 1970.
    pub fn wait_until(&self, started: &[&Started], deadline_ms: u64) -> Option<usize> {
        actions::wait_until(&ids(started), deadline_ms).map(|id| place(started, id))
    }

    /// Says how bad it is.
    pub fn set_severity(&self, severity: Severity) {
        alerts::set_severity(severity);
    }

    /// Says where the work stands.
    pub fn set_status(&self, status: AlertStatus) {
        alerts::set_status(status);
    }

    /// Says who works on it; nothing for nobody.
    pub fn set_owner(&self, owner: Option<&str>) {
        alerts::set_owner(owner);
    }

    /// Adds a note: title, and text in Markdown.
    pub fn add_note(&self, title: &str, text: &str) {
        alerts::add_note(title, text);
    }

    /// Adds an artifact with these CEF fields and returns its number.
    ///
    /// # Errors
    ///
    /// What the host finds wrong with it.
    pub fn add_artifact(&self, name: &str, label: &str, cef: Map<String, Value>) -> Result<u64, String> {
        alerts::add_artifact(name, label, &Value::Object(cef).to_string())
    }
}

fn ids(started: &[&Started]) -> Vec<u32> {
    started.iter().map(|started| started.id).collect()
}

fn place(started: &[&Started], id: u32) -> usize {
    started
        .iter()
        .position(|started| started.id == id)
        .expect("the host names one of the actions it was given")
}
