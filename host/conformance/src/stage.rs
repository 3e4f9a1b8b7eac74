//! Where a connector is called: the real engine and the real gate, with a [`System`] at its end.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_egress::{Gate, GateError, Outside};
use palisade_engine::{Connector, Invocation, Outcome, Verdict};
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
    /// The longest that one of them would have waited for what did not answer in time, and then sent something more.
    pub(crate) waited: Duration,
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
            waited: Duration::ZERO,
            memory_bytes: 0,
        }
    }

    /// One more call of the component took so long, and would have waited so long before it last sent something.
    fn took(&mut self, time: Duration, waited: Duration) {
        self.calls += 1;
        self.time += time;
        self.slowest = self.slowest.max(time);
        self.waited = self.waited.max(waited);
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
        while seen.tokens.len() < RESUMES {
            if !self.go_on(gate, recorder, order, &mut seen).await {
                break;
            }
        }
        seen.record = recorder.record();
        seen
    }

    /// Runs an action to its end on a host that forgets, between two calls for its job, whatever was kept.
    pub(crate) async fn run_forgetting(&self, order: Order<'_>, system: &System) -> Result<Seen, GateError> {
        let mut seen = Seen::nothing();
        while seen.tokens.len() < RESUMES {
            let (gate, recorder) = self.gate(order.setup, system)?;
            let is_pending = self.go_on(&gate, &recorder, order, &mut seen).await;
            seen.record.append(recorder.record());
            if !is_pending {
                break;
            }
        }
        Ok(seen)
    }

    /// Calls an action for the first time, or for its pending job; returns whether that is pending then.
    async fn go_on(&self, gate: &Arc<Gate>, recorder: &Recorder, order: Order<'_>, seen: &mut Seen) -> bool {
        let resume = seen.tokens.last().cloned();
        let outcome = self.invoke(gate, recorder, order, resume.as_deref(), false, seen).await;
        match outcome {
            Ok(Outcome::Done(report)) => seen.outcome = Some(Ok(report)),
            Err(failure) => seen.outcome = Some(Err(failure)),
            Ok(Outcome::Pending { token, message, .. }) => {
                seen.tokens.push(token);
                seen.words.push(message);
                return true;
            }
        }
        false
    }

    /// Tells an action that the run of its pending job was cancelled.
    pub(crate) async fn cancel(
        &self,
        order: Order<'_>,
        token: &str,
        system: &System,
    ) -> Result<Seen, GateError> {
        let (gate, recorder) = self.gate(order.setup, system)?;
        let mut seen = Seen::nothing();
        match self.invoke(&gate, &recorder, order, Some(token), true, &mut seen).await {
            Ok(Outcome::Done(report)) => seen.outcome = Some(Ok(report)),
            Err(failure) => seen.outcome = Some(Err(failure)),
            Ok(Outcome::Pending { message, .. }) => seen.words.push(message),
        }
        seen.record = recorder.record();
        Ok(seen)
    }

    /// Asks whether a call took effect, as a host does after a crash: bound to reading. What it found is the outcome that
    /// the call would have had.
    pub(crate) async fn verify(&self, order: Order<'_>, system: &System) -> Result<Seen, GateError> {
        let (gate, recorder) = self.gate(order.setup, system)?;
        let parameters = Value::Object(order.parameters.clone());
        let invocation = invocation(order, &parameters, None, false);
        let call = gate.call(Effect::Investigate, &order.action.reads);
        let began = Instant::now();
        let verified = self.connector.verify(call, invocation).await;
        let mut seen = Seen::nothing();
        seen.took(began.elapsed(), recorder.take_wait());
        seen.log.extend(verified.log.into_iter().map(|line| line.message));
        match verified.verdict {
            Ok(Verdict::Happened(report)) => seen.outcome = Some(Ok(report)),
            Ok(Verdict::DidNotHappen) => {}
            Ok(Verdict::Unknown(why)) => seen.words.push(why),
            Err(failure) => seen.outcome = Some(Err(failure)),
        }
        seen.record = recorder.record();
        Ok(seen)
    }

    async fn invoke(
        &self,
        gate: &Arc<Gate>,
        recorder: &Recorder,
        order: Order<'_>,
        resume: Option<&str>,
        cancelled: bool,
        seen: &mut Seen,
    ) -> Result<Outcome, Failure> {
        let parameters = Value::Object(order.parameters.clone());
        let invocation = invocation(order, &parameters, resume, cancelled);
        let call = gate.call(order.action.effect, &order.action.reads);
        let began = Instant::now();
        let invoked = self.connector.invoke(call, invocation).await;
        seen.took(began.elapsed(), recorder.take_wait());
        seen.memory_bytes = seen.memory_bytes.max(invoked.memory_bytes);
        seen.log.extend(invoked.log.into_iter().map(|line| line.message));
        invoked.outcome
    }
}

/// The first attempt at an order.
fn invocation<'a>(
    order: Order<'a>,
    parameters: &'a Value,
    resume: Option<&'a str>,
    cancelled: bool,
) -> Invocation<'a> {
    Invocation {
        action: &order.action.name,
        parameters,
        idempotency_key: order.key,
        attempt: 1,
        resume,
        cancelled,
    }
}
