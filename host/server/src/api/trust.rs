//! Keys that are trusted to sign plugins.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{Timestamp, name::Name, signer::KeyId};
use palisade_package::{Key, Pattern, PublicKey};
use palisade_runs::Removal;
use serde::{Deserialize, Serialize};

use crate::{
    caller::Caller,
    extract::{Named, read_json},
    limits::TRUST_BODY_BYTES,
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Trust {
    keys: Vec<Trusted>,
}

/// A key, with its number.
#[derive(Serialize)]
pub(super) struct Trusted {
    name: Name,
    id: KeyId,
    public_key: PublicKey,
    namespaces: Vec<Pattern>,
    added: Timestamp,
}

/// Which key to trust, and for what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    name: Name,
    public_key: PublicKey,
    namespaces: Vec<Pattern>,
}

/// `GET /trust`: in the order in which they were added.
pub(super) async fn list(State(edge): server::State) -> Result<Json<Trust>, Problem> {
    let keys = edge.runs.trust()?.keys().iter().cloned().map(Trusted::from).collect();
    Ok(Json(Trust { keys }))
}

/// `POST /trust`.
pub(super) async fn add(
    State(edge): server::State,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Trusted>), Problem> {
    let Add { name, public_key, namespaces } = read_json(body, TRUST_BODY_BYTES).await?;
    let key = edge.runs.trust_key(name, public_key, namespaces, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(key.into())))
}

/// `DELETE /trust/{name}`.
pub(super) async fn remove(
    State(edge): server::State,
    caller: Caller,
    Named(name): Named,
) -> Result<StatusCode, Problem> {
    match edge.runs.distrust_key(&name, caller.name()).await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::Absent => Err(Problem::not_found(format!("there is no key `{name}`"))),
    }
}

impl From<Key> for Trusted {
    fn from(key: Key) -> Self {
        let id = key.id().clone();
        let Key { name, public_key, namespaces, added } = key;
        Self { name, id, public_key, namespaces, added }
    }
}
