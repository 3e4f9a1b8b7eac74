//! What is installed and configured, loaded and ready.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use palisade_egress::{Gate, GateError};
use palisade_engine::{Compiled, Connector, LoadError, Sandbox, Schema, defaults};
use palisade_model::{
    asset::Asset,
    name::Name,
    playbook::PlaybookSettings,
    plugin::{
        ConnectorManifest, Digest, Manifest, Need, PlaybookManifest, Plugin,
        flow::{Standing, Stands},
    },
};
use palisade_vault::{Secret, Vault, VaultError};
use serde_json::{Map, Value};

use crate::program::Program;

/// What is installed and configured at one moment. It never changes: a change makes a new one, and a run keeps the one
/// it began with.
#[derive(Clone, Default)]
pub struct Catalogue {
    connectors: HashMap<Name, Arc<LoadedConnector>>,
    playbooks: BTreeMap<Name, Arc<LoadedPlaybook>>,
    assets: BTreeMap<Name, Arc<LoadedAsset>>,
    settings: BTreeMap<Name, PlaybookSettings>,
    /// Plugins of which nothing is started.
    disabled: BTreeSet<Name>,
}

/// An installed connector.
pub struct LoadedConnector {
    /// The component.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: ConnectorManifest,
    pub(crate) connector: Connector,
}

/// An installed playbook.
pub struct LoadedPlaybook {
    /// The component.
    pub digest: Digest,
    /// What it says of itself.
    pub manifest: PlaybookManifest,
    pub(crate) program: Program,
}

/// A configured asset.
pub struct LoadedAsset {
    /// The configuration.
    pub asset: Asset,
    /// Its connector.
    pub connector: Arc<LoadedConnector>,
    pub(crate) gate: Arc<Gate>,
}

/// What the host has that assets need.
pub(crate) struct Premises {
    /// Opens their secrets.
    pub(crate) vault: Vault,
    /// The directory that the operator keeps for their files.
    pub(crate) files: PathBuf,
}

/// Why an asset cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    /// Its connector is not installed.
    #[error("there is no connector `{0}`: install it first, or see `palisade plugin list`")]
    NoConnector(Name),
    /// Its configuration does not fit the connector's schema.
    #[error("the configuration of asset `{asset}` does not fit connector `{connector}`: {violation}")]
    Configuration {
        /// The asset.
        asset: Name,
        /// The connector.
        connector: Name,
        /// What does not fit.
        violation: String,
    },
    /// A secret cannot be read.
    #[error("secret `{field}` of asset `{asset}` cannot be read")]
    Secret {
        /// The asset.
        asset: Name,
        /// The field.
        field: String,
        /// Why.
        #[source]
        source: VaultError,
    },
    /// Its way out cannot be built.
    #[error("asset `{asset}` cannot reach anything")]
    Gate {
        /// The asset.
        asset: Name,
        /// Why.
        #[source]
        source: GateError,
    },
}

/// What the vault binds a sealed secret to, so that it opens for this field of this asset only.
pub(crate) fn sealing_context(asset: &Name, field: &str) -> String {
    format!("asset/{asset}/{field}")
}

impl Catalogue {
    /// The playbooks that an alert with this label starts, by name.
    pub fn for_label<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a Arc<LoadedPlaybook>> {
        self.enabled_playbooks()
            .filter(move |playbook| playbook.manifest.labels.iter().any(|one| one == label))
    }

    /// The playbooks that may be started, by name.
    pub fn enabled_playbooks(&self) -> impl Iterator<Item = &Arc<LoadedPlaybook>> {
        self.playbooks.iter().filter(|(name, _)| !self.disabled.contains(*name)).map(|(_, playbook)| playbook)
    }

    /// Whether a plugin is disabled: nothing of it is started.
    pub fn is_disabled(&self, plugin: &str) -> bool {
        self.disabled.contains(plugin)
    }

    /// Why a connector may not be called now, if so.
    pub(crate) fn stopped(&self, connector: &Name) -> Option<String> {
        if !self.connectors.contains_key(connector) {
            return Some(format!("connector {connector} is not installed any more"));
        }
        self.is_disabled(connector.as_str()).then(|| format!("connector {connector} is disabled"))
    }

    /// How each need of a playbook stands with the connectors that are installed.
    pub fn standing(&self, playbook: &PlaybookManifest) -> Vec<Standing> {
        playbook.needs.iter().map(|need| self.standing_of(need)).collect()
    }

    fn standing_of(&self, need: &Need) -> Standing {
        let Some(connector) = self.connector(&need.connector) else {
            return need.stands(Stands::NoConnector);
        };
        let standing = need.standing(connector.manifest.action(&need.action));
        match standing.stands {
            Stands::Ready if self.is_disabled(&need.connector) => need.stands(Stands::Disabled),
            Stands::Ready if self.default_asset(&need.connector).is_err() => need.stands(Stands::NoAsset),
            _ => standing,
        }
    }

