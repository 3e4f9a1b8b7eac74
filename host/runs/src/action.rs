//! From a playbook's request to an action that can be executed.

use std::{sync::Arc, time::Duration};

use palisade_engine::StartAction;
use palisade_model::{
    action::Failure,
    journal::{ActionStarted, Terms},
    limits::UNDO_AFTER_MAX,
    plugin::{ActionSpec, PlaybookManifest},
    run::Position,
};
use serde_json::Value;

use crate::catalogue::{Catalogue, LoadedAsset};

/// An action that can be executed: everything about it was found.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) asset: Arc<LoadedAsset>,
    /// Place of the action among those of the connector. Not a copy: its schemas are large, and every action would pay.
    action: usize,
    pub(crate) parameters: Value,
}

impl Prepared {
    /// What the connector says of the action.
    pub(crate) fn spec(&self) -> &ActionSpec {
        &self.asset.connector.manifest.actions[self.action]
    }

    /// What the host goes by when it executes it.
    pub(crate) fn terms(&self) -> Terms {
        let spec = self.spec();
        Terms { effect: spec.effect, retry: spec.retry, limits: self.asset.asset.retries }
    }

    /// Whether an earlier request was for the same.
    pub(crate) fn is(&self, earlier: &ActionStarted) -> bool {
        let asset = &self.asset.asset;
        earlier.connector == asset.connector.as_str()
            && earlier.action == self.spec().name
            && earlier.asset.as_ref() == Some(&asset.name)
            && earlier.parameters == self.parameters
    }
}

/// Finds what a playbook asked for. What is wrong with the request is the action's result, not the run's end: the
/// playbook decides what that means.
pub(crate) fn prepare(
    request: &StartAction,
    playbook: &PlaybookManifest,
    catalogue: &Catalogue,
) -> Result<Prepared, Failure> {
    let declared = |need: &palisade_model::plugin::Need| {
        need.connector == request.connector && need.action == request.action
    };
    if !playbook.needs.iter().any(declared) {
        return Err(Failure::Denied {
            message: format!(
                "playbook {} does not declare that it needs `{}` of {}",
                playbook.identity.name, request.action, request.connector
            ),
        });
    }
    let parameters = serde_json::from_str(&request.parameters)
        .map_err(|error| invalid(format!("the parameters are not JSON: {error}")))?;
    let prepared =
        find(&request.connector, &request.action, request.asset.as_deref(), parameters, catalogue)?;
    check_undo(request, prepared.spec())?;
    Ok(prepared)
}

/// Whether the host can take the action back after the time that the playbook wants.
fn check_undo(request: &StartAction, spec: &ActionSpec) -> Result<(), Failure> {
    let Some(after) = request.undo_after_ms.map(Duration::from_millis) else { return Ok(()) };
    if spec.undo.is_none() {
        return Err(invalid(format!("`{}` declares no action that takes it back after a time", spec.name)));
    }
    if after > UNDO_AFTER_MAX {
        let days = UNDO_AFTER_MAX.as_secs() / (24 * 60 * 60);
        return Err(invalid(format!("an action can be taken back after {days} days at most")));
    }
    Ok(())
}

/// Finds an action again that the journal says was started.
pub(crate) fn prepare_again(started: &ActionStarted, catalogue: &Catalogue) -> Result<Prepared, Failure> {
    let asset = started.asset.as_ref().map(|asset| asset.as_str());
    find(&started.connector, &started.action, asset, started.parameters.clone(), catalogue)
}

fn find(
    connector: &str,
    action: &str,
    asset: Option<&str>,
    parameters: Value,
    catalogue: &Catalogue,
) -> Result<Prepared, Failure> {
    let asset = match asset {
        Some(name) => catalogue
            .asset(name)
            .filter(|asset| asset.asset.connector.as_str() == connector)
            .ok_or_else(|| invalid(format!("connector `{connector}` has no asset `{name}`")))?,
        None => catalogue.default_asset(connector).map_err(|message| Failure::Unavailable { message })?,
    };
    let mut actions = asset.connector.manifest.actions.iter();
    let action = actions
        .position(|spec| spec.name == action)
        .ok_or_else(|| invalid(format!("connector `{connector}` has no action `{action}`")))?;
    Ok(Prepared { asset: Arc::clone(asset), action, parameters })
}

fn invalid(message: String) -> Failure {
    Failure::InvalidParameters { message }
}

/// The entry that says what was asked for.
pub(crate) fn started(
    position: Position,
    request: &StartAction,
    prepared: Option<&Prepared>,
) -> ActionStarted {
    ActionStarted {
        position,
        connector: request.connector.clone(),
        action: request.action.clone(),
        wanted: request.asset.clone(),
        asset: prepared.map(|prepared| prepared.asset.asset.name.clone()),
        terms: prepared.map(Prepared::terms),
        undo: prepared.and_then(|prepared| prepared.spec().undo.clone()),
        undo_after_ms: request.undo_after_ms,
        parameters: match prepared {
            Some(prepared) => prepared.parameters.clone(),
            None => Value::String(request.parameters.clone()),
        },
    }
}

/// Whether an entry says that this was asked for.
pub(crate) fn same_request(started: &ActionStarted, request: &StartAction) -> bool {
    started.connector == request.connector
        && started.action == request.action
        && started.wanted == request.asset
        && started.undo_after_ms == request.undo_after_ms
        && match &started.asset {
            Some(_) => serde_json::from_str::<Value>(&request.parameters)
                .is_ok_and(|parameters| parameters == started.parameters),
            None => started.parameters.as_str() == Some(&request.parameters),
        }
}
