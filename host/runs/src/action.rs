//! One action of a run, from the playbook's request to its result.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_engine::{Invocation, Outcome, StartAction};
use palisade_model::{
    action::{ActionResult, Failure, Report, Retry},
    limits::{ACTION_ATTEMPTS, PENDING_TIME, RETRY_AFTER_MAX, RETRY_WAIT},
    plugin::{ActionSpec, PlaybookManifest},
    run::{ActionEnded, ActionStarted, Event, LogLevel, Position},
};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    catalogue::{Catalogue, LoadedAsset},
    journal::Journal,
};

/// An action that can be executed: everything about it was found.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) asset: Arc<LoadedAsset>,
    /// Place of the action among those of the connector. Not a copy: its schemas are large, and every action would pay.
    action: usize,
    parameters: Value,
}

impl Prepared {
    /// What the connector says of the action.
    pub(crate) fn spec(&self) -> &ActionSpec {
        &self.asset.connector.manifest.actions[self.action]
    }
}

/// Finds what a playbook asked for. What is wrong with the request is the action's result, not the run's end: the
/// playbook decides what that means.
pub(crate) fn prepare(
    request: &StartAction,
    playbook: &PlaybookManifest,
    catalogue: &Catalogue,
) -> Result<Prepared, Failure> {
    let invalid = |message: String| Failure::InvalidParameters { message };
    let declared = |need: &palisade_model::plugin::Need| {
        need.connector == request.connector && need.action == request.action
    };
    if !playbook.needs.iter().any(declared) {
        return Err(Failure::Denied {
            message: format!(
                "playbook {} does not declare that it needs `{}` of {}",
                playbook.identity.name, request.action, request.connector
            ),
        });
    }
    let asset = match &request.asset {
        Some(name) => catalogue
            .asset(name)
            .filter(|asset| asset.asset.connector.as_str() == request.connector)
            .ok_or_else(|| invalid(format!("connector `{}` has no asset `{name}`", request.connector)))?,
        None => {
            catalogue.default_asset(&request.connector).map_err(|message| Failure::Unavailable { message })?
        }
    };
    let mut actions = asset.connector.manifest.actions.iter();
    let action = actions.position(|spec| spec.name == request.action).ok_or_else(|| {
        invalid(format!("connector `{}` has no action `{}`", request.connector, request.action))
    })?;
    let parameters = serde_json::from_str(&request.parameters)
        .map_err(|error| invalid(format!("the parameters are not JSON: {error}")))?;
    Ok(Prepared { asset: Arc::clone(asset), action, parameters })
}

/// The entry that says what was asked for.
pub(crate) fn started(
    position: Position,
    request: &StartAction,
    prepared: Option<&Prepared>,
) -> ActionStarted {
    ActionStarted {
        position,
        connector: request.connector.clone(),
        action: request.action.clone(),
        asset: prepared.map(|prepared| prepared.asset.asset.name.clone()),
        effect: prepared.map(|prepared| prepared.spec().effect),
        parameters: match prepared {
            Some(prepared) => prepared.parameters.clone(),
            None => Value::String(request.parameters.clone()),
        },
    }
}

/// Executes an action: attempts, waits for a vendor's job, and the journal. A mutating action's start is durable before
/// its first byte leaves, and its end before the first byte of the next one does.
pub(crate) async fn execute(
    position: Position,
    prepared: Prepared,
    key: String,
    journal: Arc<Journal>,
    permits: Arc<Semaphore>,
    start: Event,
) -> ActionResult {
    let began = Instant::now();
    let mutates = prepared.spec().effect.mutates();
    let stopped = |stop: palisade_engine::Stop| Failure::Unavailable { message: stop.0 };
    if mutates {
        journal.durable(start).await.map_err(stopped)?;
    } else {
        journal.buffered(start).map_err(stopped)?;
    }
    let mut effort =
        Effort { position, prepared, key, journal: &journal, permits, attempts: 0, upstream: Duration::ZERO };
    let result = effort.attempts().await;
    let end = Event::ActionEnded(ActionEnded {
        position,
        result: result.clone().into(),
        attempts: effort.attempts,
        took_us: micros(began.elapsed()),
        upstream_us: micros(effort.upstream),
    });
    // The playbook need not wait for the disk: were the end lost in a crash, so would be everything after it, and the
    // next mutating action waits for its own start, which comes later.
    let written = if mutates { journal.soon(end) } else { journal.buffered(end) };
    written.map_err(stopped)?;
    result
}

