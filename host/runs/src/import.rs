//! Runs from another installation.

use palisade_model::{
    audit::What,
    journal::Entry,
    run::{Run, RunId},
};
use palisade_store::StoreError;

use crate::{
    history::History,
    runs::{Runs, RunsError},
};

impl Runs {
    /// Keeps a run from another installation with its journal, to be looked at and replayed. It is never executed.
    ///
    /// # Errors
    ///
    /// [`RunsError::Invalid`] if it has not ended or its entries are no journal; the store's.
    pub async fn import(&self, run: Run, entries: Vec<Entry>, by: &str) -> Result<RunId, RunsError> {
        if run.entries != entries.len() as u64 {
            let found = entries.len();
            return Err(RunsError::Invalid(format!(
                "the run has {} entries, and {found} are there: is the file whole?",
                run.entries
            )));
        }
        let history = History::read(entries.iter().cloned())
            .map_err(|error| RunsError::Invalid(format!("it is no journal: {error}")))?;
        if history.began.digest != run.digest {
            return Err(RunsError::Invalid("its journal is of another component than its run".into()));
        }
        if !run.status.is_final() {
            return Err(RunsError::Invalid(StoreError::NotEnded.to_string()));
        }
        let what = What::RunImported { playbook: run.playbook.clone(), digest: run.digest.clone() };
        self.record(by, what).await?;
        Ok(self.store.import_run(run, entries).await?)
    }
}
