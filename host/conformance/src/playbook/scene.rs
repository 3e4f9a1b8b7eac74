//! Scenes: an alert, and what the actions find. The cassettes of a playbook.

use std::collections::BTreeMap;

use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    alert::{Alert, Artifact, NewAlert, Severity},
    name::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cassette::FailureKind;

/// When the alert of each scene was received: 2026-01-05T08:00:00Z, a Monday.
const RECEIVED_MS: i64 = 1_767_600_000_000;

/// An alert, and what a playbook finds out about it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scene {
    /// What it is about, for a person.
    #[serde(default)]
    #[allow(dead_code, reason = "it is for whoever reads the file")]
    about: Option<String>,
    #[serde(default)]
    alert: SceneAlert,
    /// What the operator has configured; defaults for the rest.
    #[serde(default)]
    pub(super) configuration: Map<String, Value>,
    /// Entries of lists; a list that is not named has what falls to it by chance.
    #[serde(default)]
    pub(super) lists: BTreeMap<Name, Vec<String>>,
    /// Alerts that came before, whatever is asked for; by chance if it is not said.
    #[serde(default)]
    pub(super) earlier: Option<u32>,
    /// What actions come to, by `connector/action`; what is not named is made from the schema of the need.
    #[serde(default)]
    answers: BTreeMap<String, SceneAnswer>,
    /// How the run must end.
    #[serde(default)]
    pub(super) outcome: Option<SceneOutcome>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SceneAlert {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    severity: Option<Severity>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    description: String,
    /// The CEF fields of each artifact.
    #[serde(default)]
    artifacts: Vec<Map<String, Value>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "an answer is {\"data\": …} with `status`, `message` and `summary`, or {\"failure\": \"…\"}"
)]
enum SceneAnswer {
    Failure {
        failure: FailureKind,
    },
    Report {
        #[serde(default = "success")]
        status: ReportStatus,
        #[serde(default)]
        message: Option<String>,
        #[serde(default)]
        summary: Map<String, Value>,
        #[serde(default)]
        data: Value,
    },
}

fn success() -> ReportStatus {
    ReportStatus::Success
}

/// How a run ends; `[any]` stands for any text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum SceneOutcome {
    /// With this sentence.
    Concluded(String),
    /// It could not be handled, for this reason.
    Failed(String),
}

impl Scene {
    /// A scene of which only the alert is known: about one connection of one user's device, with the fields that sources
    /// mostly have; `number` makes another of it.
    pub(super) fn usual(label: &str, number: usize) -> Self {
        let cef = json!({
            "sourceAddress": format!("198.51.100.{number}"),
            "sourceHostName": "srv-web-01.acme.example",
            "sourceUserName": "m.keller@acme.example",
            "sourceUserId": "m.keller",
            "sourcePort": 50_000 + number,
            "destinationAddress": format!("203.0.113.{number}"),
            "destinationHostName": "updates.cdn-metrics.example",
            "destinationDnsDomain": "updates.cdn-metrics.example",
            "destinationPort": 443,
            "deviceExternalId": format!("3a45b4d5-d2e5-468c-bf4f-{number:012x}"),
            "deviceHostname": "phone-17.acme.example",
            "requestURL": "https://updates.cdn-metrics.example/a",
            "message": "A connection that the rule is about.",
            "act": "allowed",
            "cnt": 3,
        });
        let severities = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        let alert = SceneAlert {
            name: Some(format!("Rehearsal of {label}")),
            label: Some(label.to_owned()),
            severity: Some(severities[number % severities.len()]),
            artifacts: vec![cef.as_object().cloned().unwrap_or_default()],
            ..SceneAlert::default()
        };
        Self { alert, ..Self::default() }
    }

    /// The alert; `label` is that of the playbook, if the scene names none.
    pub(super) fn alert(&self, label: &str) -> Alert {
        let SceneAlert { name, label: own, severity, source, description, artifacts } = self.alert.clone();
        let artifact =
            |(id, cef)| Artifact { id, name: "Event".into(), label: "event".into(), cef, data: Map::new() };
        let content = NewAlert {
            source: source.unwrap_or_else(|| "rehearsal".to_owned()),
            source_id: "1".to_owned(),
            name: name.unwrap_or_else(|| "Rehearsal".to_owned()),
            label: own.unwrap_or_else(|| label.to_owned()),
            severity: severity.unwrap_or(Severity::Medium),
            description,
            link: Some("https://siem.example.com/alert/1".to_owned()),
            artifacts: (1..).zip(artifacts).map(artifact).collect(),
        };
        Alert::new(1, Timestamp::from_millisecond(RECEIVED_MS).unwrap_or_default(), content)
    }

    /// What the scene says that an action comes to.
    pub(super) fn answer(&self, connector: &str, action: &str) -> Option<ActionResult> {
        Some(match self.answers.get(&format!("{connector}/{action}"))? {
            SceneAnswer::Failure { failure } => Err(fail(*failure)),
            SceneAnswer::Report { status, message, summary, data } => Ok(Report {
                status: *status,
                message: message.clone().unwrap_or_else(|| "It is done.".to_owned()),
                summary: Value::Object(summary.clone()),
                data: data.clone(),
            }),
        })
    }
}

/// A failure of this kind.
pub(super) fn fail(kind: FailureKind) -> Failure {
    let message = "The rehearsal says no.".to_owned();
    match kind {
        FailureKind::InvalidParameters => Failure::InvalidParameters { message },
        FailureKind::Authentication => Failure::Authentication { message },
        FailureKind::NotFound => Failure::NotFound { message },
        FailureKind::RateLimited => Failure::RateLimited { retry_after_ms: Some(1_000), message },
        FailureKind::Upstream => Failure::Upstream { http_status: Some(500), message },
        FailureKind::Unavailable => Failure::Unavailable { message },
        FailureKind::Denied => Failure::Denied { message },
        FailureKind::Cancelled => Failure::Cancelled { message },
        FailureKind::Plugin => Failure::Plugin { message },
    }
}
