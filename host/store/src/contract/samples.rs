//! Data for the suite and for tests of what stands on a store.

use palisade_model::{
    Timestamp,
    alert::{Artifact, NewAlert, Severity},
    name::Name,
    plugin::Digest,
    run::{Event, LogLevel},
};
use serde_json::json;

use crate::store::NewRun;

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

/// A run of this playbook.
pub fn run(playbook: &str) -> NewRun {
    NewRun { playbook: name(playbook), digest: digest(7), started: at(100) }
}

/// A line of a run's log.
pub fn log(message: &str) -> Event {
    Event::Log { action: None, level: LogLevel::Info, message: message.to_owned() }
}
