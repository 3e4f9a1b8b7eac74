//! Data for the suite and for tests of what stands on a store.

use palisade_model::{
    Timestamp,
    alert::{Alert, AlertId, Artifact, NewAlert, Severity},
    audit::{Record, What},
    journal::{Began, Event, LogLevel, PromptAsked},
    name::Name,
    plugin::Digest,
    prompt::{Answers, Prompt},
    run::{Position, RunId, RunStatus, Seq},
};
use serde_json::json;

use crate::store::{Append, Durability, NewRun};

/// A time, in seconds since 1970.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A name.
pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A digest of 32 times this byte.
pub fn digest(byte: u8) -> Digest {
    Digest::from_bytes([byte; 32])
}

/// An alert with this id at its source.
pub fn alert(source_id: &str) -> NewAlert {
    let cef = json!({ "destinationAddress": "203.0.113.7", "destinationPort": 443 });
    NewAlert {
        source: "splunk".to_owned(),
        source_id: source_id.to_owned(),
        name: "Beaconing to a rare host".to_owned(),
        label: "c2".to_owned(),
        severity: Severity::High,
        description: "Ünïcode, \"quotes\" and a zero: \0".to_owned(),
        link: None,
        artifacts: vec![Artifact {
            id: 1,
            name: "Row".to_owned(),
            label: "event".to_owned(),
            cef: cef.as_object().unwrap().clone(),
            data: json!({ "count": 12.5 }).as_object().unwrap().clone(),
        }],
    }
}

/// A run of this playbook on this alert.
pub fn run(playbook: &str, alert_id: AlertId) -> NewRun {
    let alert = Alert::new(alert_id, at(1), alert("a"));
    NewRun { playbook: name(playbook), started: at(100), began: Began::new(digest(7), alert) }
}

/// A durable append of the first owner, who stays at work. Everything happens 200 seconds after 1970.
pub fn append(run: RunId, expected: Seq, events: Vec<Event>) -> Append {
    let events = events.into_iter().map(|event| (at(200), event)).collect();
    Append { run, epoch: 1, expected, events, audit: vec![], leave: None, durability: Durability::Durable }
}

/// A record of the audit log: who closed this alert.
pub fn record(who: &str, alert: AlertId) -> Record {
    Record::new(at(300), who, What::AlertClosed { alert, note: "A drill.".into(), false_alarm: false })
}

/// A line of a run's log.
pub fn log(message: &str) -> Event {
    Event::Log { action: None, level: LogLevel::Info, message: message.to_owned() }
}

/// A question at this step.
pub fn question(position: Position) -> Event {
    Event::PromptAsked(PromptAsked { position, prompt: prompt() })
}

/// What a playbook asks a person.
pub fn prompt() -> Prompt {
    Prompt {
        to: None,
        question: "Isolate the host?".to_owned(),
        answer: Answers::Choice { choices: vec!["yes".to_owned(), "no".to_owned()] },
        deadline: at(3_600),
        default: json!("no"),
    }
}

/// The end of a run.
pub fn end(status: RunStatus) -> Event {
    Event::Concluded { status, message: "That was it.".to_owned() }
}
