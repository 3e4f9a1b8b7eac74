//! On whose word a plugin is installed: the keys that are trusted, and the versions that were here before.
//!
//! Both are settings of the store and outlive the plugins: a key that signed one may sign the next, and a version that was
//! once replaced or removed because it was bad must not come back unnoticed.

use std::collections::BTreeMap;

use palisade_engine::Compiled;
use palisade_model::{
    Timestamp,
    audit::What,
    name::Name,
    plugin::{Manifest, Plugin, Provenance},
    signer::SignedBy,
};
use palisade_package::{
    Checked, Key, Marks, Package, Pattern, PublicKey, Signature, TrustStore, disagreement,
};
use palisade_store::Durability;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    install::{InstallError, Removal},
    runs::{Runs, setting},
};

/// The setting with the keys that are trusted.
const TRUST: &str = "trust";

/// The setting with what is remembered of the versions of each plugin that was ever installed.
const VERSIONS: &str = "newest-versions";

/// Plugins whose versions are remembered. An installation has some dozens, and each takes some 100 bytes.
const PLUGINS_REMEMBERED: usize = 10_000;

/// What is known of a component before it is installed.
pub struct Looked {
    /// It, compiled.
    pub compiled: Compiled,
    /// What it says of itself when it is asked.
    pub manifest: Manifest,
    /// What its file says of itself; it does not contradict the manifest.
    pub package: Package,
    /// Whose word there is for it.
    pub signed_by: SignedBy,
}

/// On whose word a component is installed.
#[derive(Default)]
pub struct Word {
    /// Where it came from, with the signature that came with it. Who installs it is filled in.
    pub provenance: Provenance,
    /// Whether a lock file granted what it asks for, not somebody who was asked.
    pub by_lock_file: bool,
    /// Whether it may be that nobody who is trusted signed it.
    pub allow_unsigned: bool,
    /// Whether it may be older than the newest version there was, or one that cannot be compared with that.
    pub allow_downgrade: bool,
}

impl Runs {
    /// Looks at a component, compiles it and asks it what it is. Nothing is installed. Its code stays for a while, so that it
    /// need not be compiled again if it is installed next; of one that is refused nothing stays.
    ///
    /// # Errors
    ///
    /// [`InstallError::Package`], [`InstallError::NotTrusted`], and then only what compiling or asking it come to;
    /// [`InstallError::Disagrees`].
    pub async fn inspect(&self, component: &[u8], signature: Option<&str>) -> Result<Looked, InstallError> {
        // All that can be told without the compiler, before the compiler gets it.
        let package = Package::read(component)?;
        let trust = self.trust()?;
        let signature = parse(signature)?;
        let checked = trust.check(signature.as_ref(), component)?;
        let compiled = self.sandbox.compile(component).await?;
        let (manifest, signed_by) = self.ask(&compiled, &package, checked).await?;
        compiled.set_aside();
        Ok(Looked { compiled, manifest, package, signed_by })
    }

    /// Asks a compiled component what it is, and compares that with what is said of it.
    async fn ask(
        &self,
        compiled: &Compiled,
        package: &Package,
        checked: Checked<'_>,
    ) -> Result<(Manifest, SignedBy), InstallError> {
        let manifest = self.sandbox.describe(compiled).await?;
        if let Some(disagreement) = disagreement(package, &manifest) {
            return Err(InstallError::Disagrees(disagreement));
        }
        let signed_by = checked.for_plugin(&manifest.identity().name)?;
        Ok((manifest, signed_by))
    }

    /// Whose word there is for a component now, if it is enough.
    pub(crate) fn vouched(
        &self,
        component: &[u8],
        plugin: &Name,
        word: &Word,
    ) -> Result<SignedBy, InstallError> {
        let signature = parse(word.provenance.signature.as_deref())?;
        match self.trust()?.check(signature.as_ref(), component)?.for_plugin(plugin)? {
            SignedBy::Nobody if !word.allow_unsigned => Err(InstallError::Unsigned(plugin.clone())),
            SignedBy::Unknown { key } if !word.allow_unsigned => {
                Err(InstallError::UnknownKey { plugin: plugin.clone(), key })
            }
            signed_by => Ok(signed_by),
        }
    }

    /// Checks that a version which was installed on the word of a key would be so today. What was let in without anybody's word
    /// stays what it was.
    pub(crate) fn still_vouched(&self, plugin: &Plugin) -> Result<(), InstallError> {
        if !matches!(plugin.signed_by, Some(SignedBy::Trusted(_))) {
            return Ok(());
        }
        let missing = || InstallError::Component(plugin.name().clone());
        let component = self.store.component(&plugin.digest)?.ok_or_else(missing)?;
        let word = Word { provenance: plugin.provenance.clone(), ..Word::default() };
        self.vouched(&component, plugin.name(), &word).map(drop)
    }

