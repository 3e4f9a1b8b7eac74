use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    Action, Alert, AlertStatus, Artifact, Artifacts, Asked, Child, Earlier, ListEntry, Prompt, Severity,
    Started, Step, StepId, list,
};
use crate::{
    clock,
    host::{alerts, configuration, steps},
};

/// One run of a playbook: the alert it handles, and what it may do.
///
/// ```
/// use palisade_sdk::playbook::{Action, Run, Severity};
///
/// fn handle(run: &Run) -> Result<String, String> {
///     let artifacts = run.artifacts();
///     let ip = artifacts.ip("sourceAddress").ok_or("The alert has no source address.")?;
///     // Both run at the same time.
///     let [one, other] = ["intel", "other-intel"]
///         .map(|intel| run.start(Action::new(intel, "ip reputation").parameter("ip", ip.to_string())));
///     let first = run.wait_any(&[&one, &other]);
///     let report = if first == 0 { one.wait()? } else { other.wait()? };
///     run.set_severity(Severity::High);
///     run.add_note("Reputation", &report.message);
///     Ok(format!("Noted what is known of {ip}."))
/// }
/// ```
#[derive(Debug)]
pub struct Run {
    _private: (),
}

impl Run {
    pub(super) fn new() -> Self {
        Self { _private: () }
    }

    /// The alert as it stood when the run began, with this run's own changes.
    pub fn alert(&self) -> Alert {
        alerts::get()
    }

    /// The alert's artifacts, likewise.
    pub fn artifacts(&self) -> Artifacts {
        Artifacts(alerts::artifacts().into_iter().map(Artifact::from).collect())
    }

    /// What the operator has configured, with the defaults of the rest.
    ///
    /// # Errors
    ///
    /// When it does not fit `C`, which must be the type that [`Playbook::configured_by`](super::Playbook::configured_by)
    /// was given.
    pub fn configuration<C: DeserializeOwned>(&self) -> Result<C, String> {
        serde_json::from_str(&configuration::get())
            .map_err(|error| format!("The playbook's configuration cannot be used: {error}"))
    }

    /// The entry of a custom list that a value falls under: itself, whatever its case, or the smallest network or the
    /// longest name that contains it.
    ///
    /// # Errors
    ///
    /// When there is no such list, which is not the same as an empty one, or the playbook does not declare it.
    pub fn find_in(&self, list: &str, value: &str) -> Result<Option<ListEntry>, String> {
        list::find(list, value)
    }

    /// Adds an entry to a custom list, or replaces its note.
    ///
    /// # Errors
    ///
    /// When there is no such list, or the playbook does not declare that it adds to it.
    pub fn add_to(&self, list: &str, value: &str, note: &str) -> Result<(), String> {
        list::add(list, value, note)
    }

    /// How many such alerts there were before that of this run; 1000 stands for that many or more.
    ///
    /// # Errors
    ///
    /// When alerts are not kept by that field.
    pub fn count_earlier(&self, which: &Earlier<'_>) -> Result<u32, String> {
        which.count()
    }

    /// Starts an action and returns at once, so any number may run side by side.
    pub fn start(&self, action: Action) -> Started {
        action.start()
    }

    /// Asks a person and returns at once.
    pub fn ask(&self, prompt: Prompt) -> Asked {
        prompt.ask()
    }

    /// Starts another playbook on the alert of this run, in a run of its own, and returns at once.
    pub fn start_playbook(&self, name: &str) -> Child {
        Child::start(name)
    }

    /// Waits until one of these has ended and tells which, by its place in the list.
    ///
    /// # Panics
    ///
    /// When the list is empty: the wait would never end.
    pub fn wait_any(&self, steps: &[&dyn Step]) -> usize {
        assert!(!steps.is_empty(), "a wait for one of no steps never ends");
        place(steps, steps::wait_any(&ids(steps)))
    }

    /// Like [`wait_any`](Self::wait_any), but gives up at this time, in milliseconds since 1970, and then returns nothing.
    pub fn wait_until(&self, steps: &[&dyn Step], deadline_ms: u64) -> Option<usize> {
        steps::wait_until(&ids(steps), deadline_ms).map(|id| place(steps, id))
    }

    /// Waits until this time, in milliseconds since 1970. Days are no burden: meanwhile the run holds no memory, and a
    /// restart of the host does not shorten the wait.
    pub fn sleep_until(&self, time_ms: u64) {
        steps::wait_until(&[], time_ms);
    }

    /// Waits this long, from now on.
    pub fn sleep(&self, time: Duration) {
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.sleep_until(clock::now_ms().saturating_add(ms));
    }

    /// Says how bad it is.
    pub fn set_severity(&self, severity: Severity) {
        alerts::set_severity(severity);
    }

    /// Says where the work stands.
    pub fn set_status(&self, status: AlertStatus) {
        alerts::set_status(status);
    }

    /// Says who works on it; nothing for nobody.
    pub fn set_owner(&self, owner: Option<&str>) {
        alerts::set_owner(owner);
    }

    /// Hands the alert to a person, with one sentence on why: it stands in the inbox until somebody takes it, whatever
    /// becomes of the run. To a person or a role, or to whoever looks first.
    pub fn escalate(&self, to: Option<&str>, summary: &str) {
        alerts::escalate(to, summary);
    }

    /// Adds a note: title, and text in Markdown.
    pub fn add_note(&self, title: &str, text: &str) {
        alerts::add_note(title, text);
    }

    /// Adds an artifact with these CEF fields and returns its number.
    ///
    /// # Errors
    ///
    /// What the host finds wrong with it.
    pub fn add_artifact(&self, name: &str, label: &str, cef: Map<String, Value>) -> Result<u64, String> {
        alerts::add_artifact(name, label, &Value::Object(cef).to_string())
    }
}

fn ids(steps: &[&dyn Step]) -> Vec<StepId> {
    steps.iter().map(|step| step.id()).collect()
}

fn place(steps: &[&dyn Step], id: StepId) -> usize {
    steps.iter().position(|step| step.id() == id).expect("the host names one of the steps it was given")
}
