//! Splunk's webhook alert action, as Splunk sends it.
//!
//! One POST for each trigger, with the first row of the result; or one for each row, where the alert says so. Fields are
//! text, multivalue fields are arrays. See "Use a webhook alert action" in Splunk's Alerting Manual.

use palisade_model::{
    alert::{Artifact, NewAlert, Severity},
    hex,
};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    cim,
    label::{Options, label_from, one_line},
};
use crate::problem::Problem;

/// Name of the source.
const SOURCE: &str = "splunk";

/// What Splunk sends. It adds fields from version to version, so others are let through.
#[derive(Deserialize)]
struct Webhook {
    /// The row.
    result: Map<String, Value>,
    /// Id of the search job.
    sid: Option<String>,
    /// Link to the results.
    results_link: Option<String>,
    /// Name of the saved search; null for one that was not saved.
    search_name: Option<String>,
    /// Splunk user who owns the search.
    owner: Option<String>,
    /// Splunk app of the search.
    app: Option<String>,
}

/// The alert in a webhook.
pub(crate) fn alert(body: Value, options: Options) -> Result<NewAlert, Problem> {
    let webhook = Webhook::deserialize(body).map_err(|error| {
        Problem::invalid("", format!("this is not what Splunk's webhook alert action sends: {error}"))
    })?;
    let row = |field: &str| text(webhook.result.get(field)).filter(|text| !text.is_empty());
    let name =
        row("rule_title").or_else(|| row("rule_name")).map(str::to_owned).or(webhook.search_name.clone());
    let name = name.unwrap_or_else(|| "Splunk alert".to_owned());
    let label = options
        .label
        .or_else(|| row("label").map(str::to_owned))
        .unwrap_or_else(|| label_from(webhook.search_name.as_deref().unwrap_or(&name)));
    let severity = row("severity").and_then(severity).or_else(|| row("urgency").and_then(severity));
    let severity = severity.unwrap_or(Severity::Medium);
    let description = match (&webhook.search_name, &webhook.owner, &webhook.app) {
        (Some(search), Some(owner), Some(app)) => {
            format!("Search \"{search}\" of {owner} in Splunk app {app}")
        }
        _ => String::new(),
    };
    let source_id = source_id(&webhook);
    let (cef, data) = cim::split(webhook.result);
    Ok(NewAlert {
        source: SOURCE.to_owned(),
        source_id,
        name: one_line(&name),
        label,
        severity,
        description,
        link: webhook.results_link.filter(|link| !link.is_empty()),
        artifacts: vec![Artifact {
            id: 1,
            name: "Search result".to_owned(),
            label: "event".to_owned(),
            cef,
            data,
        }],
    })
}

/// Splunk's own id: that of the notable event, where there is one; else the job's and a hash of the row, because one
/// job may send several rows, and sends each again after an error.
fn source_id(webhook: &Webhook) -> String {
    if let Some(id) = text(webhook.result.get("event_id")).filter(|id| !id.is_empty()) {
        return one_line(id);
    }
    let row = Value::Object(webhook.result.clone()).to_string();
    let hash = hex(&digest(&SHA256, row.as_bytes()).as_ref()[..16]);
    match &webhook.sid {
        Some(sid) => format!("{}:{hash}", one_line(sid)),
        None => hash,
    }
}

/// Both scales that Splunk uses for events: `severity` of CIM and `urgency` of Enterprise Security.
fn severity(text: &str) -> Option<Severity> {
    match text.to_ascii_lowercase().as_str() {
        "critical" => Some(Severity::Critical),
        "high" => Some(Severity::High),
        "medium" => Some(Severity::Medium),
        "low" => Some(Severity::Low),
        "informational" | "info" => Some(Severity::Informational),
        _ => None,
    }
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::String(text) => Some(text),
        Value::Array(values) => values.first().and_then(Value::as_str),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn webhook() -> Value {
        json!({
            "sid": "scheduler__admin__search__RMD5abc_at_1732212000_77",
            "search_name": "Suspicious Outbound Connection",
            "app": "search", "owner": "admin",
            "results_link": "http://splunk:8000/app/search/@go?sid=scheduler__admin",
            "result": {"src": "10.20.30.41", "dest": "203.0.113.66", "severity": "high"},
        })
    }

    fn mapped(body: Value) -> NewAlert {
        alert(body, Options { label: None }).unwrap()
    }

    #[test]
    fn the_name_of_the_search_gives_name_and_label() {
        let alert = mapped(webhook());
        assert_eq!(
            (alert.name.as_str(), alert.label.as_str()),
            ("Suspicious Outbound Connection", "suspicious-outbound-connection")
        );
        assert_eq!(alert.severity, Severity::High);
        assert_eq!(alert.artifacts[0].cef["destinationAddress"], "203.0.113.66");
    }

    #[test]
    fn a_row_sent_again_is_the_same_alert_and_another_row_is_not() {
        let mut other = webhook();
        assert_eq!(mapped(webhook()).source_id, mapped(other.clone()).source_id);
        other["result"]["dest"] = json!("203.0.113.67");
        assert_ne!(mapped(webhook()).source_id, mapped(other.clone()).source_id);
        other["result"]["event_id"] = json!("6F2A@@notable@@77");
        assert_eq!(mapped(other).source_id, "6F2A@@notable@@77");
    }

    #[test]
    fn severity_comes_first_then_urgency_then_medium() {
        let mut body = webhook();
        body["result"]["urgency"] = json!("critical");
        assert_eq!(mapped(body.clone()).severity, Severity::High);
        body["result"].as_object_mut().unwrap().remove("severity");
        assert_eq!(mapped(body.clone()).severity, Severity::Critical);
        body["result"]["urgency"] = json!("whatever");
        assert_eq!(mapped(body).severity, Severity::Medium);
    }

    #[test]
    fn a_search_that_was_not_saved_has_no_name_and_still_is_an_alert() {
        let mut body = webhook();
        body["search_name"] = Value::Null;
        let alert = mapped(body);
        assert_eq!((alert.name.as_str(), alert.label.as_str()), ("Splunk alert", "splunk-alert"));
    }
}
