//! Another version of a plugin in the place of the one that is installed: what that would do, and doing it.

use std::collections::HashSet;

use palisade_engine::Compiled;
use palisade_model::{
    Timestamp,
    asset::Asset,
    audit::What,
    name::Name,
    plugin::{
        ConnectorManifest, Digest, Manifest, PlaybookManifest, Plugin,
        difference::Difference,
        flow::Standing,
        replacement::{Affected, Replacement, Unfit},
    },
};

use crate::{
    catalogue::{AssetError, Catalogue, LoadedPlaybook, check_configuration},
    enable::BY_LOCK_FILE,
    install::{Grant, InstallError, check_playbook},
    runs::{Runs, record},
};

/// A version of a plugin that may be put in its place.
pub(crate) struct Change {
    plugin: Plugin,
    replacement: Option<Replacement>,
    /// Why it is disabled from the beginning.
    lacks: Vec<Standing>,
}

/// How a version comes to its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// By somebody's grant, or by that in a lock file.
    Installed {
        by_lock_file: bool,
        /// The newer version that was here before.
        older_than: Option<String>,
    },
    /// It was there before, and is brought back.
    RolledBack,
}

impl Runs {
    /// What it would do to install a component that says this of itself; nothing if no plugin of its name is installed.
    ///
    /// # Errors
    ///
    /// The store's.
    pub fn replacement(&self, manifest: &Manifest) -> Result<Option<Replacement>, InstallError> {
        let before = self.store.plugin(&manifest.identity().name)?;
        let before = before.filter(|before| before.manifest.kind() == manifest.kind());
        let assets = self.store.assets()?;
        Ok(before.map(|before| replacement(&self.catalogue(), &before, manifest, &assets)))
    }

    /// What a rollback would do, and to which version.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlugin`]; [`InstallError::NoPrevious`]; the store's.
    pub fn replacement_by_rollback(&self, name: &Name) -> Result<(Plugin, Replacement), InstallError> {
        let plugin = self.installed(name)?;
        let previous = plugin.previous.clone().ok_or_else(|| InstallError::NoPrevious(name.clone()))?;
        let assets = self.store.assets()?;
        let replacement = replacement(&self.catalogue(), &plugin, &previous.manifest, &assets);
        Ok((*previous, replacement))
    }

    /// Puts the version before the one that is installed in its place again; another rollback brings this one back. What it may
    /// do was granted when it was installed.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlugin`]; [`InstallError::NoPrevious`]; [`InstallError::OtherVersion`] if `to` is not the version
    /// before; [`InstallError::UnknownKey`] if it was installed on the word of a key that is not trusted any more;
    /// [`InstallError::Breaks`] unless that is accepted; see [`InstallError`].
    pub async fn rollback(
        &self,
        name: &Name,
        to: &Digest,
        breaks: bool,
        by: &str,
    ) -> Result<Plugin, InstallError> {
        // Before the lock is taken: it may take minutes, and whoever disables something does not wait for that.
        let compiled = self.compiled(&self.version_before(name, to)?).await?;
        let _changing = self.changing.lock().await;
        let previous = self.version_before(name, to)?;
        let grant = Grant { wider: true, breaks, ..Grant::of(previous.digest.clone()) };
        let back = Plugin { installed: Timestamp::now(), ..previous };
        let change = self.change(back, &grant)?;
        self.put_in_place(change, &compiled, How::RolledBack, by).await
    }

    /// The version before the one that is installed, if it is this one and may come back.
    fn version_before(&self, name: &Name, to: &Digest) -> Result<Plugin, InstallError> {
        let installed = self.installed(name)?;
        let previous = *installed.previous.ok_or_else(|| InstallError::NoPrevious(name.clone()))?;
        // Asked twice, it would come back to where it was.
        if previous.digest != *to {
            return Err(InstallError::OtherVersion(name.clone()));
        }
        self.still_vouched(&previous)?;
        Ok(previous)
    }

