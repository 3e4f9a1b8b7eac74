//! Alerts.

use axum::{Json, body::Body, extract::State};
use palisade_model::{alert::Alert, limits::PAGE_ITEMS, run::Run};
use palisade_store::{Page, RunFilter};
use serde::{Deserialize, Serialize};

use super::{Paging, people::Word};
use crate::{
    caller::Caller,
    extract::{Number, Parameters, read_json_if_any},
    limits::WORD_BODY_BYTES,
    problem::Problem,
    server,
};

#[derive(Serialize)]
pub(super) struct Alerts {
    alerts: Vec<Alert>,
}

/// An alert and the runs it started.
#[derive(Serialize)]
pub(super) struct AlertAndRuns {
    alert: Alert,
    runs: Vec<Run>,
}

/// `GET /alerts`: newest first.
pub(super) async fn list(
    State(edge): server::State,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Alerts>, Problem> {
    Ok(Json(Alerts { alerts: edge.runs.store().alerts(paging.page())? }))
}

/// `GET /alerts/{id}`.
pub(super) async fn show(
    State(edge): server::State,
    Number(id): Number,
) -> Result<Json<AlertAndRuns>, Problem> {
    let store = edge.runs.store();
    let alert = store.alert(id)?.ok_or_else(|| Problem::not_found(format!("there is no alert {id}")))?;
    let filter = RunFilter { alert: Some(id), ..RunFilter::default() };
    let runs = store.runs(filter, Page { before: None, limit: PAGE_ITEMS })?;
    Ok(Json(AlertAndRuns { alert, runs }))
}

/// `POST /alerts/{id}/take`: whoever says it works on the alert from now on.
pub(super) async fn take(
    State(edge): server::State,
    caller: Caller,
    Number(id): Number,
    body: Body,
) -> Result<Json<Alert>, Problem> {
    let Word { by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.take_alert(id, caller.says(by, note)?).await?))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// There was nothing to it.
    #[serde(default)]
    false_alarm: bool,
    by: Option<String>,
    note: Option<String>,
}

/// `POST /alerts/{id}/close`.
pub(super) async fn close(
    State(edge): server::State,
    caller: Caller,
    Number(id): Number,
    body: Body,
) -> Result<Json<Alert>, Problem> {
    let Closing { false_alarm, by, note } = read_json_if_any(body, WORD_BODY_BYTES).await?;
    Ok(Json(edge.runs.close_alert(id, false_alarm, caller.says(by, note)?).await?))
}
