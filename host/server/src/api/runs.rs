//! Runs and their journals, to be looked at.

use std::time::Duration;

use axum::{Json, extract::State};
use palisade_model::{
    alert::{Alert, AlertId, NewAlert, Severity},
    journal::{Entry, Event},
    limits::PAGE_ITEMS,
    prompt::Task,
    run::{Position, Run, RunId, RunStatus, Seq},
    undo::Undone,
};
use palisade_runs::Replayed;
use palisade_store::{Page, RunFilter, Store, StoreError};
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
    parent: Option<RunId>,
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
    /// The runs it started, newest first.
    children: Vec<Run>,
    /// What in it waits for a person.
    tasks: Vec<Task>,
    /// Its steps that were taken back, or are being.
    undone: Vec<Undone>,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct AlertInShort {
    id: AlertId,
    name: String,
    label: String,
    severity: Severity,
}

/// What a replay came to. How the run stood tells how much that is: only one that succeeded or failed has an end of its
/// own to compare.
#[derive(Serialize)]
pub(super) struct RunReplayed {
    status: RunStatus,
    #[serde(flatten)]
    replayed: Replayed,
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
    let filter = RunFilter { alert: which.alert, parent: which.parent, status: which.status };
    Ok(Json(Runs { runs: edge.runs.store().runs(filter, page)? }))
}

/// `GET /runs/{id}`.
pub(super) async fn show(State(edge): server::State, Number(id): Number) -> Result<Json<RunInFull>, Problem> {
    let store = edge.runs.store();
    let run = find(store, id)?;
    let filter = RunFilter { parent: Some(id), ..RunFilter::default() };
    let children = store.runs(filter, Page { before: None, limit: PAGE_ITEMS })?;
    let tasks = tasks(store, id)?;
    let undone = store.undone(id)?;
    let entries = whole_journal(store, id)?;
    let alert = match entries.first().map(|entry| &entry.event) {
        // The number of its alert is that of another installation.
        Some(Event::Began(began)) if run.imported => Some(in_short(began.alert.clone())),
        _ => store.alert(run.alert)?.map(in_short),
    };
    Ok(Json(RunInFull { run, alert, children, tasks, undone, entries }))
}

/// `POST /runs/{id}/replay`: leads a fresh instance through the journal and says whether it asks for the same.
pub(super) async fn replay(
    State(edge): server::State,
    Number(id): Number,
) -> Result<Json<RunReplayed>, Problem> {
    let status = find(edge.runs.store(), id)?.status;
    Ok(Json(RunReplayed { status, replayed: edge.runs.replay(id).await? }))
}

/// `GET /runs/{id}/journal`: answers when there is something from `from` on, when the run has ended, or after
/// `wait_ms`. A run that waits, for whatever and however long, has not ended.
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

fn in_short(alert: Alert) -> AlertInShort {
    let NewAlert { name, label, severity, .. } = alert.content;
    AlertInShort { id: alert.id, name, label, severity }
}

fn whole_journal(store: &dyn Store, id: RunId) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    loop {
        let from = entries.last().map_or(1, |entry: &Entry| entry.seq + 1);
        let page = store.journal(id, from, PAGE_ITEMS)?;
        if page.is_empty() {
            return Ok(entries);
        }
        entries.extend(page);
    }
}

/// What in one run waits for a person.
fn tasks(store: &dyn Store, id: RunId) -> Result<Vec<Task>, StoreError> {
    let mut tasks = Vec::new();
    let mut after = (id.saturating_sub(1), Position::MAX);
    loop {
        let page = store.tasks(Some(after), PAGE_ITEMS)?;
        let found = tasks.len();
        tasks.extend(page.into_iter().take_while(|task| task.run == id));
        match tasks.get(found..).and_then(<[Task]>::last) {
            Some(last) => after = (last.run, last.position),
            None => return Ok(tasks),
        }
    }
}

/// One run.
pub(super) fn find(store: &dyn Store, id: RunId) -> Result<Run, Problem> {
    let run: Result<Option<Run>, StoreError> = store.run(id);
    run?.ok_or_else(|| Problem::not_found(format!("there is no run {id}")))
}
