//! Where a connector is called: the real engine and the real gate, with a [`System`] at its end.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_egress::{Gate, GateError, Outside};
use palisade_engine::{Connector, Invocation, Invoked, Outcome, Verdict};
use palisade_model::{
    action::{ActionResult, Effect, Failure, RetryLimits},
    asset::{Asset, Network},
    plugin::{ActionSpec, ConnectorManifest},
};
use palisade_vault::Secret;
use serde_json::{Map, Value};

use crate::{
    labels::Labels,
    limits::RESUMES,
    recorder::{Record, Recorder},
    system::System,
};

/// A connector that is ready to be called.
pub(crate) struct Stage {
    pub(crate) connector: Connector,
    pub(crate) manifest: ConnectorManifest,
    pub(crate) labels: Labels,
    /// The directory for files.
    pub(crate) files: PathBuf,
}

/// An asset: what is configured, and which secrets are set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Setup {
    pub(crate) configuration: Map<String, Value>,
    pub(crate) secrets: Vec<String>,
}

/// A call of an action.
#[derive(Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) setup: &'a Setup,
    pub(crate) action: &'a ActionSpec,
    pub(crate) parameters: &'a Map<String, Value>,
    pub(crate) key: &'a str,
}

/// What came of a call, with all the calls for its pending job.
pub(crate) struct Seen {
    /// How it ended; none if its job was still pending.
    pub(crate) outcome: Option<ActionResult>,
    pub(crate) log: Vec<String>,
    pub(crate) record: Record,
    /// The tokens of the times that it was pending.
    pub(crate) tokens: Vec<String>,
    /// What it said of its job meanwhile.
    pub(crate) words: Vec<String>,
    /// Calls of the component.
    pub(crate) calls: u64,
    /// Time of the slowest of them, and of all.
    pub(crate) slowest: Duration,
    pub(crate) time: Duration,
    pub(crate) memory_bytes: usize,
}

impl Seen {
    fn nothing() -> Self {
        Self {
            outcome: None,
            log: Vec::new(),
            record: Record::default(),
            tokens: Vec::new(),
            words: Vec::new(),
            calls: 0,
            slowest: Duration::ZERO,
            time: Duration::ZERO,
            memory_bytes: 0,
        }
    }
}

impl Stage {
    /// A way out that leads to the system.
    pub(crate) fn gate(
        &self,
        setup: &Setup,
        system: &System,
    ) -> Result<(Arc<Gate>, Arc<Recorder>), GateError> {
        let asset = Asset {
            name: self.manifest.identity.name.clone(),
            connector: self.manifest.identity.name.clone(),
            configuration: setup.configuration.clone(),
            sealed: BTreeMap::new(),
            network: Network::default(),
            retries: RetryLimits::default(),
        };
        let secret = |field: &String| {
            let canary = self.labels.canary(field)?.to_owned();
            Some((field.clone(), Secret::new(canary).ok()?))
        };
        let secrets = setup.secrets.iter().filter_map(secret).collect();
        let recorder = Arc::<Recorder>::default();
        let outside =
            Outside { upstream: Some(Arc::new(system.clone())), watch: Some(Arc::clone(&recorder) as _) };
        let gate = Gate::new(&asset, &self.manifest, secrets, &self.files)?.with_outside(outside);
        Ok((Arc::new(gate), recorder))
    }

    /// Runs an action to its end, on an asset that nothing was kept for.
    pub(crate) async fn run(&self, order: Order<'_>, system: &System) -> Result<Seen, GateError> {
        let (gate, recorder) = self.gate(order.setup, system)?;
        Ok(self.run_on(&gate, &recorder, order).await)
    }

    /// Runs an action to its end.
    pub(crate) async fn run_on(&self, gate: &Arc<Gate>, recorder: &Recorder, order: Order<'_>) -> Seen {
        let mut seen = Seen::nothing();
        let mut resume: Option<String> = None;
        while seen.tokens.len() < RESUMES {
            let invoked = self.invoke(gate, order, resume.as_deref(), false, &mut seen).await;
            match invoked.outcome {
                Ok(Outcome::Done(report)) => seen.outcome = Some(Ok(report)),
                Err(failure) => seen.outcome = Some(Err(failure)),
                Ok(Outcome::Pending { token, message, .. }) => {
                    seen.tokens.push(token.clone());
                    seen.words.push(message);
                    resume = Some(token);
                    continue;
                }
            }
            break;
        }
        seen.record = recorder.record();
        seen
    }

    /// Tells an action that the run of its pending job was cancelled, and what it says to that.
    pub(crate) async fn cancel(&self, gate: &Arc<Gate>, order: Order<'_>, token: &str) -> Option<Failure> {
        self.invoke(gate, order, Some(token), true, &mut Seen::nothing()).await.outcome.err()
    }

    /// Asks whether a call took effect, as a host does after a crash: bound to reading.
    pub(crate) async fn verify(&self, gate: &Arc<Gate>, order: Order<'_>) -> Result<Verdict, Failure> {
        let parameters = Value::Object(order.parameters.clone());
        let invocation = Invocation {
            action: &order.action.name,
            parameters: &parameters,
            idempotency_key: order.key,
            attempt: 1,
            resume: None,
            cancelled: false,
        };
        let call = gate.call(Effect::Investigate, &order.action.reads);
        self.connector.verify(call, invocation).await.verdict
    }

    async fn invoke(
        &self,
        gate: &Arc<Gate>,
        order: Order<'_>,
        resume: Option<&str>,
        cancelled: bool,
        seen: &mut Seen,
    ) -> Invoked {
        let parameters = Value::Object(order.parameters.clone());
        let invocation = Invocation {
            action: &order.action.name,
            parameters: &parameters,
            idempotency_key: order.key,
            attempt: 1,
            resume,
            cancelled,
        };
        let call = gate.call(order.action.effect, &order.action.reads);
        let began = Instant::now();
        let invoked = self.connector.invoke(call, invocation).await;
        let took = began.elapsed();
        seen.calls += 1;
        seen.time += took;
        seen.slowest = seen.slowest.max(took);
        seen.memory_bytes = seen.memory_bytes.max(invoked.memory_bytes);
        seen.log.extend(invoked.log.iter().map(|line| line.message.clone()));
        invoked
    }
}
