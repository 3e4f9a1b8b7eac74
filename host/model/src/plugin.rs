//! Plugins: what a component says of itself, and what is recorded of an installed one.

pub mod difference;
pub mod flow;
pub mod replacement;
mod shape;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Timestamp,
    action::{Effect, Retry},
    hex,
    name::Name,
    signer::SignedBy,
};

/// SHA-256 of a component's file, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

impl Digest {
    /// The digest with these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(hex(&bytes))
    }

    /// All 64 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 12 characters, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

/// Why a text is not a [`Digest`].
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a SHA-256 digest: 64 lower-case hexadecimal digits")]
pub struct NotADigest(String);

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        // It becomes a file name, so nothing but these characters may pass.
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            Ok(Self(text))
        } else {
            Err(NotADigest(text.chars().take(64).collect()))
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who wrote what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Name under which it is installed.
    pub name: Name,
    /// Its version.
    pub version: String,
    /// One sentence on what it is for.
    pub description: String,
    /// Who publishes it.
    pub publisher: String,
}

/// What a component says of itself, checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Manifest {
    /// A connector.
    Connector(ConnectorManifest),
    /// A playbook.
    Playbook(PlaybookManifest),
}

impl Manifest {
    /// Who wrote what.
    pub fn identity(&self) -> &Identity {
        match self {
            Self::Connector(manifest) => &manifest.identity,
            Self::Playbook(manifest) => &manifest.identity,
        }
    }

    /// Version of the contract that the component was built for.
    pub fn contract(&self) -> Option<&str> {
        match self {
            Self::Connector(manifest) => manifest.contract.as_deref(),
            Self::Playbook(manifest) => manifest.contract.as_deref(),
        }
    }

    /// `connector` or `playbook`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connector(_) => "connector",
            Self::Playbook(_) => "playbook",
        }
    }
}

/// What a connector says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectorManifest {
    /// Who wrote what.
    pub identity: Identity,
    /// Version of the contract that the component was built for, as its imports say; none if it imports nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Maker of the system it talks to.
    pub vendor: String,
    /// The system it talks to.
    pub product: String,
    /// JSON Schema of an asset's configuration.
    pub configuration: Value,
    /// Configuration fields that are secrets: those with `"writeOnly": true`.
    pub secrets: Vec<String>,
    /// What it can do.
    pub actions: Vec<ActionSpec>,
    /// What it must be able to reach.
    pub capabilities: Capabilities,
}

impl ConnectorManifest {
    /// The action of this name.
    pub fn action(&self, name: &str) -> Option<&ActionSpec> {
        self.actions.iter().find(|action| action.name == name)
    }
}

/// One action of a connector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionSpec {
    /// Name in the field's words.
    pub name: String,
    /// One sentence for a person.
    pub description: String,
    /// JSON Schema of its parameters.
    pub parameters: Value,
    /// JSON Schema of its report's data.
    pub output: Value,
    /// What it does to the world.
    pub effect: Effect,
    /// What may happen when it is not known whether a call arrived.
    pub retry: Retry,
    /// Whether the connector can find out if a call of it took effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verifies: bool,
    /// The action that takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Milliseconds that one call may take.
    pub time_limit_ms: u64,
    /// Requests with an unsafe method that only read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<Read>,
}

/// A request that only reads although its method is unsafe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// HTTP method.
    pub method: String,
    /// Exact path.
    pub path: String,
}

/// What a connector must be able to reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// HTTP servers.
    pub http: Vec<HttpCapability>,
    /// TCP servers.
    pub tcp: Vec<TcpCapability>,
    /// Secrets it must hold itself.
    pub reveal: Vec<Reveal>,
    /// Files it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileCapability>,
}

/// HTTP servers a connector may call, how, and with which secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCapability {
    /// Where.
    pub host: HostPattern,
    /// HTTP methods.
    pub methods: Vec<String>,
    /// Secrets that may go to exactly these servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretUse>,
    /// Why.
    pub reason: String,
}

/// TCP servers a connector may open a stream to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpCapability {
    /// Where.
    pub host: HostPattern,
    /// Ports.
    pub ports: Vec<u16>,
    /// Why.
    pub reason: String,
}

/// A set of hosts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HostPattern {
    /// One host name, or `*.example.com`.
    Named(String),
    /// HTTP: the servers of the URL, or of each URL in the list, that this configuration field has; a URL's host may be
    /// `*.example.com`. TCP: the one host in this configuration field, `host` or `host:port`.
    Configured(String),
    /// Any public host.
    Anywhere,
}

/// Where a secret stands in a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUse {
    /// The configuration field.
    pub field: String,
    /// The place.
    pub place: SecretPlace,
}

/// The places where the host puts a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretPlace {
    /// In the header of this name.
    Header(String),
    /// The value of this query parameter.
    Query(String),
    /// The password of Basic, or the token of Bearer.
    Authorization,
    /// In the body.
    Body,
}

/// A secret that a connector must hold itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reveal {
    /// The configuration field.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// A file that a connector reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCapability {
    /// The configuration field that names the file, in the directory that the operator keeps for files.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// What a playbook says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaybookManifest {
    /// Who wrote what.
    pub identity: Identity,
    /// Version of the contract that the component was built for, as its imports say; none if it imports nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<String>,
    /// Labels of alerts that start it.
    pub labels: Vec<String>,
    /// The actions it starts.
    pub needs: Vec<Need>,
    /// Names of the playbooks it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<String>,
    /// JSON Schema of its configuration.
    #[serde(default = "nothing_to_configure", skip_serializing_if = "is_nothing_to_configure")]
    pub configuration: Value,
    /// The custom lists it uses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lists: Vec<ListUse>,
    /// Minutes that the same work takes an analyst by hand.
    pub manual_minutes: u32,
}

/// A custom list that a playbook uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListUse {
    /// Its name.
    pub name: Name,
    /// Whether the playbook adds to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adds: bool,
}

/// The schema of a playbook that has nothing to configure.
pub fn nothing_to_configure() -> Value {
    serde_json::json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

fn is_nothing_to_configure(schema: &Value) -> bool {
    *schema == nothing_to_configure()
}

/// One action of one kind of connector, and what passes between the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The connector.
    pub connector: String,
    /// The action.
    pub action: String,
    /// JSON Schema of the parameters that the playbook sends; none if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    /// JSON Schema of what it reads in the report's data; none if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// A plugin that was installed: the operator saw its manifest and granted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plugin {
    /// SHA-256 of the component.
    pub digest: Digest,
    /// Size of the component in bytes.
    pub size: u64,
    /// When it was installed.
    pub installed: Timestamp,
    /// Where it came from.
    #[serde(default, skip_serializing_if = "Provenance::is_unknown")]
    pub provenance: Provenance,
    /// Whose word it was installed on; none if a host installed it that did not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedBy>,
    /// What was granted: exactly what the manifest asks for.
    pub manifest: Manifest,
    /// Whether nothing of it is started for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The version that it replaced, and that a rollback brings back. That one has none before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Box<Plugin>>,
}

/// Where an installed component came from, as whoever installed it said. Only `by` is the host's own word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Who installed it; none if a host installed it that did not keep this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// `file:NAME`, an `https://` URL or an `oci://` reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The signature that came with it, a file of minisign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Provenance {
    /// Whether nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl Plugin {
    /// A component that is installed now, in place of nothing.
    pub fn new(digest: Digest, size: u64, installed: Timestamp, manifest: Manifest) -> Self {
        Self {
            digest,
            size,
            installed,
            provenance: Provenance::default(),
            signed_by: None,
            manifest,
            disabled: false,
            previous: None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.manifest.identity().name
    }
}
