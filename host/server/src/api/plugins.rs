//! Plugins: look first, then grant.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    limits::COMPONENT_BYTES,
    plugin::{Digest, Manifest, Plugin},
};
use palisade_runs::Removal;
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    extract::{Named, Parameters, read},
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Plugins {
    plugins: Vec<Plugin>,
}

/// What a component says of itself; nothing was installed.
#[derive(Serialize)]
pub(super) struct Inspected {
    digest: Digest,
    size: usize,
    manifest: Manifest,
    /// The plugin of that name that is installed now.
    installed: Option<Plugin>,
}

/// The operator's word: the component that was looked at, with everything it asks for.
#[derive(Deserialize)]
pub(super) struct Grant {
    grant: Digest,
}

/// `GET /plugins`: by name.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Plugins>, Problem> {
    Ok(Json(Plugins { plugins: edge.runs.store().plugins()? }))
}

/// `GET /plugins/{name}`.
pub(super) async fn show(State(edge): server::State, Named(name): Named) -> Result<Json<Plugin>, Problem> {
    let plugin = edge.runs.store().plugin(&name)?;
    plugin.map(Json).ok_or_else(|| Problem::not_found(format!("there is no plugin `{name}`")))
}

/// `POST /plugins/inspect`: compiles a component and asks it what it is.
pub(super) async fn inspect(State(edge): server::State, body: Body) -> Result<Json<Inspected>, Problem> {
    let component = read(body, COMPONENT_BYTES).await?;
    let (digest, manifest) = edge.runs.inspect(&component).await?;
    let installed = edge.runs.store().plugin(&manifest.identity().name)?;
    Ok(Json(Inspected { digest, size: component.len(), manifest, installed }))
}

/// `POST /plugins?grant=DIGEST`: installs the component that was looked at.
pub(super) async fn install(
    State(edge): server::State,
    caller: Caller,
    Parameters(Grant { grant }): Parameters<Grant>,
    body: Body,
) -> Result<(StatusCode, Json<Plugin>), Problem> {
    let component = read(body, COMPONENT_BYTES).await?;
    let plugin = edge.runs.install(component, &grant, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(plugin)))
}

/// `DELETE /plugins/{name}`.
pub(super) async fn remove(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    match edge.runs.remove_plugin(&name, caller.name()).await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::Absent => Err(Problem::not_found(format!("there is no plugin `{name}`"))),
    }
}
