//! Replay: a finished run is executed again from its journal alone.

use palisade_model::{
    journal::Divergence,
    run::{RunId, RunStatus},
};
use serde::Serialize;

use crate::{
    describe,
    playing::{self, Playing},
    runs::{Runs, RunsError},
};

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// Calls that the playbook made as the journal has them.
    pub calls: u64,
    /// The first thing that was not as the journal has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub divergence: Option<Divergence>,
}

impl Runs {
    /// Executes a run again from its journal, without touching any system and without a trace, and tells whether it makes
    /// the same calls and comes to the same end. A run that has not ended is replayed as far as its journal goes.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Invalid`] if its component is not here any more; the store's.
    pub async fn replay(&self, run: RunId) -> Result<Replayed, RunsError> {
        let run = self.find(run)?;
        let mut history = self.history(&run)?;
        let playbook = self.version(&run, &history).await.map_err(RunsError::Invalid)?;
        let (returned, concluded, next) =
            (history.returned.take(), history.concluded.take(), history.entries + 1);
        let (playing, record) = Playing::replay(run.id, &mut history);
        let _permit = self.run_permits.acquire().await;
        let result = playbook.program.run(playing).await;
        let mut record = playing::lock(&record);
        let calls = record.made;
        let diverged = |at_entry, expected, actual| {
            Ok(Replayed { calls, divergence: Some(Divergence { at_entry, expected, actual }) })
        };
        if let Some(divergence) = record.divergence.take() {
            return Ok(Replayed { calls, divergence: Some(divergence) });
        }
        // The run was ended from outside, or goes on: where the journal ends, so does what can be proven.
        let open = returned.is_none() && !matches!(concluded, Some((RunStatus::Succeeded, _)));
        let Some(end) = playing::end(result) else {
            return match record.beyond.take() {
                Some(beyond) if !open => diverged(next, "end".to_owned(), beyond),
                _ => Ok(Replayed { calls, divergence: None }),
            };
        };
        let actual = format!("end as {:?}: {}", end.0, end.1);
        if let Some((at_entry, call)) = record.calls.pop_front() {
            return diverged(at_entry, describe::call(&call), actual);
        }
        match returned.or(concluded) {
            Some(recorded) if recorded != end && recorded.0 != RunStatus::Cancelled => {
                diverged(next - 1, format!("end as {:?}: {}", recorded.0, recorded.1), actual)
            }
            _ => Ok(Replayed { calls, divergence: None }),
        }
    }
}