    /// Finds out whether a version may be put in its place, by the operator's word.
    pub(crate) fn change(&self, plugin: Plugin, grant: &Grant) -> Result<Change, InstallError> {
        let name = plugin.name().clone();
        let catalogue = self.catalogue();
        let before = self.store.plugin(&name)?;
        if let Some(before) = &before {
            let (installed, new) = (before.manifest.kind(), plugin.manifest.kind());
            if installed != new {
                return Err(InstallError::OtherKind { name, installed, new });
            }
        }
        if let Manifest::Playbook(manifest) = &plugin.manifest {
            check_playbook(&catalogue.settings(&name), manifest)?;
        }
        if let (Some(seen), found) = (&grant.replaces, &before)
            && found.as_ref().is_none_or(|found| found.digest != *seen)
        {
            return Err(InstallError::OtherVersion(name));
        }
        let Some(before) = before else {
            let mut lacks = lacks(&catalogue, &plugin.manifest, grant.anyway);
            // What is not started lacks nothing.
            lacks.retain(|_| !grant.disabled);
            let plugin = Plugin { disabled: grant.disabled || !lacks.is_empty(), ..plugin };
            return Ok(Change { plugin, replacement: None, lacks });
        };
        let mut replacement = replacement(&catalogue, &before, &plugin.manifest, &self.store.assets()?);
        replacement.lacks.retain(|need| !grant.disabled && (!grant.anyway || need.stands.is_unfit()));
        if replacement.difference.is_wider() && !grant.wider {
            let wider = replacement.difference.wider().map(|change| change.line()).collect();
            return Err(InstallError::Wider { name, wider });
        }
        if replacement.breaks() && !grant.breaks {
            return Err(InstallError::Breaks { name, breaks: broken(&replacement) });
        }
        let lacks = replacement.lacks.clone();
        let disabled = before.disabled || grant.disabled || !lacks.is_empty();
        let previous = match before {
            // The same once more: what was before it still is.
            before if before.digest == plugin.digest => before.previous,
            before => Some(Box::new(Plugin { previous: None, disabled: false, ..before })),
        };
        let plugin = Plugin { disabled, previous, ..plugin };
        Ok(Change { plugin, replacement: Some(replacement), lacks })
    }

    /// Puts a version in its place, and disables what it breaks, in one write. The catalogue must not change meanwhile.
    pub(crate) async fn put_in_place(
        &self,
        change: Change,
        compiled: &Compiled,
        how: How,
        by: &str,
    ) -> Result<Plugin, InstallError> {
        let Change { plugin, replacement, lacks } = change;
        let name = plugin.name().clone();
        let before = self.store.plugin(&name)?;
        if let Some(before) = &before {
            // A crash may have come between its installation and this.
            self.remember_version(before).await?;
        }
        let gone = before.and_then(|before| before.previous);
        let mut catalogue = (*self.catalogue()).clone();
        let assets = self.store.assets()?;
        catalogue = catalogue.with_plugin(&plugin, compiled, assets, &self.sandbox, &self.premises)?;
        let by_lock_file = matches!(how, How::Installed { by_lock_file: true, .. });
        let mut records = vec![record(by, in_its_place(&plugin, replacement.as_ref(), how))];
        let mut plugins = vec![plugin.clone()];
        let was_enabled = replacement.is_none() || !self.catalogue().is_disabled(name.as_str());
        if plugin.disabled && was_enabled {
            let needs: Vec<_> =
                lacks.iter().map(|need| format!("{}/{}", need.connector, need.action)).collect();
            let why = match &needs[..] {
                [] if by_lock_file => BY_LOCK_FILE.to_owned(),
                [] => String::new(),
                _ => format!("it cannot have {}", needs.join(", ")),
            };
            records.push(record(by, What::PluginDisabled { plugin: name.clone(), why: why.as_str().into() }));
        }
        for affected in replacement.iter().flat_map(Replacement::broken) {
            let Some(playbook) = self.store.plugin(&affected.playbook)? else { continue };
            let why = format!("{name} {} breaks it", plugin.manifest.identity().version);
            let disabled =
                What::PluginDisabled { plugin: affected.playbook.clone(), why: why.as_str().into() };
            records.push(record(by, disabled));
            plugins.push(Plugin { disabled: true, ..playbook });
            catalogue = catalogue.with_disabled(&affected.playbook, true);
        }
        self.store.put_plugins(plugins, records).await?;
        self.set_catalogue(catalogue);
        self.remember_version(&plugin).await?;
        self.until_starts_are_seen().await;
        if let Some(gone) = gone {
            self.drop_unneeded([gone.digest]).await?;
        }
        Ok(plugin)
    }

