use serde_json::Value;

use super::host::{self, World};
use crate::{
    Failure, Status,
    bindings::{
        connector::palisade::plugin::types::Report as WireReport,
        playbook::palisade::plugin::alerts::{Alert, AlertStatus, Artifact, Severity},
    },
    log::Level,
    playbook::Playbook,
};

/// A playbook, the alert it handles, and how the actions that it may start end.
#[must_use = "a test does nothing until it is run"]
pub struct PlaybookTest {
    playbook: Playbook,
    world: World,
}

/// What a playbook did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Played {
    /// What it returned.
    pub result: Result<String, String>,
    /// What it wrote to the log.
    pub log: Vec<(Level, String)>,
    /// Its changes to the alert, in order.
    pub changes: Vec<Change>,
    /// The actions it started, in order: connector, action, parameters.
    pub started: Vec<(String, String, Value)>,
}

/// A change to the alert.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "they are the playbook's own words")]
pub enum Change {
    Severity(Severity),
    Status(AlertStatus),
    Owner(Option<String>),
    Note { title: String, text: String },
    Artifact { name: String, label: String, cef: Value },
}

impl PlaybookTest {
    /// An alert of medium severity without artifacts, and no action scripted.
    pub fn new(playbook: Playbook) -> Self {
        let alert = Alert {
            id: 1,
            name: "Test alert".to_owned(),
            label: "test".to_owned(),
            source: "test".to_owned(),
            source_id: "1".to_owned(),
            severity: Severity::Medium,
            status: AlertStatus::New,
            owner: None,
            description: String::new(),
            received: 0,
            link: None,
        };
        let world = World { alert: Some(alert), needs: playbook.describe().needs, ..World::default() };
        Self { playbook, world }
    }

    /// Changes the alert as it stands when the run begins.
    pub fn alert(mut self, change: impl FnOnce(&mut Alert)) -> Self {
        change(self.world.alert.as_mut().expect("a playbook's world has an alert"));
        self
    }

    /// Adds an artifact with these CEF fields.
    pub fn artifact(mut self, cef: Value) -> Self {
        let id = self.world.artifacts.len() as u64 + 1;
        let (name, label) = ("event".to_owned(), "event".to_owned());
        self.world.artifacts.push(Artifact { id, name, label, cef: cef.to_string() });
        self
    }

    /// The next start of this action ends with this message and data.
    pub fn succeeds(self, connector: &str, action: &str, message: &str, data: Value) -> Self {
        self.reports(connector, action, Status::Success, message, serde_json::json!({}), data)
    }

    /// The next start of this action ends with this report.
    pub fn reports(
        self,
        connector: &str,
        action: &str,
        status: Status,
        message: &str,
        summary: Value,
        data: Value,
    ) -> Self {
        let report = WireReport {
            status,
            message: message.to_owned(),
            summary: summary.to_string(),
            data: data.to_string(),
        };
        self.ends(connector, action, Ok(report))
    }

    /// The next start of this action ends with this failure.
    pub fn fails(self, connector: &str, action: &str, failure: Failure) -> Self {
        self.ends(connector, action, Err(failure))
    }

    fn ends(mut self, connector: &str, action: &str, end: Result<WireReport, Failure>) -> Self {
        self.world.scripted.push_back(((connector.to_owned(), action.to_owned()), end));
        self
    }

    /// Runs the playbook.
    ///
    /// # Panics
    ///
    /// When it starts an action that it does not need by its description or that is not scripted, or leaves one of the
    /// script out.
    pub fn run(self) -> Played {
        let (result, world) = host::within(self.world, || self.playbook.handle());
        assert!(world.scripted.is_empty(), "actions that were never started: {:#?}", world.scripted);
        Played { result, log: world.log, changes: world.changes, started: world.started }
    }
}
