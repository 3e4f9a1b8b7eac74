//! Alerts from sources. Each answers only when the alert survives loss of power.

mod batch;
mod bounds;
mod cim;
mod json;
mod label;
mod splunk;
mod suricata;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    middleware,
    routing::post,
};
use palisade_model::{
    alert::NewAlert,
    limits::{ALERT_BODY_BYTES, EVENTS_BODY_BYTES},
    name::Name,
};
use palisade_runs::Ingested;
use serde::Serialize;

use crate::{
    extract::{self, Parameters},
    finish::to_the_end,
    limits::{BATCHES, INGESTS},
    problem::Problem,
    server::{self, Edge},
};

/// The paths that sources post to.
pub(crate) fn routes() -> Router<Arc<Edge>> {
    Router::new()
        .route("/ingest/splunk/{token}", post(splunk))
        .route("/ingest/suricata", post(suricata))
        .route("/ingest/{source}", post(json))
        .layer(middleware::from_fn(to_the_end))
}

/// What a source is told.
#[derive(Serialize)]
struct Receipt {
    /// Number of the alert.
    alert: u64,
    /// Whether it was received before.
    duplicate: bool,
}

type Answer = Result<(StatusCode, Json<Receipt>), Problem>;

/// `POST /ingest/splunk/{token}`: Splunk's webhook alert action. It can set no headers, so the token is in the path.
async fn splunk(
    State(edge): server::State,
    Path(token): Path<String>,
    Parameters(options): Parameters<label::Options>,
    body: Body,
) -> Answer {
    if !edge.may_ingest(Some(&token)) {
        return Err(Problem::unauthorized(
            "the last part of the path must be the ingest token: see `ingest.token` in the data directory",
        ));
    }
    take_in(&edge, body, |value| splunk::alert(value, options)).await
}

/// `POST /ingest/suricata`: Suricata's EVE as log shippers send it, a line for each event.
async fn suricata(
    State(edge): server::State,
    Parameters(options): Parameters<label::Options>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<batch::Receipt>, Problem> {
    authorize(&edge, &headers)?;
    let Ok(_permit) = edge.batches.try_acquire() else {
        return Err(Problem::overloaded(format!(
            "{BATCHES} bodies of events are being taken in; send this one again later"
        )));
    };
    let body = extract::read(body, EVENTS_BODY_BYTES).await?;
    batch::take_in(&edge.runs, &body, |line| suricata::alert(line, &options)).await.map(Json)
}

/// `POST /ingest/{source}`: plain JSON from any source that can set headers.
async fn json(
    State(edge): server::State,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    authorize(&edge, &headers)?;
    let source: Name = source.try_into().map_err(|error: palisade_model::name::NotAName| {
        Problem::malformed(format!("the source: {error}"))
    })?;
    take_in(&edge, body, |value| json::alert(value, source)).await
}

fn authorize(edge: &Edge, headers: &HeaderMap) -> Result<(), Problem> {
    if edge.may_ingest(extract::bearer(headers)) {
        return Ok(());
    }
    Err(Problem::unauthorized("send `Authorization: Bearer TOKEN` with the ingest token"))
}

/// Reads, maps, checks and keeps one alert.
async fn take_in(
    edge: &Edge,
    body: Body,
    map: impl FnOnce(serde_json::Value) -> Result<NewAlert, Problem>,
) -> Answer {
    let Ok(_permit) = edge.ingests.try_acquire() else {
        return Err(Problem::overloaded(format!(
            "{INGESTS} alerts are being taken in; send this one again later"
        )));
    };
    let body = extract::read_json(body, ALERT_BODY_BYTES).await?;
    bounds::check_json(&body)?;
    let alert = map(body)?;
    bounds::check_alert(&alert)?;
    Ok(match edge.runs.ingest(alert).await? {
        Ingested::New(alert) => (StatusCode::CREATED, Json(Receipt { alert, duplicate: false })),
        Ingested::Duplicate(alert) => (StatusCode::OK, Json(Receipt { alert, duplicate: true })),
    })
}
