//! What a store did.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Failed,
    connection::{Connection, Endpoint},
};

/// Time without a write after which all that belongs to a phase is written.
const QUIET: Duration = Duration::from_millis(200);

/// What a store did since it was opened.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) commits: u64,
    pub(crate) syncs: u64,
}

/// The part of a server's status that tells them.
#[derive(Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) store: Counts,
}

impl Counts {
    /// The counts of a server that has nothing left to do.
    pub(crate) async fn settled(status: &Endpoint) -> Result<Self, Failed> {
        let mut connection = Connection::open(&status.address).await?;
        let mut latest = None;
        loop {
            let Status { store } = serde_json::from_slice(&connection.get(status).await?)?;
            if latest.replace(store) == Some(store) {
                return Ok(store);
            }
            tokio::time::sleep(QUIET).await;
        }
    }

    /// For each of so many runs since an earlier look.
    pub(crate) fn per_run(self, earlier: Self, runs: u64) -> String {
        let each = |now: u64, then: u64| (now - then) as f64 / runs as f64;
        format!(
            "{:.2} commits, {:.2} fsyncs a run",
            each(self.commits, earlier.commits),
            each(self.syncs, earlier.syncs)
        )
    }
}
