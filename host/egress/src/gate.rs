//! One asset's way out, its files, and its state.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use palisade_model::{
    action::Effect,
    asset::Asset,
    limits::{EGRESS_PER_ASSET, HTTP_HEADERS, IDLE_CONNECTIONS, IDLE_TIME},
    plugin::{ConnectorManifest, Read},
};
use palisade_vault::Secret;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::{
    call::Call,
    dial::Dialer,
    files::Files,
    limits::HEADER_BYTES,
    outside::Outside,
    plan::Plan,
    policy::Policy,
    scrub::Scrubber,
    secrets::{Placeholders, Secrets},
    state::State,
    tls::CaError,
    url::NotAUrl,
};

/// All that calls on one asset can reach and share: policy, TLS roots, connection pool, secrets, files, state.
///
/// It is built once for an asset and a version of its connector, and shared by all calls. When the asset changes, so
/// does the gate: connections that were opened under another policy are never used again, and what was kept is gone.
pub struct Gate {
    pub(crate) policy: Policy,
    pub(crate) secrets: Secrets,
    pub(crate) scrubber: Scrubber,
    pub(crate) dialer: Dialer,
    pub(crate) client: Client<Dialer, Full<Bytes>>,
    /// Turns at the network.
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) files: Files,
    pub(crate) state: State,
    pub(crate) outside: Outside,
    /// Streams so far.
    pub(crate) streams: AtomicU64,
    /// The configuration without secrets.
    configuration: Map<String, Value>,
}

/// Why an asset and its connector's manifest make no [`Gate`].
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The configuration field names the server, and is not a URL.
    #[error("the asset's `{field}` is not a URL of a server, such as https://server.example:8089")]
    ConfiguredUrl {
        /// The configuration field; of a list, with the place of the URL in it.
        field: String,
        /// What is wrong with it.
        source: NotAUrl,
    },
    /// The configuration field names the server, and is not a host.
    #[error("the asset's `{field}` is not a host, such as server.example or server.example:636")]
    ConfiguredHost {
        /// The configuration field.
        field: String,
        /// What is wrong with it.
        source: NotAUrl,
    },
    /// The configuration field names the servers, and is neither a text nor a list of texts.
    #[error("the asset's `{field}` names servers, so it must be a URL or a list of URLs")]
    ConfiguredUrls {
        /// The configuration field.
        field: String,
    },
    /// The configuration field names the server, and is not a text.
    #[error("the asset's `{field}` names a server, so it must be a text")]
    ConfiguredType {
        /// The configuration field.
        field: String,
    },
    /// The configuration field names a file, and is not a name of one.
    #[error("the asset's `{field}` is not a name of a file, without directories, such as addresses.mmdb")]
    FileName {
        /// The configuration field.
        field: String,
    },
    /// A capability names something that is not a host.
    #[error("the connector declares the host {host:?}, which is none")]
    Host {
        /// What it declares.
        host: String,
        /// What is wrong with it.
        source: NotAUrl,
    },
    /// A capability would let secrets go to any host.
    #[error("the connector declares a secret for any host; a secret needs a named or a configured one")]
    SecretAnywhere,
    /// The private CA cannot be used.
    #[error("the asset's CA cannot be used")]
    Ca(#[source] CaError),
}

impl Gate {
    /// The way out for an asset and its connector; `secrets` are the asset's, opened, by configuration field, and `files`
    /// is the directory that the operator keeps for files.
    ///
    /// # Errors
    ///
    /// If the configuration, the capabilities or the CA do not say what they must.
    pub fn new(
        asset: &Asset,
        manifest: &ConnectorManifest,
        secrets: BTreeMap<String, Secret>,
        files: &Path,
    ) -> Result<Self, GateError> {
        let secrets = Secrets::new(manifest, secrets);
        let configuration = configuration(asset, manifest);
        let policy = Policy::new(&manifest.capabilities, &configuration, &secrets)?;
        let files = Files::new(files, &manifest.capabilities.files, &configuration)?;
        let dialer = Dialer::new(asset).map_err(GateError::Ca)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIME)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_max_headers(HTTP_HEADERS)
            .http1_max_buf_size(HEADER_BYTES)
            // Whether a request may be sent again depends on its method: see `exchange`.
            .retry_canceled_requests(false)
            .build(dialer.clone());
        Ok(Self {
            policy,
            scrubber: Scrubber::new(&secrets),
            secrets,
            dialer,
            client,
            turns: Arc::new(Semaphore::new(EGRESS_PER_ASSET)),
            files,
            state: State::default(),
            outside: Outside::default(),
            streams: AtomicU64::default(),
            configuration,
        })
    }

    /// The same way out, with something else at its end. Not for a host.
    #[must_use]
    pub fn with_outside(self, outside: Outside) -> Self {
        Self { outside, ..self }
    }

    /// Begins one invocation of an action that is only planned: it reads like any other, and what would change something
    /// is noted in the plan.
    pub fn planning_call(self: &Arc<Self>, effect: Effect, reads: &[Read]) -> (Call, Arc<Plan>) {
        let plan = Arc::<Plan>::default();
        (self.call(effect, reads).planning(Arc::clone(&plan)), plan)
    }

    /// Begins one invocation of an action with this effect and these declared reads.
    pub fn call(self: &Arc<Self>, effect: Effect, reads: &[Read]) -> Call {
        let placeholders = Placeholders::new(&self.secrets);
        let mut configuration = self.configuration.clone();
        for (index, field) in self.secrets.fields().iter().enumerate() {
            let value = if field.revealed { field.secret.expose() } else { placeholders.get(index) };
            configuration.insert(field.name.clone(), value.into());
        }
        Call::new(Arc::clone(self), effect, reads.to_vec(), configuration.into(), placeholders)
    }
}

