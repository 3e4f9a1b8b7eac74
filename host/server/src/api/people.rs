//! What people say about runs: cancel, pause, resume, retry, an answer, a decision. Each answers with the run.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    journal::Decision,
    run::{Position, Run, RunId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    caller::Caller,
    extract::{Number, Step, read_json, read_json_if_any},
    limits::WORD_BODY_BYTES,
    problem::Problem,
    server,
};

/// Who and why.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Word {
    pub(super) by: Option<String>,
    pub(super) note: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    /// The action to go on from; none for the last that failed.
    step: Option<Position>,
    by: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    answer: Value,
    by: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    approved: bool,
    by: Option<String>,
    note: Option<String>,
}

/// The run that takes something back.
#[derive(Serialize)]
pub(super) struct Undoing {
    run: RunId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    decision: Decision,
    by: Option<String>,
    note: Option<String>,
}

/// `POST /runs/{id}/cancel`: asks that the run end.
pub(super) async fn cancel(
    State(edge): server::State,
    caller: Caller,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.cancel(run, caller.says(by, note)?).await?))
}

/// `POST /runs/{id}/pause`: stops the run for now.
pub(super) async fn pause(
    State(edge): server::State,
    caller: Caller,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.pause(run, caller.says(by, note)?).await?))
}

/// `POST /runs/{id}/resume`: lets the run go on.
pub(super) async fn resume(
    State(edge): server::State,
    caller: Caller,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.resume(run, caller.says(by, note)?).await?))
}

/// `POST /runs/{id}/retry`: lets the run go on from an action that failed.
pub(super) async fn retry(
    State(edge): server::State,
    caller: Caller,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Retry { step, by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.retry(run, step, caller.says(by, note)?).await?))
}

/// `POST /runs/{id}/steps/{position}/answer`: answers a prompt.
pub(super) async fn answer(
    State(edge): server::State,
    caller: Caller,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Answer { answer, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    let by = caller.says(by, note)?;
    Ok(Json(edge.runs.answer(run, step, answer, by, |to| caller.is_asked(to)).await?))
}

/// `POST /runs/{id}/steps/{position}/decision`: says what became of an action in doubt.
pub(super) async fn decide(
    State(edge): server::State,
    caller: Caller,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Verdict { decision, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.decide(run, step, decision, caller.says(by, note)?).await?))
}

/// `POST /runs/{id}/steps/{position}/approval`: says whether an action may happen.
pub(super) async fn approve(
    State(edge): server::State,
    caller: Caller,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Consent { approved, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.approve(run, step, approved, caller.says(by, note)?, |to| caller.is_asked(to)).await?))
}

/// `POST /runs/{id}/undo`: takes back what it did, in a run of its own.
pub(super) async fn undo(
    State(edge): server::State,
    caller: Caller,
    Number(run): Number,
    body: Body,
) -> Result<(StatusCode, Json<Undoing>), Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    let run = edge.runs.undo(run, caller.says(by, note)?).await?;
    Ok((StatusCode::CREATED, Json(Undoing { run })))
}