    /// The version that was here before for whose sake this one must be allowed, if it is. Looks as well whether there is room
    /// to remember this one.
    pub(crate) fn newer_before(&self, plugin: &Plugin, word: &Word) -> Result<Option<String>, InstallError> {
        let name = plugin.name();
        let mut known = self.versions()?;
        if known.len() >= PLUGINS_REMEMBERED && !known.contains_key(name) {
            return Err(InstallError::Versions { most: PLUGINS_REMEMBERED });
        }
        let mut marks = known.remove(name).unwrap_or_default();
        if let Some(installed) = self.store.plugin(name)? {
            // The host that installed it may have been stopped before it remembered that.
            marks = marks.with(version(&installed));
        }
        let version = version(plugin);
        match marks.against(version) {
            Some(newest) if !word.allow_downgrade => Err(InstallError::Older {
                plugin: name.clone(),
                version: version.to_owned(),
                newest: newest.to_owned(),
            }),
            newest => Ok(newest.map(str::to_owned)),
        }
    }

    /// Remembers a version that is in place. The caller holds the lock on changes.
    pub(crate) async fn remember_version(&self, plugin: &Plugin) -> Result<(), InstallError> {
        let mut known = self.versions()?;
        let before = known.get(plugin.name()).cloned().unwrap_or_default();
        let marks = before.clone().with(version(plugin));
        if marks == before {
            return Ok(());
        }
        known.insert(plugin.name().clone(), marks);
        self.keep(VERSIONS, &known).await
    }

    /// The keys that are trusted to sign plugins.
    ///
    /// # Errors
    ///
    /// The store's; [`InstallError::Setting`] if what it has is damaged: then nobody is trusted, and nothing is installed.
    pub fn trust(&self) -> Result<TrustStore, InstallError> {
        self.kept(TRUST)
    }

    /// Trusts a key to sign plugins of some names, from now on.
    ///
    /// # Errors
    ///
    /// [`InstallError::Key`]; the store's.
    pub async fn trust_key(
        &self,
        name: Name,
        public_key: PublicKey,
        namespaces: Vec<Pattern>,
        by: &str,
    ) -> Result<Key, InstallError> {
        let _changing = self.changing.lock().await;
        let mut trust = self.trust()?;
        let key = Key::new(name, public_key, namespaces, Timestamp::now());
        trust.add(key.clone())?;
        let trusted = What::KeyTrusted {
            name: key.name.clone(),
            key: key.id().clone(),
            namespaces: key.namespaces.iter().map(Pattern::as_str).collect(),
        };
        self.put_on_record_first(by, trusted).await?;
        self.keep(TRUST, &trust).await?;
        Ok(key)
    }

    /// Trusts a key no more. What was installed on its word stays.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn distrust_key(&self, name: &Name, by: &str) -> Result<Removal, InstallError> {
        let _changing = self.changing.lock().await;
        let mut trust = self.trust()?;
        let Some(key) = trust.remove(name) else { return Ok(Removal::Absent) };
        let distrusted = What::KeyDistrusted { name: name.clone(), key: key.id().clone() };
        self.put_on_record_first(by, distrusted).await?;
        self.keep(TRUST, &trust).await?;
        Ok(Removal::Removed)
    }

    fn versions(&self) -> Result<BTreeMap<Name, Marks>, InstallError> {
        self.kept(VERSIONS)
    }

    fn kept<T: DeserializeOwned + Default>(&self, name: &'static str) -> Result<T, InstallError> {
        match self.store.setting(&setting(name))? {
            Some(value) => {
                serde_json::from_value(value).map_err(|source| InstallError::Setting { name, source })
            }
            None => Ok(T::default()),
        }
    }

    async fn keep(&self, name: &'static str, value: &impl Serialize) -> Result<(), InstallError> {
        let value = serde_json::to_value(value).map_err(|source| InstallError::Setting { name, source })?;
        Ok(self.store.put_setting(setting(name), value).await?)
    }

    /// The record is written before: if what it tells is there after a crash, so is the record.
    async fn put_on_record_first(&self, by: &str, what: What) -> Result<(), InstallError> {
        let record = crate::runs::record(by, what);
        self.store.record(record, Durability::Buffered).await?;
        Ok(())
    }
}

fn parse(signature: Option<&str>) -> Result<Option<Signature>, InstallError> {
    let signature = signature.map(|file| Signature::parse(file.as_bytes())).transpose();
    signature.map_err(|error| InstallError::NotTrusted(error.into()))
}

fn version(plugin: &Plugin) -> &str {
    &plugin.manifest.identity().version
}
