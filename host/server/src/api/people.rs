//! What people say about runs: cancel, pause, resume, retry, an answer, a decision. Each answers with the run.

use axum::{Json, body::Body, extract::State, http::StatusCode};
use palisade_model::{
    journal::{By, Decision},
    run::{Position, Run, RunId},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    extract::{Number, Step, read_json, read_json_if_any},
    limits::{BY_BYTES, NOTE_BYTES, WORD_BODY_BYTES},
    problem::Problem,
    server,
};

/// Who says it unless the request does: whoever holds the admin token.
const ADMIN: &str = "admin";

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
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.cancel(run, said(by, note)?).await?))
}

/// `POST /runs/{id}/pause`: stops the run for now.
pub(super) async fn pause(
    State(edge): server::State,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.pause(run, said(by, note)?).await?))
}

/// `POST /runs/{id}/resume`: lets the run go on.
pub(super) async fn resume(
    State(edge): server::State,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.resume(run, said(by, note)?).await?))
}

/// `POST /runs/{id}/retry`: lets the run go on from an action that failed.
pub(super) async fn retry(
    State(edge): server::State,
    Number(run): Number,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Retry { step, by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.retry(run, step, said(by, note)?).await?))
}

/// `POST /runs/{id}/steps/{position}/answer`: answers a prompt.
pub(super) async fn answer(
    State(edge): server::State,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Answer { answer, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.answer(run, step, answer, said(by, note)?).await?))
}

/// `POST /runs/{id}/steps/{position}/decision`: says what became of an action in doubt.
pub(super) async fn decide(
    State(edge): server::State,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Verdict { decision, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.decide(run, step, decision, said(by, note)?).await?))
}

/// `POST /runs/{id}/steps/{position}/approval`: says whether an action may happen.
pub(super) async fn approve(
    State(edge): server::State,
    Step(run, step): Step,
    body: Body,
) -> Result<Json<Run>, Problem> {
    let Consent { approved, by, note } = read_json(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.approve(run, step, approved, said(by, note)?, |_| true).await?))
}

/// `POST /runs/{id}/undo`: takes back what it did, in a run of its own.
pub(super) async fn undo(
    State(edge): server::State,
    Number(run): Number,
    body: Body,
) -> Result<(StatusCode, Json<Undoing>), Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    let run = edge.runs.undo(run, said(by, note)?).await?;
    Ok((StatusCode::CREATED, Json(Undoing { run })))
}

/// Who and why, checked: it goes into the journal, and people read it.
pub(super) fn said(by: Option<String>, note: Option<String>) -> Result<By, Problem> {
    let by = by.unwrap_or_else(|| ADMIN.to_owned());
    let note = note.unwrap_or_default();
    if by.trim().is_empty() {
        return Err(Problem::invalid("/by", "there is no name in it: name who says this, or leave it out"));
    }
    for (pointer, text, most) in [("/by", &by, BY_BYTES), ("/note", &note, NOTE_BYTES)] {
        if text.len() > most {
            return Err(Problem::invalid(pointer, format!("it is longer than {most} bytes")));
        }
    }
    Ok(By { by, note })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_it_is_known_and_bounded() {
        let by = said(None, None).unwrap();
        assert_eq!((by.by.as_str(), by.note.as_str()), (ADMIN, ""));
        assert!(said(Some("anna".into()), Some("x".repeat(NOTE_BYTES))).is_ok());
        for (by, note) in [
            (" ".to_owned(), String::new()),
            ("x".repeat(BY_BYTES + 1), String::new()),
            ("anna".into(), "x".repeat(NOTE_BYTES + 1)),
        ] {
            assert!(said(Some(by), Some(note)).is_err());
        }
    }
}
