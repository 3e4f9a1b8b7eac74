//! Alerts and their artifacts (Splunk SOAR calls an alert a container).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Timestamp;

/// Number of an alert in this installation, from 1.
pub type AlertId = u64;

/// How bad an alert is. The order is from harmless to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No harm.
    Informational,
    /// Can wait.
    Low,
    /// Today.
    Medium,
    /// Now.
    High,
    /// Drop everything.
    Critical,
}

impl Severity {
    /// The word for it, everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Where the work on an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// Nobody has looked.
    New,
    /// Somebody, or a playbook, works on it.
    Open,
    /// Done.
    Closed,
}

/// An alert as a source sent it, before it has a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewAlert {
    /// Where it came from: `splunk`, or the name of a JSON source.
    pub source: String,
    /// The source's own id. Two alerts with the same source and id are one alert.
    pub source_id: String,
    /// Title.
    pub name: String,
    /// What kind it is; decides which playbooks run.
    pub label: String,
    /// How bad it is.
    pub severity: Severity,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Link back to the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The evidence.
    pub artifacts: Vec<Artifact>,
}

/// A piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Number within the alert, from 1.
    pub id: u64,
    /// Title.
    pub name: String,
    /// What kind it is, for example `event`.
    pub label: String,
    /// Fields by their CEF key (ArcSight Common Event Format), for example `destinationAddress`.
    pub cef: Map<String, Value>,
    /// What the source sent beside the fields that have a CEF key.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
}

/// A piece of evidence as a person writes it, in plain JSON. Fields that are not named here are refused, so that a typing
/// error is seen at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewArtifact {
    /// Title.
    #[serde(default = "event")]
    pub name: String,
    /// What kind it is.
    #[serde(default = "event")]
    pub label: String,
    /// Fields by their CEF key.
    pub cef: Map<String, Value>,
    /// What there is beside them.
    #[serde(default)]
    pub data: Map<String, Value>,
}

fn event() -> String {
    "event".to_owned()
}

impl NewArtifact {
    /// An event with these fields.
    pub fn event(cef: Map<String, Value>) -> Self {
        Self { name: event(), label: event(), cef, data: Map::new() }
    }

    /// The artifacts of an alert, numbered in their order.
    pub fn numbered(artifacts: Vec<Self>) -> Vec<Artifact> {
        let artifacts = (1..).zip(artifacts);
        artifacts
            .map(|(id, Self { name, label, cef, data })| Artifact { id, name, label, cef, data })
            .collect()
    }
}

/// A remark on an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it: `run 17`, or a person.
    pub author: String,
    /// Title.
    pub title: String,
    /// Text in Markdown.
    pub text: String,
}

/// That an alert waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// The person or role; none for whoever looks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// One sentence on why.
    pub summary: String,
}

/// An alert as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number.
    pub id: AlertId,
    /// When the host received it.
    pub received: Timestamp,
    /// Where the work stands.
    pub status: AlertStatus,
    /// Who works on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// It waits for a person, until somebody takes it or closes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation: Option<Escalation>,
    /// What the source sent, with the severity as it is now.
    #[serde(flatten)]
    pub content: NewAlert,
    /// Remarks, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// One change of an alert. The value stands beside its kind, so that none of its fields can clash with those of the
/// journal entry around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "change", content = "value", rename_all = "kebab-case")]
pub enum AlertChange {
    /// A new severity.
    Severity(Severity),
    /// A new status.
    Status(AlertStatus),
    /// A new owner, or none.
    Owner(Option<String>),
    /// One more note.
    Note(Note),
    /// One more artifact.
    Artifact(Artifact),
    /// It waits for a person.
    Escalated(Escalation),
    /// Somebody has taken it, or closed it: it waits no more.
    Taken,
}

impl Alert {
    /// An alert that was just received.
    pub fn new(id: AlertId, received: Timestamp, content: NewAlert) -> Self {
        Self {
            id,
            received,
            status: AlertStatus::New,
            owner: None,
            escalation: None,
            content,
            notes: Vec::new(),
        }
    }

    /// Applies one change.
    pub fn apply(&mut self, change: AlertChange) {
        match change {
            AlertChange::Severity(severity) => self.content.severity = severity,
            AlertChange::Status(status) => self.status = status,
            AlertChange::Owner(owner) => self.owner = owner,
            AlertChange::Note(note) => self.notes.push(note),
            AlertChange::Artifact(artifact) => self.content.artifacts.push(artifact),
            AlertChange::Escalated(escalation) => self.escalation = Some(escalation),
            AlertChange::Taken => self.escalation = None,
        }
    }
}
