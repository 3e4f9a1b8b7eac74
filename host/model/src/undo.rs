//! What the host takes back: actions of a run, by the actions that their connector declares as their undo.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    journal::By,
    name::Name,
    run::{Position, RunId},
};

/// What a run begins with that takes back what another did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undo {
    /// The run whose actions are taken back.
    pub of: RunId,
    /// Who wants it; none if the time of an action has come that was not for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// What is to be done, in this order: the newest first.
    pub steps: Vec<UndoStep>,
}

/// One action that is taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoStep {
    /// The step of the other run.
    pub position: Position,
    /// The connector.
    pub connector: String,
    /// The action that was done.
    pub action: String,
    /// The action that takes it back.
    pub undo: String,
    /// The asset.
    pub asset: Name,
    /// The parameters, the same for both.
    pub parameters: Value,
}

/// An action whose time has come, or will.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiry {
    /// When it is to be taken back.
    pub at: Timestamp,
    /// Its run.
    pub run: RunId,
    /// Its step.
    pub position: Position,
}

/// An action that was taken back, or is being.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undone {
    /// Its step.
    pub position: Position,
    /// The run that takes it back.
    pub by_run: RunId,
}
