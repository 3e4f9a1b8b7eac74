//! `palisade.lock`: what is installed, in a file that is committed, compared, and replayed on another machine. Here is what
//! stands in it; who writes it, and what a plugin is granted, is the command's to say.

use std::{collections::BTreeSet, fmt::Display};

use palisade_model::{Timestamp, limits::REGISTRY_ITEMS, name::Name, plugin::Digest, signer::KeyId};
use serde::{Deserialize, Serialize};

/// The format that is written, and the only one that is read.
const VERSION: u32 = 1;

const COMMENT: &str = "\
# What is installed on a Palisade host: which components exactly, where they came from, and what they were granted.
# `palisade plugin lock` writes it, `palisade plugin install --locked` installs the same on another host. Commit it;
# do not edit it: a component that is not what stands here, or may do something else, is refused.

";

/// The whole file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    version: u32,
    /// By name.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<Locked>,
}

/// One plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Its name.
    pub name: Name,
    /// `connector` or `playbook`.
    pub kind: String,
    /// As its manifest says.
    pub version: String,
    /// Of the component.
    #[serde(with = "prefixed")]
    pub digest: Digest,
    /// Bytes of the component.
    pub size: u64,
    /// Where it came from; none if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The number of the key that signed it, as its signature says; whether that is trusted, each host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<KeyId>,
    /// Nobody who is trusted signed it, and whoever installed it allowed that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsigned: bool,
    /// Nothing of it is started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// Who installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    pub installed: Timestamp,
    /// What it may do.
    pub grants: Vec<String>,
}

/// Why a file is no lock file.
#[derive(Debug, thiserror::Error)]
pub enum NotALockFile {
    /// It is not TOML of that shape.
    #[error("{0}")]
    Toml(String),
    /// It is of another format.
    #[error("its format is {0}, and this Palisade reads format {VERSION}")]
    Version(u32),
    /// A name stands in it twice.
    #[error("`{0}` is in it twice")]
    Twice(Name),
    /// There is more in it than can be installed.
    #[error("there are {0} plugins in it, and a host has at most {REGISTRY_ITEMS}")]
    Crowded(usize),
}

impl LockFile {
    /// A file with these plugins.
    pub fn new(mut plugins: Vec<Locked>) -> Self {
        plugins.sort_by(|one, other| one.name.cmp(&other.name));
        Self { version: VERSION, plugins }
    }

    /// The file's text: the same for the same plugins.
    ///
    /// # Errors
    ///
    /// If a number is larger than TOML has; no component is.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{COMMENT}{}", toml::to_string_pretty(self)?))
    }

    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// [`NotALockFile`].
    pub fn parse(text: &str) -> Result<Self, NotALockFile> {
        /// What every format has, also one of the future.
        #[derive(Deserialize)]
        struct Format {
            version: u32,
        }
        let toml = |error: toml::de::Error| NotALockFile::Toml(error.to_string());
        let Format { version } = toml::from_str(text).map_err(toml)?;
        if version != VERSION {
            return Err(NotALockFile::Version(version));
        }
        let file: Self = toml::from_str(text).map_err(toml)?;
        if file.plugins.len() > REGISTRY_ITEMS {
            return Err(NotALockFile::Crowded(file.plugins.len()));
        }
        let mut names = BTreeSet::new();
        match file.plugins.iter().find(|plugin| !names.insert(&plugin.name)) {
            Some(twice) => Err(NotALockFile::Twice(twice.name.clone())),
            None => Ok(file),
        }
    }
}

impl Locked {
    /// How another one is not the same, whoever installed it when and from where, and whether it is started; none if it is.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, one: &dyn Display, other: &dyn Display| {
            Some(format!("its {what} is {other}, not {one}"))
        };
        if self.digest != other.digest {
            return differs("digest", &self.digest.short(), &other.digest.short());
        }
        if self.name != other.name {
            return differs("name", &self.name, &other.name);
        }
        if self.kind != other.kind {
            return differs("kind", &self.kind, &other.kind);
        }
        if self.version != other.version {
            return differs("version", &self.version, &other.version);
        }
        if self.size != other.size {
            return differs("size", &self.size, &other.size);
        }
        let more = other.grants.iter().find(|grant| !self.grants.contains(grant));
        let less = self.grants.iter().find(|grant| !other.grants.contains(grant));
        match (more, less) {
            (Some(more), _) => Some(format!("it may do what the lock file does not grant: {more}")),
            (None, Some(less)) => Some(format!("the lock file grants what it does not ask for: {less}")),
            (None, None) if self.grants != other.grants => Some("its grants are in another order".to_owned()),
            (None, None) => None,
        }
    }
}

/// `sha256:HEX`, as everywhere else that a person reads a digest to copy it.
mod prefixed {
    use palisade_model::plugin::Digest;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("sha256:{digest}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        let hex =
            text.strip_prefix("sha256:").ok_or_else(|| D::Error::custom("a digest begins with `sha256:`"))?;
        Digest::try_from(hex.to_owned()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked(name: &str, byte: u8) -> Locked {
        Locked {
            name: name.parse().unwrap(),
            kind: "playbook".to_owned(),
            version: "1.0.0".to_owned(),
            digest: Digest::from_bytes([byte; 32]),
            size: 12,
            source: Some("https://plugins.acme.example/triage.wasm".to_owned()),
            signer: None,
            unsigned: true,
            disabled: false,
            by: Some("anna".to_owned()),
            installed: "2026-01-02T03:04:05Z".parse().unwrap(),
            grants: vec!["starts acme/block ip".to_owned()],
        }
    }

    #[test]
    fn what_is_no_lock_file_is_refused() {
        let text = LockFile::new(vec![locked("triage", 1)]).text().unwrap();
        assert_eq!(text.split("[[plugin]]").next().unwrap(), format!("{COMMENT}version = 1\n\n"));
        let refused = |text: &str| LockFile::parse(text).unwrap_err().to_string();
        assert!(refused(&text.replace("version = 1\n", "version = 2\n")).contains("its format is 2"));
        let again = text.split_once("[[plugin]]").unwrap().1;
        assert!(refused(&format!("{text}\n[[plugin]]{again}")).contains("`triage` is in it twice"));
        for (from, to) in [
            ("sha256:", "sha512:"),
            ("size = 12", "size = -1"),
            ("\"triage\"", "\"../x\""),
            ("by =", "bye ="),
        ] {
            assert!(text.contains(from) && !refused(&text.replace(from, to)).is_empty(), "{from}");
        }
    }

    #[test]
    fn a_difference_is_said() {
        let one = locked("triage", 1);
        let elsewhere = Locked { by: None, source: None, installed: Timestamp::now(), ..one.clone() };
        assert_eq!(one.difference(&elsewhere), None);
        let more =
            Locked { grants: [&one.grants[..], &["starts acme/wipe".to_owned()]].concat(), ..one.clone() };
        assert_eq!(
            one.difference(&more).unwrap(),
            "it may do what the lock file does not grant: starts acme/wipe"
        );
        assert!(more.difference(&one).unwrap().contains("does not ask for: starts acme/wipe"));
        let other = locked("triage", 2);
        assert_eq!(one.difference(&other).unwrap(), "its digest is 020202020202, not 010101010101");
    }
}
