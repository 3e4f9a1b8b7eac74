//! Actions that are not for good are taken back when their time has come, the one that is due longest first.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use palisade_model::{limits::DUE_PER_ROUND, undo::Expiry};
use palisade_store::StoreError;

use crate::{clock, dispatch::STORE_WAIT, runs::Runs, steps::until, work::Work};

/// The longest sleep: a clock that was set forward is noticed then, and what could not be taken back is tried again.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Takes back what is due, until the host stops. In safe mode it waits.
pub(crate) async fn expire(runs: Arc<Runs>) {
    loop {
        // Taken and given back at once: a round begins only when there is room for a run.
        drop(runs.run_permits.acquire().await);
        let work = Work::begin(&runs.at_work);
        if runs.stopping.load(Ordering::SeqCst) {
            return;
        }
        let round = if runs.safe_mode() { Ok(Round::Nothing) } else { round(&runs).await };
        drop(work);
        let sleep = match round {
            Ok(Round::Done) => continue,
            Ok(Round::Stuck) => SLEEP_MAX,
            Ok(Round::Nothing) if runs.safe_mode() => SLEEP_MAX,
            Ok(Round::Nothing) => {
                let next = runs.store.next_expiry().ok().flatten();
                next.map_or(SLEEP_MAX, |next| until(next).min(SLEEP_MAX))
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "Actions that are to be taken back cannot be found.");
                STORE_WAIT
            }
        };
        // What comes due earlier has left its permit, so it is not missed.
        let _ = tokio::time::timeout(sleep, runs.expiries.notified()).await;
    }
}

/// What a look at the actions that are due came to.
enum Round {
    Nothing,
    Done,
    /// Of those that are due, one cannot be taken back.
    Stuck,
}

async fn round(runs: &Arc<Runs>) -> Result<Round, StoreError> {
    let expired = runs.store.expired(clock::now(), DUE_PER_ROUND)?;
    let mut round = if expired.is_empty() { Round::Nothing } else { Round::Done };
    for expiry in expired {
        if let Err(error) = runs.expire(expiry).await {
            let Expiry { run, position: step, .. } = expiry;
            let error = &error as &dyn std::error::Error;
            tracing::error!(run, step, error, "An action cannot be taken back though its time has come.");
            round = Round::Stuck;
        }
    }
    Ok(round)
}
