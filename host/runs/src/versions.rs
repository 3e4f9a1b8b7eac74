//! The exact versions of plugins that a run began with. It ends with them, whatever is installed by then.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::{Arc, Weak},
};

use palisade_engine::Compiled;
use palisade_model::{
    asset::Asset,
    journal::{Began, Event},
    name::Name,
    plugin::{Digest, Manifest},
    run::{Run, RunId, RunStatus},
};
use palisade_store::{Page, RunFilter, Store, StoreError};

use crate::{
    catalogue::{Catalogue, LoadedAsset, LoadedConnector, LoadedPlaybook},
    history::History,
    program::Program,
    runs::Runs,
    undo,
};

/// Versions that are not installed any more, loaded as long as a run is here that needs them.
#[derive(Default)]
pub(crate) struct OldVersions {
    playbooks: HashMap<Digest, Weak<LoadedPlaybook>>,
    connectors: HashMap<Digest, Weak<LoadedConnector>>,
    /// Assets of such connectors: the runs that are here share their connections and what the connector keeps for them.
    assets: HashMap<(Digest, Name), Weak<LoadedAsset>>,
}

impl OldVersions {
    fn tidy(&mut self) {
        self.playbooks.retain(|_, version| version.strong_count() > 0);
        self.connectors.retain(|_, version| version.strong_count() > 0);
        self.assets.retain(|_, asset| asset.strong_count() > 0);
    }
}