/// The effort spent on one action.
struct Effort<'a> {
    position: Position,
    prepared: Prepared,
    key: String,
    journal: &'a Arc<Journal>,
    permits: Arc<Semaphore>,
    attempts: u32,
    upstream: Duration,
}

impl Effort<'_> {
    /// Tries until it ends, or must not be tried again.
    async fn attempts(&mut self) -> ActionResult {
        loop {
            self.attempts += 1;
            let failure = match self.attempt().await {
                Ok(report) => return Ok(report),
                Err(failure) => failure,
            };
            match self.wait_before_next(&failure) {
                Some(wait) => {
                    let line = format!("attempt {} failed, next in {wait:?}: {failure}", self.attempts);
                    // A journal that cannot be written is noticed when the action ends.
                    self.journal.log(Some(self.position), LogLevel::Warn, line).ok();
                    tokio::time::sleep(wait).await;
                }
                None => return Err(failure),
            }
        }
    }

    /// How long to wait before the next attempt; none if there must not be one.
    fn wait_before_next(&self, failure: &Failure) -> Option<Duration> {
        if self.attempts >= ACTION_ATTEMPTS || self.prepared.spec().retry == Retry::Unsafe {
            return None;
        }
        match failure {
            Failure::RateLimited { retry_after_ms: Some(after), .. } => {
                Some(Duration::from_millis(*after)).filter(|wait| *wait <= RETRY_AFTER_MAX)
            }
            Failure::RateLimited { .. } | Failure::Unavailable { .. } => {
                Some(RETRY_WAIT * 2_u32.pow(self.attempts - 1))
            }
            Failure::Upstream { http_status: Some(500..), .. } => {
                Some(RETRY_WAIT * 2_u32.pow(self.attempts - 1))
            }
            _ => None,
        }
    }

    /// One attempt, over all looks at a vendor's job. Nothing is held while the vendor works.
    async fn attempt(&mut self) -> ActionResult {
        let began = Instant::now();
        let mut resume: Option<String> = None;
        loop {
            match self.call(resume.as_deref()).await? {
                Outcome::Done(report) => return Ok(report),
                Outcome::Pending { after, token, message } => {
                    if began.elapsed() + after > PENDING_TIME {
                        let message =
                            format!("not finished after {} min: {message}", PENDING_TIME.as_secs() / 60);
                        return Err(Failure::Unavailable { message });
                    }
                    self.journal.log(Some(self.position), LogLevel::Info, message).ok();
                    tokio::time::sleep(after).await;
                    resume = Some(token);
                }
            }
        }
    }

    /// One call of the connector.
    async fn call(&mut self, resume: Option<&str>) -> Result<Outcome, Failure> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(Failure::Unavailable { message: "the host is stopping".into() });
        };
        let (Prepared { asset, parameters, .. }, spec) = (&self.prepared, self.prepared.spec());
        let call = asset.gate.call(spec.effect, &spec.reads);
        let invocation = Invocation {
            action: &spec.name,
            parameters,
            idempotency_key: &self.key,
            attempt: self.attempts,
            resume,
        };
        let invoked = asset.connector.connector.invoke(call, invocation).await;
        self.upstream += invoked.upstream;
        for line in invoked.log {
            self.journal.log(Some(self.position), line.level, line.message).ok();
        }
        match (invoked.outcome, self.journal.reserve(invoked.report_bytes)) {
            // What happened has happened, and is told; only what was found finds no room.
            (Ok(Outcome::Done(report)), Err(stop)) => Ok(Outcome::Done(Report {
                message: format!("{} What it found is left out: {stop}.", report.message),
                summary: json!({}),
                data: Value::Null,
                ..report
            })),
            (outcome, _) => outcome,
        }
    }
}

/// Whole microseconds; an action is bounded far below where they overflow.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