    /// The playbook of this name.
    pub fn playbook(&self, name: &str) -> Option<&Arc<LoadedPlaybook>> {
        self.playbooks.get(name)
    }

    /// What the operator says of a playbook, installed or not.
    pub fn settings(&self, name: &Name) -> PlaybookSettings {
        self.settings.get(name).cloned().unwrap_or_else(|| PlaybookSettings::of(name.clone()))
    }

    /// The configuration that a run of this playbook begins with: what the operator wrote, and the defaults of the rest.
    pub fn configuration(&self, playbook: &LoadedPlaybook) -> Map<String, Value> {
        let mut configuration = defaults(&playbook.manifest.configuration);
        let settings = self.settings.get(&playbook.manifest.identity.name);
        configuration.extend(settings.into_iter().flat_map(|settings| settings.configuration.clone()));
        configuration
    }

    /// Whether the operator has runs of this playbook only plan what they would change.
    pub fn is_safe(&self, playbook: &str) -> bool {
        self.settings.get(playbook).is_some_and(|settings| settings.safe_mode)
    }

    /// The connector of this name.
    pub fn connector(&self, name: &str) -> Option<&Arc<LoadedConnector>> {
        self.connectors.get(name)
    }

    /// The components of the connectors that a playbook declares, as far as they are installed.
    pub(crate) fn connectors_of(&self, playbook: &PlaybookManifest) -> BTreeMap<Name, Digest> {
        let connectors = playbook.needs.iter().filter_map(|need| self.connector(&need.connector));
        connectors
            .map(|connector| (connector.manifest.identity.name.clone(), connector.digest.clone()))
            .collect()
    }

    /// The asset of this name.
    pub fn asset(&self, name: &str) -> Option<&Arc<LoadedAsset>> {
        self.assets.get(name)
    }

    /// Assets of this connector, by name.
    pub fn assets_of<'a>(&'a self, connector: &'a str) -> impl Iterator<Item = &'a Arc<LoadedAsset>> {
        self.assets.values().filter(move |asset| asset.asset.connector.as_str() == connector)
    }

    /// The asset that an action acts on when its playbook names none: the only one of the connector, or the one that
    /// bears the connector's name.
    ///
    /// # Errors
    ///
    /// One sentence on what to configure.
    pub fn default_asset<'a>(&'a self, connector: &'a str) -> Result<&'a Arc<LoadedAsset>, String> {
        let assets: Vec<_> = self.assets_of(connector).collect();
        match assets.as_slice() {
            [] => Err(format!(
                "there is no asset for connector `{connector}`: add one with `palisade asset add NAME --connector {connector}`"
            )),
            [only] => Ok(only),
            several => several.iter().find(|asset| asset.asset.name.as_str() == connector).copied().ok_or_else(|| {
                format!("connector `{connector}` has several assets and none is called `{connector}`, the default")
            }),
        }
    }

    /// With a plugin in place of one of the same name. Of a connector also the assets that are configured for it, whether they
    /// could be used before or not.
    pub(crate) fn with_plugin(
        mut self,
        plugin: &Plugin,
        compiled: &Compiled,
        assets: Vec<Asset>,
        sandbox: &Sandbox,
        premises: &Premises,
    ) -> Result<Self, LoadError> {
        let (name, digest) = (plugin.name().clone(), plugin.digest.clone());
        self = self.with_disabled(&name, plugin.disabled);
        match &plugin.manifest {
            Manifest::Playbook(manifest) => {
                let program = Program::Component(sandbox.playbook(compiled, manifest)?);
                self.connectors.remove(&name);
                self.playbooks
                    .insert(name, Arc::new(LoadedPlaybook { digest, manifest: manifest.clone(), program }));
            }
            Manifest::Connector(manifest) => {
                let connector = sandbox.connector(compiled, manifest)?;
                let loaded = Arc::new(LoadedConnector { digest, manifest: manifest.clone(), connector });
                self.playbooks.remove(&name);
                self.connectors.insert(name.clone(), loaded);
                // The assets' ways out follow from the connector's capabilities.
                for asset in assets.into_iter().filter(|asset| asset.connector == name) {
                    let unusable = asset.name.clone();
                    match self.clone().with_asset(asset, premises) {
                        Ok(catalogue) => self = catalogue,
                        Err(error) => {
                            tracing::warn!(asset = %unusable, error = &error as &dyn std::error::Error,
                                "An asset does not fit the new version of its connector.");
                            self.assets.remove(&unusable);
                        }
                    }
                }
            }
        }
        Ok(self)
    }

