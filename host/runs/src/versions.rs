//! The exact version of a playbook that a run began with.

use std::sync::Arc;

use palisade_model::{
    plugin::{Digest, Manifest},
    run::{Run, RunId, RunStatus},
};
use palisade_store::{Page, RunFilter, StoreError};

use crate::{catalogue::LoadedPlaybook, history::History, program::Program, runs::Runs, undo};

impl Runs {
    /// The component that a run began with, whatever is installed by now.
    ///
    /// # Errors
    ///
    /// One sentence on why it cannot be had.
    pub(crate) async fn version(&self, run: &Run, history: &History) -> Result<Arc<LoadedPlaybook>, String> {
        if let Some(undo) = &history.began.undo {
            return Ok(Arc::new(undo::program(undo)));
        }
        if let Some(current) = self.catalogue().playbook(run.playbook.as_str())
            && current.digest == run.digest
        {
            return Ok(Arc::clone(current));
        }
        let mut old = self.old_versions.lock().await;
        old.retain(|_, version| version.strong_count() > 0);
        if let Some(loaded) = old.get(&run.digest).and_then(std::sync::Weak::upgrade) {
            return Ok(loaded);
        }
        let loaded = Arc::new(self.load_version(&run.digest).await.map_err(|why| {
            format!("playbook {} in its version {} cannot be had: {why}", run.playbook, run.digest.short())
        })?);
        old.insert(run.digest.clone(), Arc::downgrade(&loaded));
        Ok(loaded)
    }

    async fn load_version(&self, digest: &Digest) -> Result<LoadedPlaybook, String> {
        if !self.sandbox.is_compiled(digest) {
            let component = self.store.component(digest).map_err(|error| error.to_string())?;
            let component = component.ok_or("its component is not in the store any more")?;
            self.sandbox.compile(&component).await.map_err(|error| error.to_string())?;
        }
        match self.sandbox.describe(digest).await.map_err(|error| error.to_string())? {
            Manifest::Playbook(manifest) => {
                let playbook = self.sandbox.playbook(digest, &manifest).map_err(|error| error.to_string())?;
                Ok(LoadedPlaybook { digest: digest.clone(), manifest, program: Program::Component(playbook) })
            }
            Manifest::Connector(_) => Err("its component is a connector".to_owned()),
        }
    }

    /// Whether a run that has not ended began with this component. Looks through all of those.
    ///
    /// # Errors
    ///
    /// The store's.
    pub(crate) fn is_needed(&self, digest: &Digest) -> Result<bool, StoreError> {
        Ok(!self.open_runs(|run| run.digest == *digest, 1)?.is_empty())
    }

    /// The first runs that have not ended and are such. Looks through all that have not ended.
    ///
    /// # Errors
    ///
    /// The store's.
    pub(crate) fn open_runs(
        &self,
        is_such: impl Fn(&Run) -> bool,
        most: usize,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut found = Vec::new();
        for status in RunStatus::ALL.into_iter().filter(|status| !status.is_final()) {
            let mut before = None;
            while found.len() < most {
                let filter = RunFilter { status: Some(status), ..RunFilter::default() };
                let page = self.store.runs(filter, Page { before, limit: usize::MAX })?;
                let Some(last) = page.last() else { break };
                before = Some(last.id);
                found.extend(page.iter().filter(|run| is_such(run)).map(|run| run.id));
            }
        }
        found.truncate(most);
        Ok(found)
    }
}