    /// The plugin that is installed under a name.
    pub(crate) fn installed(&self, name: &Name) -> Result<Plugin, InstallError> {
        self.store.plugin(name)?.ok_or_else(|| InstallError::NoPlugin(name.clone()))
    }
}

/// What of a playbook's needs is not met; if that is accepted, only what cannot be.
pub(crate) fn lacks(catalogue: &Catalogue, manifest: &Manifest, anyway: bool) -> Vec<Standing> {
    let Manifest::Playbook(playbook) = manifest else { return Vec::new() };
    let lacks = |need: &Standing| !need.stands.is_met() && (!anyway || need.stands.is_unfit());
    catalogue.standing(playbook).into_iter().filter(lacks).collect()
}

fn replacement(catalogue: &Catalogue, before: &Plugin, new: &Manifest, assets: &[Asset]) -> Replacement {
    let difference = Difference::between(&before.manifest, new);
    let is_enabled = !catalogue.is_disabled(before.name().as_str());
    let (playbooks, assets, lacks) = match (&before.manifest, new) {
        (Manifest::Connector(old), Manifest::Connector(new)) => {
            let others = catalogue.enabled_playbooks();
            let playbooks = others.filter_map(|playbook| affected(playbook, old, new, &difference));
            (playbooks.collect(), unfit(assets, old, new), Vec::new())
        }
        (Manifest::Playbook(old), Manifest::Playbook(new)) => {
            let lacks = if is_enabled { new_lacks(catalogue, old, new) } else { Vec::new() };
            (starting(catalogue, old, &difference), Vec::new(), lacks)
        }
        _ => (Vec::new(), Vec::new(), Vec::new()),
    };
    let version = before.manifest.identity().version.clone();
    Replacement { version, digest: before.digest.clone(), difference, playbooks, assets, lacks }
}

/// What the change of a connector is to a playbook, if it is anything.
fn affected(
    playbook: &LoadedPlaybook,
    old: &ConnectorManifest,
    new: &ConnectorManifest,
    difference: &Difference,
) -> Option<Affected> {
    let (mut uses, mut broken) = (Vec::new(), Vec::new());
    let connector = old.identity.name.as_str();
    for need in playbook.manifest.needs.iter().filter(|need| need.connector == connector) {
        let of_action = difference.changes.iter().filter(|change| change.subject == need.action);
        uses.extend(of_action.map(|change| change.line()));
        let stands = need.standing(new.action(&need.action));
        if !stands.stands.is_met() && need.standing(old.action(&need.action)).stands.is_met() {
            broken.extend(stands.reasons);
        }
    }
    let playbook = playbook.manifest.identity.name.clone();
    (!uses.is_empty() || !broken.is_empty()).then_some(Affected { playbook, uses, broken })
}

/// The enabled playbooks that start one that changes.
fn starting(catalogue: &Catalogue, changed: &PlaybookManifest, difference: &Difference) -> Vec<Affected> {
    let name = changed.identity.name.as_str();
    let starts = |one: &&std::sync::Arc<LoadedPlaybook>| {
        one.manifest.identity.name.as_str() != name
            && one.manifest.starts.iter().any(|started| started == name)
    };
    let affected = |one: &std::sync::Arc<LoadedPlaybook>| Affected {
        playbook: one.manifest.identity.name.clone(),
        uses: vec![format!("it starts {name}")],
        broken: Vec::new(),
    };
    if difference.changes.is_empty() {
        return Vec::new();
    }
    catalogue.enabled_playbooks().filter(starts).map(affected).collect()
}

