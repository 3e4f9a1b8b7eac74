use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Step, StepId};
use crate::{Failure, Report, bindings::playbook::palisade::plugin::actions as wire, host};

/// An action to start.
///
/// ```
/// use std::time::Duration;
///
/// use palisade_sdk::playbook::Action;
///
/// let block = Action::new("firewall", "block ip")
///     .on("branch-office")
///     .parameter("ip", "203.0.113.9")
///     .parameter("reason", "It scans us.")
///     .undo_after(Duration::from_secs(24 * 60 * 60));
/// ```
#[derive(Clone, Debug)]
pub struct Action {
    connector: &'static str,
    action: &'static str,
    asset: Option<String>,
    parameters: Map<String, Value>,
    undo_after: Option<Duration>,
}

impl Action {
    /// An action of a connector, on the connector's default asset.
    pub fn new(connector: &'static str, action: &'static str) -> Self {
        Self { connector, action, asset: None, parameters: Map::new(), undo_after: None }
    }

    /// The asset to act on, in place of the connector's default one.
    #[must_use]
    pub fn on(mut self, asset: impl Into<String>) -> Self {
        self.asset = Some(asset.into());
        self
    }

    /// Adds a parameter.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.parameters.insert(name.to_owned(), value.into());
        self
    }

    /// Adds parameters: the fields of a value that is an object in JSON. [`Need::sends`](super::Need::sends) declares its type.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn parameters(mut self, parameters: &impl Serialize) -> Self {
        match serde_json::to_value(parameters) {
            Ok(Value::Object(parameters)) => self.parameters.extend(parameters),
            other => panic!("parameters are an object in JSON, and not {other:?}"),
        }
        self
    }

    /// Has the host take the action back after this time, counted from its success: a block that is not for good. Only
    /// for an action that declares its undo.
    #[must_use]
    pub fn undo_after(mut self, time: Duration) -> Self {
        self.undo_after = Some(time);
        self
    }

    pub(super) fn start(self) -> Started {
        let id = host::actions::start(&wire::Request {
            connector: self.connector.to_owned(),
            action: self.action.to_owned(),
            asset: self.asset,
            parameters: Value::Object(self.parameters).to_string(),
            undo_after_ms: self.undo_after.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        });
        Started { id }
    }
}

/// An action that runs, or has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Started {
    id: StepId,
}

impl Step for Started {
    fn id(&self) -> StepId {
        self.id
    }
}

impl Started {
    /// Waits until the action has ended. Waiting again returns the same.
    ///
    /// # Errors
    ///
    /// Why the action could not run to its end, wrong parameters included.
    pub fn wait(&self) -> Result<Report, Failure> {
        host::steps::wait(self.id).map(Report::from)
    }
}
