//! Alerts.

use palisade_model::alert::{
    Alert, AlertChange, AlertStatus, Artifact, Escalation, NewAlert, Note, Severity,
};
use palisade_store::contract::samples::at;
use serde_json::{Map, Value, json};

use crate::{assert_every, check};

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn artifact() -> Artifact {
    Artifact {
        id: 1,
        name: "Connection".to_owned(),
        label: "event".to_owned(),
        cef: object(&json!({ "destinationAddress": "203.0.113.7", "destinationPort": 443 })),
        data: object(&json!({ "count": 12.5, "tags": ["a", null, true] })),
    }
}

/// One change of each kind that there was at first.
pub(crate) fn changes() -> Vec<AlertChange> {
    let note = Note {
        at: at(1_767_323_046),
        author: "run 17".to_owned(),
        title: "Verdict".to_owned(),
        text: "A *known* relay.".to_owned(),
    };
    vec![
        AlertChange::Severity(Severity::Critical),
        AlertChange::Status(AlertStatus::Open),
        AlertChange::Owner(Some("Ada".to_owned())),
        AlertChange::Note(note),
        AlertChange::Artifact(Artifact { id: 2, data: Map::new(), ..artifact() }),
    ]
}

/// One change of each kind that has come since, with every content.
pub(crate) fn later_changes() -> Vec<AlertChange> {
    let escalation = |to| Escalation { to, summary: "Two hosts, one relay.".to_owned() };
    vec![
        AlertChange::Escalated(escalation(None)),
        AlertChange::Taken,
        AlertChange::Escalated(escalation(Some("tier 2".to_owned()))),
    ]
}

/// An alert as it came.
pub(crate) fn fresh() -> Alert {
    let content = NewAlert {
        source: "splunk".to_owned(),
        source_id: "notable@@7".to_owned(),
        name: "Beaconing to a rare host".to_owned(),
        label: "c2".to_owned(),
        severity: Severity::High,
        description: "Every 60 s, \"quotes\" and Ünïcode.".to_owned(),
        link: Some("https://splunk.example.com/en-US/app/search?sid=7".to_owned()),
        artifacts: vec![artifact()],
    };
    Alert::new(7, at(1_767_323_045), content)
}

#[test]
fn alerts() {
    let mut changed = fresh();
    changes().into_iter().for_each(|change| changed.apply(change));
    let mut least = fresh();
    least.content.description.clear();
    least.content.link = None;
    least.content.artifacts.clear();
    check("alerts.json", &[fresh(), changed, least]);
}

#[test]
fn alerts_that_wait_for_a_person() {
    let alerts = later_changes().into_iter().map(|change| {
        let mut alert = fresh();
        alert.apply(change);
        alert
    });
    check("alerts-2.json", &alerts.collect::<Vec<_>>());
}

#[test]
fn severities() {
    let all = [Severity::Informational, Severity::Low, Severity::Medium, Severity::High, Severity::Critical]
        .to_vec();
    assert_every!(Severity { Informational, Low, Medium, High, Critical }, &all);
    check("severities.json", &all);
}

#[test]
fn alert_statuses() {
    let all = vec![AlertStatus::New, AlertStatus::Open, AlertStatus::Closed];
    assert_every!(AlertStatus { New, Open, Closed }, &all);
    check("alert-statuses.json", &all);
}