    pub(crate) fn with_asset(mut self, asset: Asset, premises: &Premises) -> Result<Self, AssetError> {
        let connector = self.connector(asset.connector.as_str()).cloned();
        let connector = connector.ok_or_else(|| AssetError::NoConnector(asset.connector.clone()))?;
        let loaded = LoadedAsset::new(asset, connector, premises)?;
        self.assets.insert(loaded.asset.name.clone(), Arc::new(loaded));
        Ok(self)
    }

    /// With another version of a connector, for the assets that fit it. The others stay with the version they have.
    pub(crate) fn with_version(
        mut self,
        connector: Arc<LoadedConnector>,
        assets: impl IntoIterator<Item = Arc<LoadedAsset>>,
    ) -> Self {
        self.connectors.insert(connector.manifest.identity.name.clone(), connector);
        self.assets.extend(assets.into_iter().map(|asset| (asset.asset.name.clone(), asset)));
        self
    }

    pub(crate) fn with_settings(mut self, settings: PlaybookSettings) -> Self {
        self.settings.insert(settings.name.clone(), settings);
        self
    }

    pub(crate) fn with_disabled(mut self, name: &Name, disabled: bool) -> Self {
        if disabled {
            self.disabled.insert(name.clone());
        } else {
            self.disabled.remove(name);
        }
        self
    }

    pub(crate) fn without_plugin(mut self, name: &Name) -> Self {
        self.disabled.remove(name);
        self.connectors.remove(name);
        self.playbooks.remove(name);
        self
    }

    pub(crate) fn without_asset(mut self, name: &Name) -> Self {
        self.assets.remove(name);
        self
    }
}

impl LoadedAsset {
    /// An asset with its way out.
    pub(crate) fn new(
        asset: Asset,
        connector: Arc<LoadedConnector>,
        premises: &Premises,
    ) -> Result<Self, AssetError> {
        let open = |(field, sealed): (&String, &String)| {
            let secret = premises.vault.unseal(&sealing_context(&asset.name, field), sealed);
            secret.map(|secret| (field.clone(), secret)).map_err(|source| AssetError::Secret {
                asset: asset.name.clone(),
                field: field.clone(),
                source,
            })
        };
        let secrets = asset.sealed.iter().map(open).collect::<Result<BTreeMap<String, Secret>, _>>()?;
        let gate = open_gate(&asset, &connector.manifest, secrets, &premises.files)?;
        Ok(Self { asset, connector, gate: Arc::new(gate) })
    }
}

/// Checks what an operator configures for a playbook against its schema.
///
/// # Errors
///
/// What does not fit.
pub fn check_settings(configuration: &Map<String, Value>, manifest: &PlaybookManifest) -> Result<(), String> {
    let schema = Schema::new("configuration", &manifest.configuration).map_err(|error| error.to_string())?;
    let known = manifest.configuration.get("properties").and_then(Value::as_object);
    let unknown = configuration.keys().find(|field| !known.is_some_and(|known| known.contains_key(*field)));
    if let Some(unknown) = unknown {
        return Err(format!("it has no field `{unknown}`"));
    }
    let mut whole = defaults(&manifest.configuration);
    whole.extend(configuration.clone());
    schema.check(&Value::Object(whole))
}

/// The way out of an asset, whose whole configuration is checked against the connector's schema first. `secrets` are its
/// sealed ones, opened; `files` is the directory for files.
///
/// # Errors
///
/// [`AssetError::Configuration`] and [`AssetError::Gate`].
pub fn open_gate(
    asset: &Asset,
    manifest: &ConnectorManifest,
    secrets: BTreeMap<String, Secret>,
    files: &Path,
) -> Result<Gate, AssetError> {
    check_configuration(asset, manifest)?;
    Gate::new(asset, manifest, secrets, files)
        .map_err(|source| AssetError::Gate { asset: asset.name.clone(), source })
}

/// Checks the whole configuration against the connector's schema, with a stand-in for each secret.
pub(crate) fn check_configuration(asset: &Asset, manifest: &ConnectorManifest) -> Result<(), AssetError> {
    let refuse = |violation: String| AssetError::Configuration {
        asset: asset.name.clone(),
        connector: asset.connector.clone(),
        violation,
    };
    if let Some(unknown) = asset.sealed.keys().find(|field| !manifest.secrets.contains(field)) {
        return Err(refuse(format!("`{unknown}` is no secret of this connector")));
    }
    if let Some(plain) = manifest.secrets.iter().find(|field| asset.configuration.contains_key(*field)) {
        return Err(refuse(format!("`{plain}` is a secret: give it with `--secret {plain}`")));
    }
    let mut whole = asset.configuration.clone();
    for field in asset.sealed.keys() {
        whole.insert(field.clone(), Value::from("[secret]"));
    }
    let schema =
        Schema::new("configuration", &manifest.configuration).map_err(|error| refuse(error.to_string()))?;
    schema.check(&Value::Object(whole)).map_err(refuse)
}
