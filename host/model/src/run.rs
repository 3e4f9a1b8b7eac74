//! Runs: one playbook at work on one alert, and the journal of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    action::{Effect, Failure, Report},
    alert::{AlertChange, AlertId},
    name::Name,
    plugin::Digest,
};

/// Number of a run in this installation, from 1.
pub type RunId = u64;

/// Place of an entry in its run's journal, from 1. An append names the place it expects.
pub type Seq = u64;

/// Place of an action in its run: 1 for the first that the playbook started.
pub type Position = u32;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// At work.
    Running,
    /// The playbook came to its end.
    Succeeded,
    /// The playbook said that it could not, or broke.
    Failed,
    /// The host stopped while it ran.
    Interrupted,
}

impl RunStatus {
    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        self != Self::Running
    }
}

/// A run in short: what lists show. Kept with the journal and written with each append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The alert it works on.
    pub alert: AlertId,
    /// The playbook.
    pub playbook: Name,
    /// The exact component that runs.
    pub digest: Digest,
    /// How it stands.
    pub status: RunStatus,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// One sentence on how it ended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Number of entries in its journal.
    pub entries: Seq,
}

/// One line of a run's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The playbook started an action. For a mutating one this is durable before the first byte leaves.
    ActionStarted(ActionStarted),
    /// An action ended.
    ActionEnded(ActionEnded),
    /// The playbook changed its alert.
    AlertChanged(AlertChange),
    /// A line of the log, of the playbook or of an action.
    Log {
        /// The action that wrote it; none for the playbook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Position>,
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// The run ended.
    Concluded {
        /// How.
        status: RunStatus,
        /// One sentence.
        message: String,
    },
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Of use only to the plugin's author.
    Debug,
    /// Worth reading afterwards.
    Info,
    /// Unexpected, and handled.
    Warn,
    /// Unexpected, and not handled.
    Error,
}

/// An action that a playbook asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionStarted {
    /// Its place in the run.
    pub position: Position,
    /// The connector.
    pub connector: String,
    /// The action.
    pub action: String,
    /// The asset it acts on; none if none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Name>,
    /// What it does to the world; none if there is no such action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// Its parameters.
    pub parameters: Value,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionEnded {
    /// Its place in the run.
    pub position: Position,
    /// How.
    #[serde(flatten)]
    pub result: Ended,
    /// How often it was tried.
    pub attempts: u32,
    /// Microseconds from start to end, waiting included.
    pub took_us: u64,
    /// Of these, microseconds spent waiting for the system on the other side.
    pub upstream_us: u64,
}

/// The two ways an action ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// It ran to its end.
    Report(Report),
    /// It could not.
    Failure(Failure),
}

impl From<crate::action::ActionResult> for Ended {
    fn from(result: crate::action::ActionResult) -> Self {
        match result {
            Ok(report) => Self::Report(report),
            Err(failure) => Self::Failure(failure),
        }
    }
}

impl From<Ended> for crate::action::ActionResult {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Report(report) => Ok(report),
            Ended::Failure(failure) => Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Note;

    #[test]
    fn every_field_of_a_flattened_event_survives() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let later: Timestamp = "2026-01-02T03:04:06Z".parse().unwrap();
        let note = Note { at: later, author: "run 1".into(), title: "t".into(), text: "x".into() };
        let failure = Failure::RateLimited { retry_after_ms: Some(5), message: "slow".into() };
        let ended = ActionEnded {
            position: 2,
            result: Ended::Failure(failure),
            attempts: 1,
            took_us: 3,
            upstream_us: 4,
        };
        for event in [Event::AlertChanged(AlertChange::Note(note)), Event::ActionEnded(ended)] {
            let entry = Entry { seq: 7, at, event };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry, "{text}");
        }
    }
}
