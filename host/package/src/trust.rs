//! Keys that an operator trusts, and what a signature is worth.

use std::fmt;

use palisade_model::{
    Timestamp,
    limits::NAME_BYTES,
    name::Name,
    signer::{KeyId, SignedBy, Signer},
};
use serde::{Deserialize, Serialize};

use crate::{
    NotASignature, PublicKey, Signature,
    limits::{KEYS, NAMESPACES_PER_KEY},
};

/// A set of plugin names: one name, or `acme-*` for all that begin so, or `*` for all there are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// Why a text is no [`Pattern`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no pattern of plugin names: write a name, or its beginning and `*`, as in acme-*")]
pub struct NotAPattern(String);

impl Pattern {
    /// Whether a plugin of this name is meant.
    pub fn matches(&self, plugin: &Name) -> bool {
        match self.0.strip_suffix('*') {
            Some(beginning) => plugin.as_str().starts_with(beginning),
            None => plugin.as_str() == self.0,
        }
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Pattern {
    type Error = NotAPattern;

    fn try_from(text: String) -> Result<Self, NotAPattern> {
        let name = text.strip_suffix('*').unwrap_or(&text);
        // A beginning of a name is a name itself, and nothing at all is the beginning of each.
        let is_everything = name.is_empty() && text == "*";
        if is_everything || name.parse::<Name>().is_ok() {
            Ok(Self(text))
        } else {
            Err(NotAPattern(text.chars().take(NAME_BYTES).collect()))
        }
    }
}

impl std::str::FromStr for Pattern {
    type Err = NotAPattern;

    fn from_str(text: &str) -> Result<Self, NotAPattern> {
        text.to_owned().try_into()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A key that is trusted, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// What the operator calls it.
    pub name: Name,
    /// The key.
    pub public_key: PublicKey,
    /// The plugins that it may sign.
    pub namespaces: Vec<Pattern>,
    /// Since when it is trusted.
    pub added: Timestamp,
}

impl Key {
    /// A key under a name of the operator's, for plugins of some names.
    pub fn new(name: Name, public_key: PublicKey, namespaces: Vec<Pattern>, added: Timestamp) -> Self {
        Self { name, public_key, namespaces, added }
    }

    /// Its number.
    pub fn id(&self) -> &KeyId {
        self.public_key.id()
    }

    fn may_sign(&self, plugin: &Name) -> bool {
        self.namespaces.iter().any(|namespace| namespace.matches(plugin))
    }
}

/// The keys that an operator trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustStore {
    keys: Vec<Key>,
}

/// Why a key cannot be added.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TrustStoreError {
    /// The name is taken.
    #[error("there is a key `{0}`: remove it first, or give this one another name")]
    Name(Name),
    /// The same key, or one that says to be the same.
    #[error("key {id} is there already, as `{name}`: remove that first")]
    Key {
        /// Its number.
        id: KeyId,
        /// What it is called.
        name: Name,
    },
    /// It would be trusted for nothing, or for too much to be looked at.
    #[error("a key is trusted for 1 to {NAMESPACES_PER_KEY} patterns of plugin names")]
    Namespaces,
    /// There are too many.
    #[error("at most {KEYS} keys are trusted: remove those that are not needed any more")]
    Full,
}

/// Why a plugin is refused whatever its operator allows: somebody vouches for it, and must not, or did not.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotTrusted {
    /// The signature is none.
    #[error(transparent)]
    NotASignature(#[from] NotASignature),
    /// A trusted key did not sign this.
    #[error(
        "the signature says to be by key {key}, and is not of this file: the file was changed, or the signature is another file's"
    )]
    Forged {
        /// The key.
        key: KeyId,
    },
    /// Another key than the one that was asked about made it.
    #[error("the signature was made with key {made_by}, not with {asked}")]
    OtherKey {
        /// Which one did.
        made_by: KeyId,
        /// Which one was asked about.
        asked: KeyId,
    },
    /// A trusted key signed it, and is not trusted for such plugins.
    #[error(
        "key `{key}` signed it, and is trusted for {namespaces} only, not for a plugin called `{plugin}`"
    )]
    Namespace {
        /// What the operator calls the key.
        key: Name,
        /// What it is trusted for.
        namespaces: String,
        /// The plugin.
        plugin: Name,
    },
}

/// A file whose signature was checked. Whether its key may sign such a plugin is not known before its name is.
pub struct Checked<'a>(Finding<'a>);

enum Finding<'a> {
    By(&'a Key),
    Unknown(KeyId),
    Unsigned,
}

impl TrustStore {
    /// All keys, in the order in which they were added.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Trusts one more key.
    ///
    /// # Errors
    ///
    /// See [`TrustStoreError`].
    pub fn add(&mut self, key: Key) -> Result<(), TrustStoreError> {
        if key.namespaces.is_empty() || key.namespaces.len() > NAMESPACES_PER_KEY {
            return Err(TrustStoreError::Namespaces);
        }
        if self.keys.iter().any(|other| other.name == key.name) {
            return Err(TrustStoreError::Name(key.name));
        }
        // Two keys of one number would be two answers to one question.
        let same = |other: &&Key| other.id() == key.id() || other.public_key.is(&key.public_key);
        if let Some(other) = self.keys.iter().find(same) {
            return Err(TrustStoreError::Key { id: other.id().clone(), name: other.name.clone() });
        }
        if self.keys.len() >= KEYS {
            return Err(TrustStoreError::Full);
        }
        self.keys.push(key);
        Ok(())
    }

    /// Trusts a key no more. None if there is no such key.
    pub fn remove(&mut self, name: &Name) -> Option<Key> {
        let place = self.keys.iter().position(|key| key.name == *name)?;
        Some(self.keys.remove(place))
    }

    /// Checks the signature of a file, before anything else is done with the file.
    ///
    /// # Errors
    ///
    /// [`NotTrusted`] if the signature is none, or not one of a trusted key for this file.
    pub fn check(&self, signature: Option<&Signature>, file: &[u8]) -> Result<Checked<'_>, NotTrusted> {
        let Some(signature) = signature else { return Ok(Checked(Finding::Unsigned)) };
        let Some(key) = self.keys.iter().find(|key| key.id() == signature.key()) else {
            return Ok(Checked(Finding::Unknown(signature.key().clone())));
        };
        key.public_key.verify(signature, file)?;
        Ok(Checked(Finding::By(key)))
    }
}

impl Checked<'_> {
    /// Whose word there is for a plugin of this name.
    ///
    /// # Errors
    ///
    /// [`NotTrusted::Namespace`].
    pub fn for_plugin(self, plugin: &Name) -> Result<SignedBy, NotTrusted> {
        match self.0 {
            Finding::Unsigned => Ok(SignedBy::Nobody),
            Finding::Unknown(key) => Ok(SignedBy::Unknown { key }),
            Finding::By(key) if key.may_sign(plugin) => {
                Ok(SignedBy::Trusted(Signer { name: key.name.clone(), key: key.id().clone() }))
            }
            Finding::By(key) => {
                let namespaces: Vec<_> = key.namespaces.iter().map(Pattern::as_str).collect();
                Err(NotTrusted::Namespace {
                    key: key.name.clone(),
                    namespaces: namespaces.join(", "),
                    plugin: plugin.clone(),
                })
            }
        }
    }
}