/// What the operator wrote, and the schema's defaults for what they left out. A secret is never among it: what stands
/// in a secret's field in plain is not passed on.
fn configuration(asset: &Asset, manifest: &ConnectorManifest) -> Map<String, Value> {
    let mut configuration = asset.configuration.clone();
    if let Some(properties) = manifest.configuration.get("properties").and_then(Value::as_object) {
        for (field, schema) in properties {
            if let Some(default) = schema.get("default") {
                configuration.entry(field).or_insert_with(|| default.clone());
            }
        }
    }
    configuration.retain(|field, _| !manifest.secrets.contains(field));
    configuration
}

#[cfg(test)]
pub(crate) mod tests {
    use palisade_model::plugin::{Capabilities, Identity, Reveal};
    use serde_json::json;

    use super::*;

    /// A manifest that declares nothing to reach, and the secrets `key` and `pem`.
    pub(crate) fn manifest() -> ConnectorManifest {
        ConnectorManifest {
            identity: Identity {
                name: "test".parse().unwrap(),
                version: "0.1.0".to_owned(),
                description: String::new(),
                publisher: String::new(),
            },
            contract: None,
            vendor: String::new(),
            product: String::new(),
            configuration: json!({"properties": {
                "url": {"type": "string", "default": "https://api.example.com"},
                "key": {"type": "string", "writeOnly": true, "default": "plain default"},
                "pem": {"type": "string", "writeOnly": true},
            }}),
            secrets: vec!["key".to_owned(), "pem".to_owned()],
            actions: Vec::new(),
            capabilities: Capabilities::default(),
        }
    }

    fn asset() -> Asset {
        Asset {
            name: "one".parse().unwrap(),
            connector: "test".parse().unwrap(),
            configuration: Map::new(),
            sealed: BTreeMap::new(),
            network: Default::default(),
            retries: Default::default(),
        }
    }

    #[tokio::test]
    async fn a_configuration_has_defaults_placeholders_and_what_is_revealed() {
        let secrets = || {
            BTreeMap::from([
                ("key".to_owned(), Secret::new("correct horse".to_owned()).unwrap()),
                ("pem".to_owned(), Secret::new("battery staple".to_owned()).unwrap()),
            ])
        };
        let mut manifest = manifest();
        manifest.capabilities.reveal.push(Reveal { field: "pem".to_owned(), reason: String::new() });
        let gate = Arc::new(Gate::new(&asset(), &manifest, secrets(), Path::new("")).unwrap());
        let call = gate.call(Effect::Test, &[]);

        let configuration = call.configuration();
        assert_eq!(configuration["url"], "https://api.example.com");
        assert_eq!(configuration["pem"], "battery staple");
        let placeholder = configuration["key"].as_str().unwrap();
        assert!(placeholder.starts_with("palisade."), "{placeholder}");
        assert_eq!(
            call.scrub(format!("{placeholder} correct horse, battery staple")),
            "[secret:key] [secret:key], [secret:pem]"
        );
    }

    #[tokio::test]
    async fn a_secret_that_is_not_set_is_absent_whatever_the_schema_says() {
        let mut asset = asset();
        asset.configuration.insert("pem".to_owned(), "in plain by mistake".into());
        let gate = Arc::new(Gate::new(&asset, &manifest(), BTreeMap::new(), Path::new("")).unwrap());
        let call = gate.call(Effect::Test, &[]);
        assert_eq!(call.configuration(), &json!({"url": "https://api.example.com"}));
    }
}
