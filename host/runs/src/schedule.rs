//! Runs that waited go on when they are due, the one that is due longest first.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use palisade_model::limits::{DUE_PER_ROUND, PAGE_ITEMS};
use palisade_store::StoreError;

use crate::{clock, dispatch::STORE_WAIT, runs::Runs, steps::until, work::Work};

/// The longest sleep: a clock that was set forward is noticed then.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Takes up the runs that a stop of the host interrupted, oldest first, and then whatever comes due, until the host stops.
pub(crate) async fn schedule(runs: Arc<Runs>) {
    interrupted(&runs).await;
    loop {
        // Taken and given back at once: a round begins only when there is room for a run.
        drop(runs.run_permits.acquire().await);
        let work = Work::begin(&runs.at_work);
        if runs.stopping.load(Ordering::SeqCst) {
            return;
        }
        // Registered before the look, so that what comes due meanwhile is not missed.
        let woken = runs.due.notified();
        let taken = round(&runs).await;
        drop(work);
        match taken {
            Ok(0) => {
                let next = runs.store.next_due().ok().flatten();
                let sleep = next.map_or(SLEEP_MAX, |next| until(next).min(SLEEP_MAX));
                let _ = tokio::time::timeout(sleep, woken).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "Due runs cannot be found.");
                tokio::time::sleep(STORE_WAIT).await;
            }
        }
    }
}

/// Takes up the runs that are due; returns how many there were.
async fn round(runs: &Arc<Runs>) -> Result<usize, StoreError> {
    let due = runs.store.due(clock::now(), DUE_PER_ROUND)?;
    for run in &due {
        runs.go_on(*run).await;
    }
    Ok(due.len())
}

/// Takes up the runs that were at work when the host stopped.
async fn interrupted(runs: &Arc<Runs>) {
    let mut from = 1;
    loop {
        let running = match runs.store.running(from, PAGE_ITEMS) {
            Ok(running) => running,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "Interrupted runs cannot be found."
                );
                return;
            }
        };
        let Some(last) = running.last() else { return };
        from = last.id + 1;
        // What began after this start is here, and is no concern of this.
        for run in running.into_iter().filter(|run| run.started <= runs.started) {
            drop(runs.run_permits.acquire().await);
            if runs.stopping.load(Ordering::SeqCst) {
                return;
            }
            runs.go_on(run.id).await;
        }
    }
}
