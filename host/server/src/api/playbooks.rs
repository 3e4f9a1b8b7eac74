//! Playbooks.

use std::collections::BTreeMap;

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    alert::AlertId,
    playbook::PlaybookSettings,
    plugin::{Manifest, Plugin, flow::Standing},
    run::{Mode, RunId},
};
use palisade_runs::How;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    caller::Caller,
    extract::{Named, read_json},
    limits::{SETTINGS_BODY_BYTES, WORD_BODY_BYTES},
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Playbooks {
    playbooks: Vec<Plugin>,
}

/// What to run it on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    alert: AlertId,
    /// What the run may do.
    #[serde(default)]
    mode: Mode,
    /// In a plan, the answer to every question that it answers.
    assumed: Option<Value>,
}

/// A playbook, and what the operator says of it.
#[derive(Serialize)]
pub(super) struct Configured {
    plugin: Plugin,
    settings: PlaybookSettings,
    /// What its runs begin with: what was configured, and the defaults of the rest.
    configuration: Map<String, Value>,
    /// How each of its needs stands with what is installed.
    needs: Vec<Standing>,
}

/// What to configure: a field without a value gets its default again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    configuration: BTreeMap<String, Option<Value>>,
    safe_mode: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct Started {
    run: RunId,
}

/// `GET /playbooks`: by name.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Playbooks>, Problem> {
    let plugins = edge.runs.store().plugins()?.into_iter();
    Ok(Json(Playbooks {
        playbooks: plugins.filter(|plugin| matches!(plugin.manifest, Manifest::Playbook(_))).collect(),
    }))
}

/// `GET /playbooks/{name}`.
pub(super) async fn show(
    State(edge): server::State,
    Named(name): Named,
) -> Result<Json<Configured>, Problem> {
    let missing = || Problem::not_found(format!("there is no playbook `{name}`"));
    let plugin = edge.runs.store().plugin(&name)?.ok_or_else(missing)?;
    let catalogue = edge.runs.catalogue();
    let playbook = catalogue.playbook(name.as_str()).ok_or_else(missing)?;
    let configuration = catalogue.configuration(playbook);
    let needs = catalogue.standing(&playbook.manifest);
    Ok(Json(Configured { plugin, settings: catalogue.settings(&name), configuration, needs }))
}

/// `PUT /playbooks/{name}/settings`: what is not named stays as it is.
pub(super) async fn configure(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    body: Body,
) -> Result<Json<PlaybookSettings>, Problem> {
    let Settings { configuration, safe_mode } = read_json(body, SETTINGS_BODY_BYTES).await?;
    Ok(Json(edge.runs.configure_playbook(&name, configuration, safe_mode, caller.name()).await?))
}

/// `POST /playbooks/{name}/runs`: starts it on an alert, whatever the alert's label.
pub(super) async fn run(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    body: Body,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let Start { alert, mode, assumed } = read_json(body, WORD_BODY_BYTES).await?;
    let run = edge.runs.run_playbook(name.as_str(), alert, How { mode, assumed }, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(Started { run })))
}
