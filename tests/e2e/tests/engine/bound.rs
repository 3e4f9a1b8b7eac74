//! A sandbox, and connectors in it, bound to assets.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, OnceLock},
};

use palisade_conformance::Recorder;
use palisade_e2e::built;
use palisade_egress::{Gate, Outside};
use palisade_engine::{
    Allocation, Cache, Connector, Invocation, Invoked, Outcome, Sandbox, SandboxOptions, Verdict,
};
use palisade_model::{
    action::{ActionResult, Effect, Failure, Report, RetryLimits},
    asset::{Asset, Network},
    plugin::{ConnectorManifest, Manifest, Read},
};
use palisade_vault::Secret;
use serde_json::{Value, json};

/// A sandbox like the host's, one for the process.
pub(crate) fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Arc<Sandbox>> = OnceLock::new();
    SANDBOX.get_or_init(|| sandbox_with(Cache::Shared(built::scratch("artefacts"))))
}

/// The same, with compiled code of its own.
pub(crate) fn sandbox_with(cache: Cache) -> Arc<Sandbox> {
    let options = SandboxOptions { cache, compiler: built::palisade(), allocation: Allocation::Pooled };
    Sandbox::new(options).unwrap()
}

/// A connector that is bound to an asset.
pub(crate) struct Bound {
    pub(crate) connector: Connector,
    pub(crate) manifest: ConnectorManifest,
    pub(crate) gate: Arc<Gate>,
}

impl Bound {
    /// The connector of this package with this configuration; secrets are given by field.
    pub(crate) async fn new(
        package: &str,
        configuration: Value,
        secrets: &[(&str, &str)],
        network: Network,
    ) -> Self {
        Self::with_files(package, configuration, secrets, network, Path::new("")).await
    }

    /// The same, with the host's files in this directory.
    pub(crate) async fn with_files(
        package: &str,
        configuration: Value,
        secrets: &[(&str, &str)],
        network: Network,
        files: &Path,
    ) -> Self {
        let sandbox = sandbox();
        let compiled = sandbox.compile(&built::component(package)).await.unwrap();
        let Manifest::Connector(manifest) = sandbox.describe(&compiled).await.unwrap() else {
            panic!("{package} is a playbook");
        };
        let connector = sandbox.connector(&compiled, &manifest).unwrap();
        let Value::Object(configuration) = configuration else { panic!("a configuration is an object") };
        let asset = Asset {
            name: "test".parse().unwrap(),
            connector: manifest.identity.name.clone(),
            configuration,
            sealed: BTreeMap::new(),
            network,
            retries: RetryLimits::default(),
        };
        let secrets = secrets
            .iter()
            .map(|(field, secret)| ((*field).to_owned(), Secret::new((*secret).to_owned()).unwrap()))
            .collect();
        let gate = Arc::new(Gate::new(&asset, &manifest, secrets, files).unwrap());
        Self { connector, manifest, gate }
    }

    /// The same, and what watches it.
    pub(crate) fn recorded(self) -> (Self, Arc<Recorder>) {
        let recorder = Arc::<Recorder>::default();
        let outside = Outside { watch: Some(Arc::clone(&recorder) as _), ..Outside::default() };
        let gate = Arc::into_inner(self.gate).unwrap().with_outside(outside);
        (Self { gate: Arc::new(gate), ..self }, recorder)
    }

    /// One call of an action.
    pub(crate) async fn invoke(&self, action: &str, parameters: Value) -> Invoked {
        let (effect, reads) = self.bounds(action);
        self.connector.invoke(self.gate.call(effect, reads), invocation(action, &parameters)).await
    }

    /// Asks whether such a call took effect.
    pub(crate) async fn verify(&self, action: &str, parameters: Value) -> Result<Verdict, Failure> {
        let (_, reads) = self.bounds(action);
        let call = self.gate.call(Effect::Investigate, reads);
        self.connector.verify(call, invocation(action, &parameters)).await.verdict
    }

    fn bounds(&self, action: &str) -> (Effect, &[Read]) {
        self.manifest.action(action).map_or((Effect::Generic, &[]), |spec| (spec.effect, &spec.reads))
    }

    /// What came of one call of an action that does not wait for a job.
    pub(crate) async fn act(&self, action: &str, parameters: Value) -> ActionResult {
        match self.invoke(action, parameters).await.outcome? {
            Outcome::Done(report) => Ok(report),
            Outcome::Pending { message, .. } => panic!("it is not done: {message}"),
        }
    }

    /// The report of one call that must go well.
    pub(crate) async fn report(&self, action: &str, parameters: Value) -> Report {
        self.act(action, parameters).await.unwrap_or_else(|failure| panic!("{action}: {failure}"))
    }

    /// The failure of one call that must not go well.
    pub(crate) async fn failure(&self, action: &str, parameters: Value) -> Failure {
        match self.act(action, parameters).await {
            Ok(report) => panic!("{action} went well: {}", report.message),
            Err(failure) => failure,
        }
    }
}

fn invocation<'a>(action: &'a str, parameters: &'a Value) -> Invocation<'a> {
    Invocation {
        action,
        parameters,
        idempotency_key: "palisade-test-1-1",
        attempt: 1,
        resume: None,
        cancelled: false,
    }
}

/// The hostile connector, with its server at this URL on this machine.
pub(crate) async fn hostile(configuration: Value) -> Bound {
    let network = Network { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Network::default() };
    Bound::new("hostile-connector", configuration, &[("token", SECRET)], network).await
}

/// The secret of the hostile connector's asset.
pub(crate) const SECRET: &str = "Hostile-Only-Token-1";

/// No parameters.
pub(crate) fn none() -> Value {
    json!({})
}