/// The assets that fit the one and not the other.
fn unfit(assets: &[Asset], old: &ConnectorManifest, new: &ConnectorManifest) -> Vec<Unfit> {
    let of_it = assets.iter().filter(|asset| asset.connector == old.identity.name);
    let fitting = of_it.filter(|asset| check_configuration(asset, old).is_ok());
    let unfit = fitting.filter_map(|asset| match check_configuration(asset, new) {
        Err(AssetError::Configuration { violation, .. }) => {
            Some(Unfit { asset: asset.name.clone(), why: violation })
        }
        _ => None,
    });
    unfit.collect()
}

/// Needs that are not met and that the version before does not have: what that lacks was accepted.
fn new_lacks(catalogue: &Catalogue, old: &PlaybookManifest, new: &PlaybookManifest) -> Vec<Standing> {
    let unmet = |playbook| catalogue.standing(playbook).into_iter().filter(|need| !need.stands.is_met());
    let before: Vec<_> = unmet(old).collect();
    unmet(new).filter(|need| !before.contains(need)).collect()
}

/// What works now and would work no more, in words.
fn broken(replacement: &Replacement) -> Vec<String> {
    let playbooks =
        replacement.broken().map(|one| format!("playbook `{}`: {}", one.playbook, one.broken.join(", ")));
    let assets = replacement.assets.iter().map(|one| format!("asset `{}`: {}", one.asset, one.why));
    let lacks = replacement.lacks.iter().map(|need| {
        let why = need.reasons.first().cloned().unwrap_or_else(|| "it is not there".to_owned());
        format!("it needs {}/{}: {why}", need.connector, need.action)
    });
    playbooks.chain(assets).chain(lacks).collect()
}

fn in_its_place(plugin: &Plugin, replacement: Option<&Replacement>, how: How) -> What {
    let replaces = replacement.map(|replacement| replacement.digest.clone());
    let version = plugin.manifest.identity().version.as_str().into();
    let (name, digest) = (plugin.name().clone(), plugin.digest.clone());
    let wider = replacement.iter().flat_map(|replacement| replacement.difference.wider());
    let (by_lock_file, older_than) = match (how, &replaces) {
        (How::RolledBack, Some(replaces)) => {
            let replaces = replaces.clone();
            return What::PluginRolledBack { plugin: name, version, digest, replaces };
        }
        (How::RolledBack, None) => (false, None),
        (How::Installed { by_lock_file, older_than }, _) => (by_lock_file, older_than),
    };
    What::PluginInstalled {
        plugin: name,
        kind: plugin.manifest.kind().into(),
        version,
        digest,
        replaces,
        source: plugin.provenance.source.as_deref().map(Into::into),
        by_lock_file,
        wider: wider.map(|change| change.line()).collect(),
        signed_by: plugin.signed_by.clone(),
        older_than: older_than.as_deref().map(Into::into),
    }
}

impl Runs {
    /// Forgets these components, but for those that a plugin or a run that has not ended needs.
    pub(crate) async fn drop_unneeded(
        &self,
        components: impl IntoIterator<Item = Digest>,
    ) -> Result<(), InstallError> {
        let plugins = self.store.plugins()?;
        let kept: HashSet<_> = plugins.iter().flat_map(components_of).collect();
        let mut left: HashSet<_> =
            components.into_iter().filter(|component| !kept.contains(component)).collect();
        if left.is_empty() {
            return Ok(());
        }
        for needed in self.needed(left.clone()).await? {
            left.remove(&needed);
        }
        for component in left {
            self.store.remove_component(component.clone()).await?;
            self.sandbox.forget(&component);
        }
        Ok(())
    }

    /// Forgets components that nothing needs: those of an installation that a crash interrupted, and those that a run needed
    /// when they were replaced. First goes all compiled code of components that are not in the store.
    pub(crate) async fn drop_components(&self) -> Result<(), InstallError> {
        let components = self.store.components()?;
        // From here on the code of the others is kept, whatever fails.
        let tidied = self.sandbox.keep_only(components.iter().cloned());
        self.drop_unneeded(components).await?;
        Ok(tidied?)
    }
}

/// The components that a plugin needs: its own, and the one that a rollback brings back.
pub(crate) fn components_of(plugin: &Plugin) -> impl Iterator<Item = &Digest> {
    let previous = plugin.previous.as_ref().map(|previous| &previous.digest);
    std::iter::once(&plugin.digest).chain(previous)
}
