//! `palisade.lock`: what is installed, in a file that is committed, compared, and replayed on another machine.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use palisade_model::{
    Timestamp,
    limits::REGISTRY_ITEMS,
    name::Name,
    plugin::{Digest, Manifest, Plugin},
    signer::{KeyId, SignedBy},
};
use palisade_package::Signature;
use serde::{Deserialize, Serialize};

use crate::{error::Error, grants::grants, limits::LOCK_FILE_BYTES, printable};

/// What the file is called unless somebody says otherwise.
pub(crate) const NAME: &str = "palisade.lock";

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
pub(crate) struct LockFile {
    version: u32,
    /// By name.
    #[serde(default, rename = "plugin", skip_serializing_if = "Vec::is_empty")]
    pub(crate) plugins: Vec<Locked>,
}

/// One plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Locked {
    pub(crate) name: Name,
    /// `connector` or `playbook`.
    pub(crate) kind: String,
    pub(crate) version: String,
    #[serde(with = "prefixed")]
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// Where it came from; none if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// The number of the key that signed it, as its signature says; whether that is trusted, each host decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signer: Option<KeyId>,
    /// Nobody who is trusted signed it, and whoever installed it allowed that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unsigned: bool,
    /// Who installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// When.
    pub(crate) installed: Timestamp,
    /// What it may do.
    pub(crate) grants: Vec<String>,
}

