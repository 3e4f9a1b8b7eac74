//! Playbooks.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    alert::AlertId,
    limits::ALERT_TEXT_BYTES,
    plugin::{Manifest, Plugin},
    run::RunId,
};
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    extract::{Named, read_json},
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

/// `POST /playbooks/{name}/runs`: starts it on an alert, whatever the alert's label.
pub(super) async fn run(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
    body: Body,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let start: Start = read_json(body, ALERT_TEXT_BYTES).await?;
    let run = edge.runs.run_playbook(name.as_str(), start.alert, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(Started { run })))
}
