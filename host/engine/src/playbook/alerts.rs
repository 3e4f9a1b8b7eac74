//! The alert, as its playbook sees and changes it.

use palisade_contract::playbook::palisade::plugin::alerts;
use palisade_model::{
    alert::{AlertChange, AlertStatus, Artifact, Escalation, Severity},
    limits::{ALERT_TEXT_BYTES, NOTE_BYTES},
};
use serde_json::{Map, Value};

use super::PlaybookHost;
use crate::{guest::Guest, wit};

impl alerts::Host for Guest<PlaybookHost> {
    async fn get(&mut self) -> wasmtime::Result<alerts::Alert> {
        let alert = self.host.run()?.alert();
        Ok(alerts::Alert {
            id: alert.id,
            name: alert.content.name.clone(),
            label: alert.content.label.clone(),
            source: alert.content.source.clone(),
            source_id: alert.content.source_id.clone(),
            severity: match alert.content.severity {
                Severity::Informational => alerts::Severity::Informational,
                Severity::Low => alerts::Severity::Low,
                Severity::Medium => alerts::Severity::Medium,
                Severity::High => alerts::Severity::High,
                Severity::Critical => alerts::Severity::Critical,
            },
            status: match alert.status {
                AlertStatus::New => alerts::AlertStatus::New,
                AlertStatus::Open => alerts::AlertStatus::Open,
                AlertStatus::Closed => alerts::AlertStatus::Closed,
            },
            owner: alert.owner.clone(),
            description: alert.content.description.clone(),
            received: u64::try_from(alert.received.as_millisecond()).unwrap_or(0),
            link: alert.content.link.clone(),
        })
    }

    async fn artifacts(&mut self) -> wasmtime::Result<Vec<alerts::Artifact>> {
        let artifacts = &self.host.run()?.alert().content.artifacts;
        Ok(artifacts
            .iter()
            .map(|artifact| alerts::Artifact {
                id: artifact.id,
                name: artifact.name.clone(),
                label: artifact.label.clone(),
                cef: Value::Object(artifact.cef.clone()).to_string(),
            })
            .collect())
    }

    async fn set_severity(&mut self, severity: alerts::Severity) -> wasmtime::Result<()> {
        self.host.change(AlertChange::Severity(self::severity(severity)))
    }

    async fn set_status(&mut self, status: alerts::AlertStatus) -> wasmtime::Result<()> {
        let status = match status {
            alerts::AlertStatus::New => AlertStatus::New,
            alerts::AlertStatus::Open => AlertStatus::Open,
            alerts::AlertStatus::Closed => AlertStatus::Closed,
        };
        self.host.change(AlertChange::Status(status))
    }

    async fn set_owner(&mut self, owner: Option<String>) -> wasmtime::Result<()> {
        let owner = owner.map(|owner| wit::line(owner, ALERT_TEXT_BYTES));
        self.host.change(AlertChange::Owner(owner))
    }

    async fn escalate(&mut self, to: Option<String>, summary: String) -> wasmtime::Result<()> {
        let to = to.map(|to| wit::line(to, ALERT_TEXT_BYTES));
        let summary = wit::line(summary, ALERT_TEXT_BYTES);
        self.host.change(AlertChange::Escalated(Escalation { to, summary }))
    }

    async fn add_note(&mut self, title: String, text: String) -> wasmtime::Result<()> {
        let title = wit::line(title, ALERT_TEXT_BYTES);
        let text = text[..text.floor_char_boundary(NOTE_BYTES)].to_owned();
        Ok(self.host.run()?.note(title, text)?)
    }

    async fn add_artifact(
        &mut self,
        name: String,
        label: String,
        cef: String,
    ) -> wasmtime::Result<Result<u64, String>> {
        if cef.len() > NOTE_BYTES {
            return Ok(Err(format!(
                "the CEF fields have {} bytes; at most {NOTE_BYTES} are accepted",
                cef.len()
            )));
        }
        let cef = match serde_json::from_str::<Map<String, Value>>(&cef) {
            Ok(cef) => cef,
            Err(error) => return Ok(Err(format!("the CEF fields are no JSON object: {error}"))),
        };
        let artifacts = &self.host.run()?.alert().content.artifacts;
        let id = artifacts.iter().map(|artifact| artifact.id).max().unwrap_or(0) + 1;
        let artifact = Artifact {
            id,
            name: wit::line(name, ALERT_TEXT_BYTES),
            label: wit::line(label, ALERT_TEXT_BYTES),
            cef,
            data: Map::new(),
        };
        self.host.change(AlertChange::Artifact(artifact))?;
        Ok(Ok(id))
    }
}

/// How bad an alert is, in the words of the model.
pub(super) fn severity(severity: alerts::Severity) -> Severity {
    match severity {
        alerts::Severity::Informational => Severity::Informational,
        alerts::Severity::Low => Severity::Low,
        alerts::Severity::Medium => Severity::Medium,
        alerts::Severity::High => Severity::High,
        alerts::Severity::Critical => Severity::Critical,
    }
}
