//! Safe mode of the whole host.

use axum::{Json, body::Body, extract::State};
use serde::{Deserialize, Serialize};

use crate::{caller::Caller, extract::read_json, limits::WORD_BODY_BYTES, problem::Problem, server};

/// Whether nothing that changes something outside is sent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SafeMode {
    on: bool,
}

/// `GET /safe-mode`.
pub(super) async fn show(State(edge): server::State) -> Json<SafeMode> {
    Json(SafeMode { on: edge.runs.safe_mode() })
}

/// `PUT /safe-mode`: holds from when this answers.
pub(super) async fn put(
    State(edge): server::State,
    caller: Caller,
    body: Body,
) -> Result<Json<SafeMode>, Problem> {
    let SafeMode { on } = read_json(body, WORD_BODY_BYTES).await?;
    edge.runs.set_safe_mode(on, caller.name()).await?;
    Ok(Json(SafeMode { on }))
}
