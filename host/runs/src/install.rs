//! Changes of what is installed and configured.
//!
//! Each is durable in the store first and then a new [`Catalogue`]; a crash between the two is made good at the next
//! start, which reads the store.

use std::collections::BTreeMap;

use palisade_engine::{CompileError, Compiled, LoadError};
use palisade_model::{
    Timestamp,
    audit::What,
    name::Name,
    playbook::PlaybookSettings,
    plugin::{
        Digest, PlaybookManifest, Plugin, Provenance,
        flow::{Standing, Stands},
    },
    signer::KeyId,
};
use palisade_package::{Disagreement, NotTrusted, PackageError, TrustStoreError};
use palisade_store::{Durability, StoreError};
use palisade_vault::VaultError;
use serde_json::Value;

use crate::{
    catalogue::{AssetError, check_settings},
    replace::How,
    runs::{Runs, record},
    trust::{Looked, Word},
    undo,
};

/// Why something could not be installed, configured or removed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file is not what a plugin's file is.
    #[error("the file cannot be a plugin")]
    Package(#[from] PackageError),
    /// Its sections contradict the component.
    #[error("the package does not tell the truth: {0}; build it again with `palisade plugin build`")]
    Disagrees(Disagreement),
    /// Somebody vouches for it who must not, or did not.
    #[error("the signature is not accepted")]
    NotTrusted(#[from] NotTrusted),
    /// Nobody vouches for it.
    #[error(
        "`{0}` is not signed: ask its author for NAME.wasm.minisig and put that beside the file, or install it with \
         --allow-unsigned, which the audit log records"
    )]
    Unsigned(Name),
    /// Somebody vouches for it whom nobody here knows.
    #[error(
        "`{plugin}` is signed with key {key}, which is not trusted here: trust that with `palisade trust add`, or install \
         the plugin with --allow-unsigned, which the audit log records"
    )]
    UnknownKey {
        /// The plugin.
        plugin: Name,
        /// The number of the key.
        key: KeyId,
    },
    /// It was here before, in a newer version.
    #[error(
        "{version} of `{plugin}` is older than {newest}, which was installed here before, or cannot be compared with it: an old \
         version brings old faults back; `palisade plugin rollback` undoes an upgrade, and --allow-downgrade installs any version"
    )]
    Older {
        /// The plugin.
        plugin: Name,
        /// The version that came.
        version: String,
        /// The newest one there was.
        newest: String,
    },
    /// There is no room to remember its version.
    #[error("{most} plugins were installed here over time, and the host remembers the versions of no more")]
    Versions {
        /// How many are remembered.
        most: usize,
    },
    /// The key cannot be trusted.
    #[error(transparent)]
    Key(#[from] TrustStoreError),
    /// What the host keeps of keys and versions is damaged.
    #[error("the setting `{name}` of the host is damaged, so that nothing can be installed")]
    Setting {
        /// Which.
        name: &'static str,
        /// The parser's words.
        #[source]
        source: serde_json::Error,
    },
    /// It does not compile.
    #[error("the component cannot be compiled")]
    Compile(#[from] CompileError),
    /// It does not load, or says unacceptable things of itself.
    #[error("the component cannot be installed")]
    Load(#[from] LoadError),
    /// The operator granted another component than this.
    #[error(
        "the grant was for component {granted}, but this is {found}: look at it again with `palisade plugin inspect`"
    )]
    OtherComponent {
        /// What was granted.
        granted: Digest,
        /// What came.
        found: Digest,
    },
    /// The name belongs to a plugin of the other kind.
    #[error("`{name}` is installed as a {installed}; remove it before you install a {new} of that name")]
    OtherKind {
        /// The name.
        name: Name,
        /// What it is.
        installed: &'static str,
        /// What it would become.
        new: &'static str,
    },
    /// The asset cannot be used.
    #[error("the asset cannot be used")]
    Asset(#[from] AssetError),
    /// A secret cannot be sealed.
    #[error("the secret cannot be kept")]
    Vault(#[from] VaultError),
    /// What the operator configured for the playbook does not fit it.
    #[error("the configuration of playbook `{playbook}` does not fit it: {violation}")]
    Settings {
        /// The playbook.
        playbook: Name,
        /// What does not fit.
        violation: String,
    },
    /// The name is one that the host uses itself.
    #[error("a plugin cannot be called `{0}`: runs of the host's own are listed under that name")]
    Reserved(Name),
    /// There is no such playbook.
    #[error("there is no playbook `{0}`")]
    NoPlaybook(Name),
    /// There is no such plugin.
    #[error("there is no plugin `{0}`")]
    NoPlugin(Name),
    /// What was looked at was the difference from another version.
    #[error("another version of `{0}` is installed by now: look at the difference again")]
    OtherVersion(Name),
    /// It asks for more than the version that is installed, and nobody granted that.
    #[error("`{name}` asks for more than the version that is installed, and that must be granted again: {}", wider.join("; "))]
    Wider {
        /// The plugin.
        name: Name,
        /// What it may do more.
        wider: Vec<String>,
    },
    /// Something that works would work no more, and nobody accepted that.
    #[error("another version of `{name}` breaks what works now: {}", breaks.join("; "))]
    Breaks {
        /// The plugin.
        name: Name,
        /// What works no more, and why.
        breaks: Vec<String>,
    },
    /// There is no version to go back to.
    #[error("there is no version of `{0}` before the one that is installed")]
    NoPrevious(Name),
    /// A playbook cannot have what it needs.
    #[error("playbook `{name}` cannot have what it needs: {}", lacks.iter().map(in_words).collect::<Vec<_>>().join("; "))]
    Lacks {
        /// The playbook.
        name: Name,
        /// What it cannot have.
        lacks: Vec<Standing>,
    },
    /// Something still needs it.
    #[error("`{name}` is needed by {by}: disable or remove that first")]
    Needed {
        /// What would be removed.
        name: Name,
        /// What needs it.
        by: String,
    },
    /// The stored component is not there or not what was installed.
    #[error("the stored component of `{0}` is missing or damaged: install it again")]
    Component(Name),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The operator's word: which component may be installed, and what of it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The component that was looked at, with everything it asks for.
    pub component: Digest,
    /// The component that it was compared with; none if nobody compared it.
    pub replaces: Option<Digest>,
    /// It may do more than the version in whose place it is.
    pub wider: bool,
    /// Playbooks that cannot go on with it are disabled, and assets that do not fit it cannot be used.
    pub breaks: bool,
    /// A playbook is enabled although connectors that it needs are not there.
    pub anyway: bool,
    /// It is disabled from the beginning.
    pub disabled: bool,
}

impl Grant {
    /// A component with everything it asks for, and nothing beside.
    pub fn of(component: Digest) -> Self {
        Self { component, replaces: None, wider: false, breaks: false, anyway: false, disabled: false }
    }
}

/// What a removal did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// There was none.
    Absent,
}

impl Runs {
    /// Installs a component with everything it asks for, in place of the version that is installed, if there is one. A
    /// playbook that cannot have what it needs is installed, and disabled. `word` is
    /// what speaks for it.
    ///
    /// # Errors
    ///
    /// See [`InstallError`]. Nothing is half-installed.
    pub async fn install(
        &self,
        component: Vec<u8>,
        granted: &Grant,
        by: &str,
        word: &Word,
    ) -> Result<Plugin, InstallError> {
        let Looked { compiled, manifest, .. } =
            self.inspect(&component, word.provenance.signature.as_deref()).await?;
        let digest = compiled.digest().clone();
        if digest != granted.component {
            return Err(InstallError::OtherComponent { granted: granted.component.clone(), found: digest });
        }
        let _changing = self.changing.lock().await;
        let plugin = Plugin::new(digest.clone(), component.len() as u64, Timestamp::now(), manifest);
        let plugin = Plugin {
            provenance: Provenance { by: Some(by.to_owned()), ..word.provenance.clone() },
            // Once more, now that no key comes or goes.
            signed_by: Some(self.vouched(&component, plugin.name(), word)?),
            ..plugin
        };
        let older_than = self.newer_before(&plugin, word)?;
        if plugin.name().as_str() == undo::NAME {
            return Err(InstallError::Reserved(plugin.name().clone()));
        }
        let change = self.change(plugin, granted)?;
        self.store.put_component(digest.clone(), component).await?;
        // As long as the component is in the store.
        compiled.keep();
        let how = How::Installed { by_lock_file: word.by_lock_file, older_than };
        let installed = self.put_in_place(change, &compiled, how, by).await;
        if installed.is_err() {
            // A crash here is made good when the host starts.
            self.drop_unneeded([digest]).await?;
        }
        installed
    }

    /// Configures a playbook: fields that have a value get it, fields without one get their default again. Runs at work
    /// keep the configuration they began with.
    ///
    /// # Errors
    ///
    /// [`InstallError::NoPlaybook`]; [`InstallError::Settings`] if it does not fit the playbook's schema; the store's.
    pub async fn configure_playbook(
        &self,
        name: &Name,
        fields: BTreeMap<String, Option<Value>>,
        safe_mode: Option<bool>,
        by: &str,
    ) -> Result<PlaybookSettings, InstallError> {
        let _changing = self.changing.lock().await;
        let catalogue = self.catalogue();
        let missing = || InstallError::NoPlaybook(name.clone());
        let playbook = catalogue.playbook(name.as_str()).ok_or_else(missing)?;
        let mut settings = catalogue.settings(name);
        for (field, value) in fields {
            match value {
                Some(value) => settings.configuration.insert(field, value),
                None => settings.configuration.remove(&field),
            };
        }
        let was_safe = settings.safe_mode;
        settings.safe_mode = safe_mode.unwrap_or(was_safe);
        check_playbook(&settings, &playbook.manifest)?;
        let fields = settings.configuration.keys().map(String::as_str).collect();
        let configured = What::PlaybookConfigured { playbook: name.clone(), fields };
        self.store.record(record(by, configured), Durability::Buffered).await?;
        if settings.safe_mode != was_safe {
            let switched = What::SafeModeSwitched { on: settings.safe_mode, playbook: Some(name.clone()) };
            self.store.record(record(by, switched), Durability::Buffered).await?;
        }
        // The record was written before: if this is there after a crash, so is that.
        self.store.put_playbook_settings(settings.clone()).await?;
        self.set_catalogue((*catalogue).clone().with_settings(settings.clone()));
        Ok(settings)
    }

    /// The code of an installed plugin, or of the version before it; compiled once more, if it is not there for this version
    /// of the host.
    pub(crate) async fn compiled(&self, plugin: &Plugin) -> Result<Compiled, InstallError> {
        if let Some(compiled) = self.sandbox.compiled(&plugin.digest) {
            return Ok(compiled);
        }
        tracing::info!(plugin = %plugin.name(), "Compiling a plugin for this version of the host.");
        let missing = || InstallError::Component(plugin.name().clone());
        let component = self.store.component(&plugin.digest)?.ok_or_else(missing)?;
        let compiled = self.sandbox.compile(&component).await?;
        if *compiled.digest() == plugin.digest { Ok(compiled) } else { Err(missing()) }
    }
}

/// A need that is not met, in words.
fn in_words(standing: &Standing) -> String {
    let Standing { connector, action, stands, reasons } = standing;
    let why = match stands {
        Stands::NoConnector => format!("there is no connector `{connector}`"),
        Stands::Disabled => format!("connector `{connector}` is disabled"),
        _ => reasons.join(", "),
    };
    format!("{connector}/{action}: {why}")
}

pub(crate) fn check_playbook(
    settings: &PlaybookSettings,
    manifest: &PlaybookManifest,
) -> Result<(), InstallError> {
    check_settings(&settings.configuration, manifest)
        .map_err(|violation| InstallError::Settings { playbook: settings.name.clone(), violation })
}
