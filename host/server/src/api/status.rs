//! How the host is.

use axum::{Json, extract::State};
use palisade_engine::Allocation;
use palisade_model::Timestamp;
use serde::Serialize;

use crate::{problem::Problem, server};

#[derive(Serialize)]
pub(super) struct Status {
    version: &'static str,
    started: Timestamp,
    /// Where plugin instances live: `pooled` or `on-demand`.
    allocation: &'static str,
    /// Whether nothing that changes something outside is sent.
    safe_mode: bool,
    /// Why the policy's file as it is now cannot be used, if it cannot.
    policy_problem: Option<String>,
    store: StoreStatus,
}

#[derive(Serialize)]
struct StoreStatus {
    writes: u64,
    commits: u64,
    syncs: u64,
    waiting: u64,
    disk_bytes: u64,
    /// Why it takes no more writes, if it does not.
    failure: Option<String>,
}

/// `GET /status`.
pub(super) async fn status(State(edge): server::State) -> Result<Json<Status>, Problem> {
    let health = edge.runs.store().health();
    Ok(Json(Status {
        version: env!("CARGO_PKG_VERSION"),
        started: edge.started,
        allocation: match edge.runs.allocation() {
            Allocation::Pooled => "pooled",
            Allocation::OnDemand => "on-demand",
        },
        safe_mode: edge.runs.safe_mode(),
        policy_problem: edge.runs.policy_status().problem,
        store: StoreStatus {
            writes: health.writes,
            commits: health.commits,
            syncs: health.syncs,
            waiting: health.waiting,
            disk_bytes: health.disk_bytes,
            failure: health.failure,
        },
    }))
}