/// Why a file is no lock file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotALockFile {
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
    /// What a host has.
    pub(crate) fn of(plugins: &[Plugin]) -> Self {
        let mut plugins: Vec<_> = plugins.iter().map(Locked::of).collect();
        plugins.sort_by(|one, other| one.name.cmp(&other.name));
        Self { version: VERSION, plugins }
    }

    /// The file's text: the same for the same plugins.
    pub(crate) fn text(&self) -> Result<String, Error> {
        let toml = toml::to_string_pretty(self).map_err(|error| Error::Stream {
            what: "write down what is installed",
            source: std::io::Error::other(error),
        })?;
        Ok(format!("{COMMENT}{toml}"))
    }

    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::File { what: "read", path: path.to_owned(), source };
        let mut text = String::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(LOCK_FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
        Self::parse(&text).map_err(|source| Error::LockFile { path: path.to_owned(), source })
    }

    /// Writes a file, whole or not at all, which everybody may read.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Error> {
        let text = self.text()?;
        let failed = |source| Error::File { what: "write", path: path.to_owned(), source };
        let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
        let mut part = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(directory.unwrap_or(Path::new(".")))
            .map_err(failed)?;
        part.write_all(text.as_bytes()).and_then(|()| part.as_file().sync_all()).map_err(failed)?;
        part.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn parse(text: &str) -> Result<Self, NotALockFile> {
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
    /// An installed plugin.
    pub(crate) fn of(plugin: &Plugin) -> Self {
        let provenance = plugin.provenance.clone();
        Self {
            source: provenance.source,
            signer: provenance.signature.as_deref().and_then(signer),
            unsigned: !matches!(plugin.signed_by, Some(SignedBy::Trusted(_))),
            by: provenance.by,
            ..Self::new(&plugin.manifest, plugin.digest.clone(), plugin.size, plugin.installed)
        }
    }

    /// What a component says of itself.
    pub(crate) fn new(manifest: &Manifest, digest: Digest, size: u64, installed: Timestamp) -> Self {
        Self {
            name: manifest.identity().name.clone(),
            kind: manifest.kind().to_owned(),
            version: printable::line(&manifest.identity().version),
            digest,
            size,
            source: None,
            signer: None,
            unsigned: false,
            by: None,
            // A second is as exact as a person reads it.
            installed: Timestamp::from_second(installed.as_second()).unwrap_or(installed),
            grants: grants(manifest),
        }
    }

    /// How another one is not the same, whoever installed it when and from where; none if it is.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, one: &dyn std::fmt::Display, other: &dyn std::fmt::Display| {
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

/// What a signature says of who made it.
fn signer(signature: &str) -> Option<KeyId> {
    Signature::parse(signature.as_bytes()).ok().map(|signature| signature.key().clone())
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
    use base64::{Engine, prelude::BASE64_STANDARD};
    use palisade_model::plugin::Provenance;
    use palisade_model::signer::Signer;
    use serde_json::json;

    use super::*;

    fn plugin(name: &str, byte: u8) -> Plugin {
        let manifest: Manifest = serde_json::from_value(json!({
            "kind": "playbook",
            "identity": { "name": name, "version": "1.0.0", "description": "Looks.", "publisher": "Acme" },
            "labels": ["c2\u{202e}"], "needs": [{ "connector": "acme", "action": "block ip" }], "manual_minutes": 5,
        }))
        .unwrap();
        let provenance = Provenance {
            by: Some("anna".to_owned()),
            source: Some("https://plugins.acme.example/triage.wasm".to_owned()),
            signature: None,
        };
        let installed = "2026-01-02T03:04:05Z".parse().unwrap();
        Plugin {
            digest: Digest::from_bytes([byte; 32]),
            size: 12,
            installed,
            provenance,
            signed_by: None,
            manifest,
            disabled: false,
            previous: None,
        }
    }

    #[test]
    fn the_file_is_stable_and_can_be_read_again() {
        let lock = LockFile::of(&[plugin("triage", 1), plugin("block", 2)]);
        let text = lock.text().unwrap();
        let block = format!(
            r#"[[plugin]]
name = "block"
kind = "playbook"
version = "1.0.0"
digest = "sha256:{}"
size = 12
source = "https://plugins.acme.example/triage.wasm"
unsigned = true
by = "anna"
installed = "2026-01-02T03:04:05Z"
grants = [
    'runs on alerts labelled c2\u{{202e}}',
    "starts acme/block ip",
]
"#,
            "02".repeat(32)
        );
        assert_eq!(text.split("[[plugin]]").next().unwrap(), format!("{COMMENT}version = 1\n\n"));
        assert!(text.contains(&block), "{text}");
        assert!(text.find("block").unwrap() < text.find("triage").unwrap());
        assert_eq!(LockFile::parse(&text).unwrap(), lock);
    }

    #[test]
    fn who_signed_stands_in_it() {
        let made = BASE64_STANDARD.encode([&b"ED"[..], &[1; 8], &[0; 64]].concat());
        let of_comment = BASE64_STANDARD.encode([0; 64]);
        let file = format!("untrusted comment: x\n{made}\ntrusted comment: y\n{of_comment}\n");
        let mut signed = plugin("triage", 1);
        signed.provenance.signature = Some(file);
        let key = KeyId::from_bytes([1; 8]);
        signed.signed_by = Some(SignedBy::Trusted(Signer { name: "acme".parse().unwrap(), key }));
        let text = LockFile::of(&[signed]).text().unwrap();
        assert!(text.contains("\nsigner = \"0101010101010101\"\nby = "), "{text}");
    }

    #[test]
    fn what_is_no_lock_file_is_refused() {
        let text = LockFile::of(&[plugin("triage", 1)]).text().unwrap();
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
        let one = Locked::of(&plugin("triage", 1));
        let elsewhere = Locked { by: None, source: None, installed: Timestamp::now(), ..one.clone() };
        assert_eq!(one.difference(&elsewhere), None);
        let more =
            Locked { grants: [&one.grants[..], &["starts acme/wipe".to_owned()]].concat(), ..one.clone() };
        assert_eq!(
            one.difference(&more).unwrap(),
            "it may do what the lock file does not grant: starts acme/wipe"
        );
        assert!(more.difference(&one).unwrap().contains("does not ask for: starts acme/wipe"));
        let other = Locked::of(&plugin("triage", 2));
        assert_eq!(one.difference(&other).unwrap(), "its digest is 020202020202, not 010101010101");
    }
}
