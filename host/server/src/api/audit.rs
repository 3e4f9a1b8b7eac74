//! The audit log: a part of it, a check of it, and all of it.

use std::sync::Arc;

use axum::{Json, extract::State, response::Response};
use hyper::body::Bytes;
use palisade_model::{
    audit::{Entry, Head, Seq},
    limits::PAGE_ITEMS,
};
use palisade_store::{
    StoreError,
    audit::{Broken, parse, verify_store},
};
use serde::{Deserialize, Serialize};

use super::{bounded, pages};
use crate::{
    extract::Parameters,
    problem::Problem,
    server::{self, Edge},
};

#[derive(Deserialize)]
pub(super) struct Which {
    from: Option<Seq>,
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(super) struct Entries {
    entries: Vec<Entry>,
    head: Head,
}

/// How a check went.
#[derive(Serialize)]
pub(super) struct Verified {
    /// How far the log goes, if nothing was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<Head>,
    /// Where it was changed, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Broken>,
    /// The head that was kept, through which the log must pass.
    passes: Head,
}

/// `GET /audit`: from a place on, or the latest.
pub(super) async fn list(
    State(edge): server::State,
    Parameters(Which { from, limit }): Parameters<Which>,
) -> Result<Json<Entries>, Problem> {
    let (store, limit) = (edge.runs.store(), bounded(limit));
    let head = store.audit_head();
    let from = from.unwrap_or_else(|| head.seq.saturating_sub(limit as Seq) + 1);
    let read = |(seq, line): (Seq, String)| {
        parse(&line).map_err(|_| StoreError::Damaged { what: format!("entry {seq} of the audit log") })
    };
    let entries: Result<_, StoreError> = store.audit(from, limit)?.into_iter().map(read).collect();
    Ok(Json(Entries { entries: entries?, head }))
}

/// `POST /audit/verify`: reads all of it.
pub(super) async fn verify(State(edge): server::State) -> Result<Json<Verified>, Problem> {
    let Ok(_permit) = edge.verifications.try_acquire() else {
        return Err(Problem::overloaded("the audit log is being checked"));
    };
    let blocking = Arc::clone(&edge);
    let checked = tokio::task::spawn_blocking(move || check(&blocking)).await;
    Ok(Json(checked.map_err(|error| Problem::unavailable(error.to_string()))??))
}

fn check(edge: &Edge) -> Result<Verified, Problem> {
    let store = edge.runs.store();
    let passes = edge.head.read()?;
    Ok(match verify_store(store, Some(&passes))? {
        Ok(head) => {
            edge.keep_head();
            Verified { head: Some(head), broken: None, passes }
        }
        Err(broken) => {
            tracing::error!(seq = broken.seq, why = broken.why, "The audit log was changed.");
            Verified { head: None, broken: Some(broken), passes }
        }
    })
}

/// `GET /audit/export`: the log as it is now. What is added meanwhile is left out.
pub(super) async fn export(State(edge): server::State) -> Response {
    let last = edge.runs.store().audit_head().seq;
    let mut export = Export { edge, next: 1, last };
    pages::answer(move || {
        let page = export.page().inspect_err(|error| {
            tracing::error!(error = error as &dyn std::error::Error, "The audit log could not be exported.");
        });
        Ok(page?)
    })
}

/// The log on its way out.
struct Export {
    edge: Arc<Edge>,
    next: Seq,
    last: Seq,
}

impl Export {
    /// The next lines, or nothing behind the last. What is missing is missing: whoever checks the lines will see it.
    fn page(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut lines = String::new();
        for (seq, line) in self.edge.runs.store().audit(self.next, PAGE_ITEMS)? {
            if seq > self.last {
                break;
            }
            self.next = seq + 1;
            lines.push_str(&line);
            lines.push('\n');
        }
        Ok(Some(lines).filter(|lines| !lines.is_empty()).map(Bytes::from))
    }
}
