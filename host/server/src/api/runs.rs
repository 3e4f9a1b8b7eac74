//! Runs and their journals.

use std::time::Duration;

use axum::{Json, extract::State};
use palisade_model::{
    alert::{AlertId, Severity},
    limits::PAGE_ITEMS,
    run::{Entry, Run, RunId, RunStatus, Seq},
};
use palisade_store::{RunFilter, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::Paging;
use crate::{
    extract::{Number, Parameters},
    limits::WATCH_TIME,
    problem::Problem,
    server,
};

#[derive(Deserialize)]
pub(super) struct Which {
    alert: Option<AlertId>,
    status: Option<RunStatus>,
    before: Option<u64>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Runs {
    runs: Vec<Run>,
}

/// A run with everything that happened.
#[derive(Serialize)]
pub(super) struct RunInFull {
    run: Run,
    alert: Option<AlertInShort>,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct AlertInShort {
    id: AlertId,
    name: String,
    label: String,
    severity: Severity,
}

#[derive(Deserialize)]
pub(super) struct From {
    from: Option<Seq>,
    wait_ms: Option<u64>,
}

/// News of a run.
#[derive(Serialize)]
pub(super) struct News {
    run: Run,
    entries: Vec<Entry>,
}

/// `GET /runs`: newest first.
pub(super) async fn list(
    State(edge): server::State,
    Parameters(which): Parameters<Which>,
) -> Result<Json<Runs>, Problem> {
    let page = Paging { before: which.before, limit: which.limit }.page();
    let filter = RunFilter { alert: which.alert, status: which.status };
    Ok(Json(Runs { runs: edge.runs.store().runs(filter, page)? }))
}

/// `GET /runs/{id}`.
pub(super) async fn show(State(edge): server::State, Number(id): Number) -> Result<Json<RunInFull>, Problem> {
    let store = edge.runs.store();
    let run = find(store, id)?;
    let alert = store.alert(run.alert)?.map(|alert| AlertInShort {
        id: alert.id,
        name: alert.content.name,
        label: alert.content.label,
        severity: alert.content.severity,
    });
    let mut entries = Vec::new();
    loop {
        let from = entries.last().map_or(1, |entry: &Entry| entry.seq + 1);
        let page = store.journal(id, from, PAGE_ITEMS)?;
        if page.is_empty() {
            return Ok(Json(RunInFull { run, alert, entries }));
        }
        entries.extend(page);
    }
}

/// `GET /runs/{id}/journal`: answers when there is something from `from` on, when the run has ended, or after
/// `wait_ms`.
pub(super) async fn journal(
    State(edge): server::State,
    Number(id): Number,
    Parameters(From { from, wait_ms }): Parameters<From>,
) -> Result<Json<News>, Problem> {
    let wait = Duration::from_millis(wait_ms.unwrap_or(0)).min(WATCH_TIME);
    let deadline = tokio::time::Instant::now() + wait;
    let mut changes = edge.runs.watch();
    loop {
        // Marked as seen before reading: a change during the read ends the wait at once.
        changes.borrow_and_update();
        let run = find(edge.runs.store(), id)?;
        let entries = edge.runs.store().journal(id, from.unwrap_or(1).max(1), PAGE_ITEMS)?;
        let nothing_new = entries.is_empty() && !run.status.is_final();
        if !nothing_new || !matches!(tokio::time::timeout_at(deadline, changes.changed()).await, Ok(Ok(()))) {
            return Ok(Json(News { run, entries }));
        }
    }
}

fn find(store: &dyn Store, id: RunId) -> Result<Run, Problem> {
    let run: Result<Option<Run>, StoreError> = store.run(id);
    run?.ok_or_else(|| Problem::not_found(format!("there is no run {id}")))
}
