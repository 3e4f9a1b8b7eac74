//! Scenes: an alert, and what the actions find. The cassettes of a playbook.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use palisade_model::{
    Timestamp,
    alert::{Alert, NewAlert, NewArtifact, Severity},
    list,
    name::Name,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ends::Ends;
use crate::{
    cassette::{Case, CassetteError, Content},
    matching,
};

/// When the alert of each scene was received: 2026-01-05T08:00:00Z, a Monday.
const RECEIVED_MS: i64 = 1_767_600_000_000;

/// An alert, and what a playbook finds out about it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scene {
    /// What it is about, for a person.
    pub about: Option<String>,
    /// The alert.
    pub alert: SceneAlert,
    /// What the operator has configured; defaults for the rest.
    pub configuration: Map<String, Value>,
    /// The entries of custom lists.
    pub(super) lists: BTreeMap<Name, Vec<list::Value>>,
    /// How many earlier alerts there are, whatever is asked.
    pub(super) earlier: Option<u32>,
    /// What actions come to, by `connector/action`.
    pub(super) answers: BTreeMap<String, Ends>,
    /// What people answer, in the order of the questions; `null`, and behind the last one, nobody does.
    pub(super) prompts: Option<Vec<Value>>,
    /// What other playbooks come to, by their names.
    pub(super) playbooks: BTreeMap<String, Ends>,
    /// How the run must end.
    outcome: Option<SceneOutcome>,
}

/// An alert as `palisade alert send` takes it. What is left out does not matter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SceneAlert {
    id: Option<String>,
    source: Option<String>,
    name: Option<String>,
    label: Option<String>,
    severity: Option<Severity>,
    description: String,
    link: Option<String>,
    artifacts: Vec<NewArtifact>,
}

impl Content for Scene {}

/// How a run ends; `[any]` stands for any text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum SceneOutcome {
    /// With this sentence.
    Concluded(String),
    /// It could not be handled, for this reason.
    Failed(String),
}

impl Scene {
    /// The scene in a file.
    ///
    /// # Errors
    ///
    /// [`CassetteError`].
    pub fn read(path: &Path) -> Result<Self, CassetteError> {
        Ok(Case::read(path)?.cassette)
    }

    /// The scenes in a directory and their files, in the order of the files' names; none if there is no such directory.
    ///
    /// # Errors
    ///
    /// [`CassetteError`] at the first file that is no scene.
    pub fn read_all(directory: &Path) -> Result<Vec<(PathBuf, Self)>, CassetteError> {
        let file = |case: Case<Self>| (directory.join(format!("{}.json", case.name)), case.cassette);
        Ok(Case::read_all(directory)?.into_iter().map(file).collect())
    }

    /// How an end of the playbook's own, or None without one, differs from what the scene says.
    pub fn amiss(&self, end: Option<&Result<String, String>>) -> Option<String> {
        match (self.outcome.as_ref()?, end) {
            (_, None) => Some("it did not come to an end of its own".to_owned()),
            (SceneOutcome::Concluded(text), Some(Ok(words)))
            | (SceneOutcome::Failed(text), Some(Err(words))) => {
                (!matching::text(text, words)).then(|| format!("it ended with {words:?}, not {text:?}"))
            }
            (SceneOutcome::Concluded(_), Some(Err(words))) => {
                Some(format!("it could not be handled: {words}"))
            }
            (SceneOutcome::Failed(_), Some(Ok(words))) => Some(format!("it concluded: {words}")),
        }
    }

    /// Whether it says that the run ends with this, so that an alert which cannot be handled is what it is about.
    pub fn expects_failure(&self) -> bool {
        matches!(self.outcome, Some(SceneOutcome::Failed(_)))
    }

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
            artifacts: vec![NewArtifact::event(cef.as_object().cloned().unwrap_or_default())],
            ..SceneAlert::default()
        };
        Self { alert, ..Self::default() }
    }

    /// The alert; `label` is that of the playbook, if the scene names none.
    pub fn alert(&self, label: &str) -> Alert {
        let SceneAlert { id, source, name, label: own, severity, description, link, artifacts } =
            self.alert.clone();
        let content = NewAlert {
            source: source.unwrap_or_else(|| "rehearsal".to_owned()),
            source_id: id.unwrap_or_else(|| "1".to_owned()),
            name: name.unwrap_or_else(|| "Rehearsal".to_owned()),
            label: own.unwrap_or_else(|| label.to_owned()),
            severity: severity.unwrap_or(Severity::Medium),
            description,
            link: link.or_else(|| Some("https://siem.example.com/alert/1".to_owned())),
            artifacts: NewArtifact::numbered(artifacts),
        };
        Alert::new(1, Timestamp::from_millisecond(RECEIVED_MS).unwrap_or_default(), content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(json: Value) -> Result<Scene, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn an_alert_is_one_as_it_is_sent_to_a_host() {
        let alert = json!({
            "id": "7", "name": "Scan", "label": "network", "severity": "low", "description": "d",
            "link": "https://siem.example.com/7",
            "artifacts": [{ "name": "n", "label": "l", "cef": { "sourceAddress": "203.0.113.9" }, "data": { "a": 1 } }],
        });
        let alert = scene(json!({ "alert": alert })).unwrap().alert("other").content;
        assert_eq!((alert.source_id.as_str(), alert.label.as_str()), ("7", "network"));
        assert_eq!(alert.artifacts[0].cef["sourceAddress"], "203.0.113.9");
        assert_eq!(scene(json!({})).unwrap().alert("other").content.label, "other");

        let bare = scene(json!({ "alert": { "artifacts": [{ "sourceAddress": "203.0.113.9" }] } }));
        assert!(bare.unwrap_err().contains("unknown field `sourceAddress`"));
        assert!(scene(json!({ "answer": {} })).unwrap_err().contains("unknown field `answer`"));
    }

    #[test]
    fn an_end_is_held_against_the_outcome() {
        let concluded = scene(json!({ "outcome": { "concluded": "Ticket [any]." } })).unwrap();
        assert_eq!(concluded.amiss(Some(&Ok("Ticket 7.".into()))), None);
        assert!(concluded.amiss(Some(&Ok("No ticket".into()))).unwrap().contains("not \"Ticket [any].\""));
        assert!(concluded.amiss(Some(&Err("down".into()))).unwrap().contains("could not be handled: down"));
        assert!(concluded.amiss(None).is_some());
        let failed = scene(json!({ "outcome": { "failed": "down" } })).unwrap();
        assert!(failed.amiss(Some(&Err("down".into()))).is_none() && failed.expects_failure());
        assert!(failed.amiss(Some(&Ok("Done.".into()))).is_some());
        assert_eq!(Scene::default().amiss(None), None);
    }
}
