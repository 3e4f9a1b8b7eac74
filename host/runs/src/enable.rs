//! Enabling, disabling and removing what is installed.

use palisade_model::{
    audit::What,
    limits::RUNS_NAMED,
    name::Name,
    plugin::{Manifest, Plugin, flow::Standing},
    run::RunId,
};

use crate::{
    catalogue::Catalogue,
    install::{InstallError, Removal},
    replace::{components_of, lacks},
    runs::{Runs, record},
};

/// Why a plugin is disabled if whoever runs a lock file was not asked.
pub(crate) const BY_LOCK_FILE: &str = "a lock file says so";

impl Runs {
    /// Lets a plugin be started. A playbook must be able to have what it needs; with `anyway` it may lack connectors, but
    /// nothing that is there may contradict it.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlugin`]; [`InstallError::Lacks`]; the store's.
    pub async fn enable(&self, name: &Name, anyway: bool, by: &str) -> Result<Plugin, InstallError> {
        let _changing = self.changing.lock().await;
        let plugin = self.installed(name)?;
        if !plugin.disabled {
            return Ok(plugin);
        }
        let catalogue = self.catalogue();
        let refused = lacks(&catalogue, &plugin.manifest, anyway);
        if !refused.is_empty() {
            return Err(InstallError::Lacks { name: name.clone(), lacks: refused });
        }
        let accepted = lacks(&catalogue, &plugin.manifest, false);
        let accepted = accepted.iter().map(|need| format!("{}/{}", need.connector, need.action)).collect();
        let enabled = What::PluginEnabled { plugin: name.clone(), lacks: accepted };
        self.switch(Plugin { disabled: false, ..plugin }, enabled, by).await
    }

    /// Has nothing of a plugin be started any more, from now on: no action of a connector, no run of a playbook. Runs of it
    /// that are under way go on; a call that has left ends as it would have. `by_lock_file`: it is the word of a lock file.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlugin`]; the store's.
    pub async fn disable(&self, name: &Name, by_lock_file: bool, by: &str) -> Result<Plugin, InstallError> {
        let _changing = self.changing.lock().await;
        let plugin = self.installed(name)?;
        if plugin.disabled {
            return Ok(plugin);
        }
        // It holds before it is durable: whoever disables something wants it to stop.
        self.set_catalogue((*self.catalogue()).clone().with_disabled(name, true));
        self.until_starts_are_seen().await;
        let why = if by_lock_file { BY_LOCK_FILE } else { "" };
        let disabled = What::PluginDisabled { plugin: name.clone(), why: why.into() };
        self.switch(Plugin { disabled: true, ..plugin }, disabled, by).await
    }

    async fn switch(&self, plugin: Plugin, what: What, by: &str) -> Result<Plugin, InstallError> {
        self.store.put_plugin(plugin.clone(), record(by, what)).await?;
        self.set_catalogue((*self.catalogue()).clone().with_disabled(plugin.name(), plugin.disabled));
        Ok(plugin)
    }

    /// How each need of a playbook stands.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlaybook`]; the store's.
    pub fn needs(&self, name: &Name) -> Result<Vec<Standing>, InstallError> {
        match self.store.plugin(name)?.map(|plugin| plugin.manifest) {
            Some(Manifest::Playbook(manifest)) => Ok(self.catalogue().standing(&manifest)),
            _ => Err(InstallError::NoPlaybook(name.clone())),
        }
    }

    /// Removes a plugin, and the version before it.
    ///
    /// # Errors
    ///
    /// [`InstallError::Needed`] while something needs it: an asset, a playbook that is enabled, a run that has not ended.
    pub async fn remove_plugin(&self, name: &Name, by: &str) -> Result<Removal, InstallError> {
        let _changing = self.changing.lock().await;
        let Some(plugin) = self.store.plugin(name)? else {
            return Ok(Removal::Absent);
        };
        // No run of it begins between the look for runs and the moment when it is gone.
        let starting = self.starting.write().await;
        let mut needed_by = needed_by(&self.catalogue(), name);
        // Of the assets that are configured, whether they can be used or not.
        let assets = self.store.assets()?.into_iter().filter(|asset| asset.connector == *name);
        needed_by.extend(assets.map(|asset| format!("asset `{}`", asset.name)));
        needed_by.extend(self.open_runs_of(name)?);
        if !needed_by.is_empty() {
            return Err(InstallError::Needed { name: name.clone(), by: needed_by.join(", ") });
        }
        let removed = What::PluginRemoved {
            plugin: name.clone(),
            version: plugin.manifest.identity().version.as_str().into(),
            digest: plugin.digest.clone(),
        };
        // A crash may have come between its installation and this.
        self.remember_version(&plugin).await?;
        self.store.remove_plugin(name.clone(), record(by, removed)).await?;
        self.set_catalogue((*self.catalogue()).clone().without_plugin(name));
        drop(starting);
        self.drop_unneeded(components_of(&plugin).cloned()).await?;
        Ok(Removal::Removed)
    }

    /// The runs of a playbook that have not ended, in words; nothing if there are none.
    fn open_runs_of(&self, name: &Name) -> Result<Option<String>, InstallError> {
        let runs: Vec<RunId> = self.open_runs(|run| run.playbook == *name, RUNS_NAMED + 1)?;
        if runs.is_empty() {
            return Ok(None);
        }
        let named: Vec<_> = runs.iter().take(RUNS_NAMED).map(ToString::to_string).collect();
        let more = if runs.len() > RUNS_NAMED { " and more" } else { "" };
        let word = if runs.len() == 1 { "run" } else { "runs" };
        Ok(Some(format!("{word} {}{more}, not ended yet", named.join(", "))))
    }
}

/// The enabled playbooks that start an action of it, or it.
fn needed_by(catalogue: &Catalogue, name: &Name) -> Vec<String> {
    let mut needed_by = Vec::new();
    for playbook in catalogue.enabled_playbooks().map(|playbook| &playbook.manifest) {
        let own = &playbook.identity.name;
        let needs = playbook.needs.iter().filter(|need| need.connector == name.as_str());
        let actions: Vec<_> = needs.map(|need| format!("`{}`", need.action)).collect();
        if !actions.is_empty() {
            needed_by.push(format!("playbook `{own}`, which is enabled and starts {}", actions.join(", ")));
        } else if own != name && playbook.starts.iter().any(|started| started == name.as_str()) {
            needed_by.push(format!("playbook `{own}`, which is enabled and starts it"));
        }
    }
    needed_by
}