impl Runs {
    /// The playbook that a run began with.
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
        old.tidy();
        if let Some(loaded) = old.playbooks.get(&run.digest).and_then(Weak::upgrade) {
            return Ok(loaded);
        }
        let loaded = Arc::new(self.load_playbook(&run.digest).await.map_err(|why| {
            format!("playbook {} in its version {} cannot be had: {why}", run.playbook, run.digest.short())
        })?);
        old.playbooks.insert(run.digest.clone(), Arc::downgrade(&loaded));
        Ok(loaded)
    }

    /// What a run finds installed that is taken up: everything as it is now, but for the connectors that it began with. Where
    /// such a version cannot be had, or an asset was configured anew and does not fit it, the one that is installed now does
    /// the work.
    pub(crate) async fn catalogue_of(&self, began: &Began) -> Arc<Catalogue> {
        let now = self.catalogue();
        let is_other = |name: &Name, digest: &Digest| {
            now.connector(name.as_str()).is_none_or(|connector| connector.digest != *digest)
        };
        let others: Vec<_> =
            began.connectors.iter().filter(|(name, digest)| is_other(name, digest)).collect();
        if others.is_empty() {
            return now;
        }
        let mut catalogue = (*now).clone();
        for (name, digest) in others {
            match self.old_connector(digest).await {
                Ok((connector, assets)) => catalogue = catalogue.with_version(connector, assets),
                Err(why) => tracing::warn!(connector = %name, version = digest.short(), why,
                    "A run goes on with the version that is installed now."),
            }
        }
        Arc::new(catalogue)
    }

    /// A connector that is not installed any more, and the assets that fit it.
    async fn old_connector(
        &self,
        digest: &Digest,
    ) -> Result<(Arc<LoadedConnector>, Vec<Arc<LoadedAsset>>), String> {
        let mut old = self.old_versions.lock().await;
        old.tidy();
        let connector = match old.connectors.get(digest).and_then(Weak::upgrade) {
            Some(connector) => connector,
            None => Arc::new(self.load_connector(digest).await?),
        };
        old.connectors.insert(digest.clone(), Arc::downgrade(&connector));
        let name = &connector.manifest.identity.name;
        let assets = self.store.assets().map_err(|error| error.to_string())?.into_iter();
        let assets = assets.filter(|asset| asset.connector == *name);
        let assets: Vec<_> = assets.filter_map(|asset| self.old_asset(&mut old, &connector, asset)).collect();
        Ok((connector, assets))
    }

    /// An asset as a connector acts on it that is not installed any more, if it fits.
    fn old_asset(
        &self,
        old: &mut OldVersions,
        connector: &Arc<LoadedConnector>,
        asset: Asset,
    ) -> Option<Arc<LoadedAsset>> {
        let key = (connector.digest.clone(), asset.name.clone());
        let loaded = old.assets.get(&key).and_then(Weak::upgrade);
        // What the operator has configured since holds for every version.
        if let Some(loaded) = loaded.filter(|loaded| loaded.asset == asset) {
            return Some(loaded);
        }
        match LoadedAsset::new(asset, Arc::clone(connector), &self.premises) {
            Ok(loaded) => {
                let loaded = Arc::new(loaded);
                old.assets.insert(key, Arc::downgrade(&loaded));
                Some(loaded)
            }
            Err(error) => {
                tracing::warn!(asset = %key.1, error = &error as &dyn std::error::Error,
                    "An asset does not fit the version of its connector that a run began with.");
                None
            }
        }
    }

    async fn load_playbook(&self, digest: &Digest) -> Result<LoadedPlaybook, String> {
        let (compiled, manifest) = self.load_version(digest).await?;
        match manifest {
            Manifest::Playbook(manifest) => {
                let playbook = self.sandbox.playbook(&compiled, &manifest);
                let playbook = playbook.map_err(|error| error.to_string())?;
                Ok(LoadedPlaybook { digest: digest.clone(), manifest, program: Program::Component(playbook) })
            }
            Manifest::Connector(_) => Err("its component is a connector".to_owned()),
        }
    }

    async fn load_connector(&self, digest: &Digest) -> Result<LoadedConnector, String> {
        let (compiled, manifest) = self.load_version(digest).await?;
        match manifest {
            Manifest::Connector(manifest) => {
                let connector = self.sandbox.connector(&compiled, &manifest);
                let connector = connector.map_err(|error| error.to_string())?;
                Ok(LoadedConnector { digest: digest.clone(), manifest, connector })
            }
            Manifest::Playbook(_) => Err("its component is a playbook".to_owned()),
        }
    }

    /// Makes sure that a version is compiled, and asks it what it is.
    async fn load_version(&self, digest: &Digest) -> Result<(Compiled, Manifest), String> {
        let compiled = match self.sandbox.compiled(digest) {
            Some(compiled) => compiled,
            None => {
                let component = self.store.component(digest).map_err(|error| error.to_string())?;
                let component = component.ok_or("its component is not in the store any more")?;
                self.sandbox.compile(&component).await.map_err(|error| error.to_string())?
            }
        };
        let manifest = self.sandbox.describe(&compiled).await.map_err(|error| error.to_string())?;
        Ok((compiled, manifest))
    }

    /// Those of these components that a run which has not ended began with, as its playbook or as a connector. Looks through
    /// all of those once.
    ///
    /// # Errors
    ///
    /// The store's.
    pub(crate) async fn needed(&self, components: HashSet<Digest>) -> Result<HashSet<Digest>, StoreError> {
        let store = Arc::clone(&self.store);
        let all = components.clone();
        // Their first entries have to be read, and there may be very many.
        let look = move || {
            let (mut left, mut needed) = (components, HashSet::new());
            each_open_run(&*store, |run| {
                let began_with = [run.digest.clone()].into_iter().chain(connectors(&*store, run.id)?);
                needed.extend(began_with.filter_map(|component| left.take(&component)));
                Ok(if left.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            Ok(needed)
        };
        // What nobody could look for is not dropped.
        tokio::task::spawn_blocking(look).await.unwrap_or(Ok(all))
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
        each_open_run(&*self.store, |run| {
            if is_such(run) {
                found.push(run.id);
            }
            Ok(if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(found)
    }
}

/// The connectors that a run began with.
fn connectors(store: &dyn Store, run: RunId) -> Result<Vec<Digest>, StoreError> {
    let first = store.journal(run, 1, 1)?.into_iter().next();
    Ok(match first.map(|entry| entry.event) {
        Some(Event::Began(began)) => began.connectors.into_values().collect(),
        _ => Vec::new(),
    })
}

/// Goes through the runs that have not ended, as far as wanted.
fn each_open_run(
    store: &dyn Store,
    mut look: impl FnMut(&Run) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    for status in RunStatus::ALL.into_iter().filter(|status| !status.is_final()) {
        let mut before = None;
        loop {
            let filter = RunFilter { status: Some(status), ..RunFilter::default() };
            let page = store.runs(filter, Page { before, limit: usize::MAX })?;
            let Some(last) = page.last() else { break };
            before = Some(last.id);
            for run in &page {
                if look(run)?.is_break() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}
