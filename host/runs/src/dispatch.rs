//! Acknowledged alerts become runs.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use palisade_model::{alert::AlertId, limits::WAITING_LOOK};
use palisade_store::{NewRun, StoreError};

use crate::{
    catalogue::Catalogue,
    runs::{How, Runs},
    work::Work,
};

/// Alerts handled in one round: their writes share commits.
const ALERTS_PER_ROUND: usize = 64;

/// Wait after the store failed, before it is asked again.
pub(crate) const STORE_WAIT: Duration = Duration::from_secs(1);

/// Handles waiting alerts, oldest first, until the host stops.
pub(crate) async fn dispatch(runs: Arc<Runs>) {
    loop {
        // Taken and given back at once: a round begins only when there is room for a run.
        drop(runs.run_permits.acquire().await);
        // Counted first and then looked: a stop either sees this round or is seen by it.
        let work = Work::begin(&runs.at_work);
        if runs.stopping.load(Ordering::SeqCst) {
            return;
        }
        let handled = round(&runs).await;
        drop(work);
        match handled {
            // Woken by the next alert. One that came during the round has left its permit, so it is not missed.
            Ok(0) => {
                let _ = tokio::time::timeout(WAITING_LOOK, runs.alerts.notified()).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "Waiting alerts could not be handled."
                );
                tokio::time::sleep(STORE_WAIT).await;
            }
        }
    }
}

/// Handles the alerts that wait; returns how many there were.
async fn round(runs: &Arc<Runs>) -> Result<usize, StoreError> {
    let waiting = runs.store.waiting(ALERTS_PER_ROUND)?;
    let _starting = runs.starting.read().await;
    let catalogue = runs.catalogue();
    let mut handed_over = Vec::with_capacity(waiting.len());
    for alert in &waiting {
        let new = new_runs(runs, &catalogue, *alert)?;
        handed_over.push((new.clone(), runs.store.handle_alert(*alert, new)));
    }
    for (new, write) in handed_over {
        for (run, new) in write.await?.into_iter().zip(new) {
            runs.begin(run, new, None, &catalogue);
        }
    }
    Ok(waiting.len())
}

/// The runs that an alert starts: one of each playbook for its label.
fn new_runs(runs: &Runs, catalogue: &Catalogue, alert: AlertId) -> Result<Vec<NewRun>, StoreError> {
    let Some(alert) = runs.store.alert(alert)? else {
        return Ok(Vec::new());
    };
    let playbooks = catalogue.for_label(&alert.content.label);
    let new: Vec<_> =
        playbooks.map(|playbook| runs.new_run(catalogue, playbook, alert.clone(), How::default())).collect();
    if new.is_empty() {
        tracing::info!(alert = alert.id, label = alert.content.label, "No playbook is for this label.");
    }
    Ok(new)
}
