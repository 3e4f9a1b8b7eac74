//! The components under test, and what an engine needs to call them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use palisade_egress::Gate;
use palisade_engine::{Allocation, Cache, Connector, Sandbox, SandboxOptions};
use palisade_model::{
    action::RetryLimits,
    asset::{Asset, Network},
    plugin::{ConnectorManifest, Manifest},
};
use palisade_vault::Secret;
use serde_json::{Map, Value};

use crate::Failed;

/// The directory of the release build: this program stands in it.
pub(crate) fn release() -> Result<PathBuf, Failed> {
    let program = std::env::current_exe()?;
    Ok(program.parent().ok_or("this program stands in no directory")?.to_owned())
}

/// A built component.
pub(crate) fn component(name: &str) -> Result<PathBuf, Failed> {
    let path = release()?.join("../plugins").join(format!("{name}.wasm"));
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{} is missing: run `make bench`", path.display()).into())
    }
}

/// An engine with an empty cache of its own.
pub(crate) fn sandbox(cache: PathBuf, allocation: Allocation) -> Result<Arc<Sandbox>, Failed> {
    let (cache, compiler) = (Cache::Shared(cache), release()?.join("palisade"));
    Ok(Sandbox::new(SandboxOptions { cache, compiler, allocation })?)
}

/// A connector, ready to be called.
pub(crate) async fn connector(
    sandbox: &Sandbox,
    name: &str,
) -> Result<(Connector, ConnectorManifest), Failed> {
    let compiled = sandbox.compile(&std::fs::read(component(name)?)?).await?;
    match sandbox.describe(&compiled).await? {
        Manifest::Connector(manifest) => Ok((sandbox.connector(&compiled, &manifest)?, manifest)),
        Manifest::Playbook(_) => Err(format!("{name} is a playbook").into()),
    }
}

/// The way out of an asset of this connector.
pub(crate) fn gate(
    manifest: &ConnectorManifest,
    configuration: Map<String, Value>,
    secrets: BTreeMap<String, Secret>,
    network: Network,
) -> Result<Arc<Gate>, Failed> {
    let asset = Asset {
        name: "bench".to_owned().try_into()?,
        connector: manifest.identity.name.clone(),
        configuration,
        sealed: BTreeMap::new(),
        network,
        retries: RetryLimits::default(),
    };
    Ok(Arc::new(Gate::new(&asset, manifest, secrets, Path::new(""))?))
}
