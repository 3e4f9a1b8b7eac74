use palisade_e2e::{Answer, Request};
use palisade_model::{
    alert::{Alert, AlertId},
    journal::Entry,
    limits::{ACTION_ATTEMPTS_MAX, ACTION_RETRY_SECONDS},
    prompt::Task,
    run::{Position, Run, RunId},
};
use script::{FIELD, Program};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::program::PERSON;

/// A host as sources and people speak to it. It may die at any moment: nothing means that there was no whole answer.
#[derive(Clone, Debug)]
pub struct Api {
    /// Address and port.
    pub(crate) address: String,
    /// The token for everything.
    pub(crate) admin: String,
    /// The token for sources of alerts.
    pub(crate) ingest: String,
}

/// An alert with its runs.
#[derive(Debug, Deserialize)]
pub struct Handled {
    /// The alert.
    pub alert: Alert,
    /// Its runs.
    pub runs: Vec<Run>,
}

/// A run with its journal.
#[derive(Debug, Deserialize)]
pub struct Story {
    /// The run.
    pub run: Run,
    /// Its journal.
    pub entries: Vec<Entry>,
}

impl Api {
    /// Sends an alert that carries this program. Returns its number once the host has acknowledged it.
    pub fn send_alert(&self, id: &str, program: &Program) -> Option<AlertId> {
        let cef = json!({ FIELD: program.to_text() });
        let alert = json!({ "id": id, "name": id, "label": "script", "artifacts": [{ "cef": cef }] });
        let request = Request::new("POST", "/ingest/torture").token(&self.ingest);
        let answer = request.body(alert.to_string()).try_send(&self.address)?;
        if !matches!(answer.status, 200..300) {
            return None;
        }
        answer.json()["alert"].as_u64()
    }

    /// Configures the one asset, with attempts enough that none of them is the last: each kill takes one.
    ///
    /// # Panics
    ///
    /// If the host does not take it.
    pub(crate) fn put_asset(&self, url: &str) {
        let asset = json!({
            "connector": "actuator",
            "configuration": { "url": url },
            "network": { "allow": ["127.0.0.0/8"] },
            "retries": { "attempts": ACTION_ATTEMPTS_MAX, "seconds": ACTION_RETRY_SECONDS },
        });
        let answer = self.send(Request::new("PUT", "/api/v1/assets/actuator").body(asset.to_string()));
        assert!(matches!(&answer, Some(answer) if answer.status == 200), "{answer:?}");
    }

    /// An alert with its runs.
    pub fn handled(&self, alert: AlertId) -> Option<Handled> {
        serde_json::from_value(self.get(&format!("/alerts/{alert}"))?).ok()
    }

    /// Leads a run through its journal once more, without doing anything. Returns whether it came to the same end.
    pub fn replays(&self, run: RunId) -> Option<bool> {
        let answer = self.send(Request::new("POST", &format!("/api/v1/runs/{run}/replay")))?;
        (answer.status == 200).then(|| answer.json()["divergence"].is_null())
    }

    /// All runs, newest first.
    pub fn all_runs(&self) -> Option<Vec<Run>> {
        let mut all: Vec<Run> = Vec::new();
        loop {
            let page = match all.last() {
                Some(last) => self.runs(&format!("before={}", last.id)),
                None => self.runs(""),
            }?;
            if page.is_empty() {
                return Some(all);
            }
            all.extend(page);
        }
    }

    fn runs(&self, which: &str) -> Option<Vec<Run>> {
        let mut answer = self.get(&format!("/runs?limit=500&{which}"))?;
        serde_json::from_value(answer["runs"].take()).ok()
    }

    /// A run with its journal.
    pub fn story(&self, run: RunId) -> Option<Story> {
        serde_json::from_value(self.get(&format!("/runs/{run}"))?).ok()
    }

    /// Alerts that wait to be handled.
    pub fn waiting(&self) -> Option<u64> {
        self.get("/status")?["store"]["waiting"].as_u64()
    }

    /// What waits for a person.
    pub fn tasks(&self) -> Option<Vec<Task>> {
        serde_json::from_value(self.get("/tasks?limit=500")?["tasks"].take()).ok()
    }

    /// Decides what became of an action in doubt. Returns whether the host took it.
    pub fn decide(&self, run: RunId, step: Position, happened: bool) -> Option<bool> {
        let decision = if happened { "done" } else { "not-done" };
        self.say(
            &format!("/runs/{run}/steps/{step}/decision"),
            &json!({ "decision": decision, "by": PERSON }),
        )
    }

    /// Answers a prompt. Returns whether the host took it.
    pub fn answer(&self, run: RunId, step: Position, answer: &str) -> Option<bool> {
        self.say(&format!("/runs/{run}/steps/{step}/answer"), &json!({ "answer": answer, "by": PERSON }))
    }

    /// Consents to an action. Returns whether the host took it.
    pub fn approve(&self, run: RunId, step: Position) -> Option<bool> {
        let consent = json!({ "approved": true, "by": PERSON });
        self.say(&format!("/runs/{run}/steps/{step}/approval"), &consent)
    }

    fn say(&self, path: &str, what: &Value) -> Option<bool> {
        let request = Request::new("POST", &format!("/api/v1{path}")).body(what.to_string());
        Some(matches!(self.send(request)?.status, 200..300))
    }

    fn get(&self, path: &str) -> Option<Value> {
        let answer = self.send(Request::new("GET", &format!("/api/v1{path}")))?;
        (answer.status == 200).then(|| serde_json::from_str(&answer.text).ok())?
    }

    fn send(&self, request: Request) -> Option<Answer> {
        request.token(&self.admin).try_send(&self.address)
    }
}
