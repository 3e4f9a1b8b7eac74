//! A loaded connector, and one call of one of its actions.

mod host;

use std::{collections::HashMap, time::Duration};

use palisade_contract::connector::{
    Connector as Exports, ConnectorPre, Invocation as WitInvocation, Outcome as WitOutcome,
    Verdict as WitVerdict, palisade::plugin::types,
};
use palisade_egress::Call;
use palisade_model::{
    action::{Failure, Report},
    journal::LogLevel,
    limits::{LOG_LINE_BYTES, PENDING_WAIT_MIN},
    plugin::ConnectorManifest,
};
use serde_json::Value;
use wasmtime::{Engine, Store, component::Component};

pub(crate) use self::host::ConnectorHost;
use crate::{
    fault::Fault,
    guest::Guest,
    playbook::BoxFuture,
    sandbox::{Linked, LoadError, Sandbox},
    schema::Schema,
    wasi::Wasi,
    wit,
};

/// Bytes of a token that a pending action hands back.
const TOKEN_BYTES: usize = 16 * 1024;

/// A connector, compiled, linked and checked: ready to be called from any thread.
pub struct Connector {
    name: String,
    engine: Engine,
    pre: ConnectorPre<Guest<ConnectorHost>>,
    wasi: bool,
    actions: HashMap<String, Action>,
}

/// What the host checks about one action.
struct Action {
    parameters: Schema,
    output: Schema,
    time_limit: Duration,
}

/// One call.
pub struct Invocation<'a> {
    /// Name of the action.
    pub action: &'a str,
    /// Its parameters.
    pub parameters: &'a Value,
    /// The same for every attempt at the same step.
    pub idempotency_key: &'a str,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The token of the pending answer that this call comes back for.
    pub resume: Option<&'a str>,
    /// The run was cancelled while the job of `resume` was pending: this call is to stop the job.
    pub cancelled: bool,
}

/// What came of a call.
pub struct Invoked {
    /// How it ended.
    pub outcome: Result<Outcome, Failure>,
    /// It failed, and nobody knows whether it took effect: a request that may change something was not answered, or one
    /// left and the failure is the host's word and not the connector's.
    pub doubt: bool,
    /// What the connector logged, scrubbed.
    pub log: Vec<LogLine>,
    /// Time spent waiting for the system on the other side.
    pub upstream: Duration,
    /// Bytes of its report, as JSON text; none if there is none.
    pub report_bytes: usize,
    /// Bytes of linear memory that the instance had at its end, which is the most it ever had.
    pub memory_bytes: usize,
}

/// How a call ended that did not fail.
pub enum Outcome {
    /// The action ran to its end.
    Done(Report),
    /// The system works on it: call again.
    Pending {
        /// After this time.
        after: Duration,
        /// With this token.
        token: String,
        /// How far it is.
        message: String,
    },
}

/// What came of the question whether a call took effect.
pub struct Verified {
    /// The connector's word.
    pub verdict: Result<Verdict, Failure>,
    /// What the connector logged, scrubbed.
    pub log: Vec<LogLine>,
    /// Time spent waiting for the system on the other side.
    pub upstream: Duration,
    /// Bytes of the report, as JSON text; none if there is none.
    pub report_bytes: usize,
}

/// Whether a call took effect.
pub enum Verdict {
    /// It did: the report that the call would have given.
    Happened(Report),
    /// It did not, and no trace of it is under way.
    DidNotHappen,
    /// The system cannot tell; says why.
    Unknown(String),
}

/// One line of log.
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// The line.
    pub message: String,
}

impl Connector {
    pub(crate) fn new(
        sandbox: &Sandbox,
        component: &Component,
        manifest: &ConnectorManifest,
    ) -> Result<Self, LoadError> {
        let Linked { pre, wasi, .. } = sandbox.link_connector(component)?;
        let mut actions = HashMap::new();
        for action in &manifest.actions {
            let checks = Action {
                parameters: Schema::new("parameters", &action.parameters)?,
                output: Schema::new("output", &action.output)?,
                time_limit: Duration::from_millis(action.time_limit_ms),
            };
            actions.insert(action.name.clone(), checks);
        }
        let name = manifest.identity.name.to_string();
        Ok(Self { name, engine: sandbox.engine().clone(), pre, wasi, actions })
    }

    /// Runs one action in an instance of its own. `call` is all that it can reach.
    ///
    /// Dropped before its end, it stops where it is; what has left by then has left.
    pub async fn invoke(&self, call: Call, invocation: Invocation<'_>) -> Invoked {
        let enter: Enter<_> = |instance, store, call| Box::pin(instance.call_invoke(store, call));
        let ended = self
            .enter(call, &invocation, enter, |customs, outcome| match outcome {
                WitOutcome::Done(report) => customs.report(report).map(Outcome::Done),
                WitOutcome::Pending(pending) if pending.token.len() > TOKEN_BYTES => {
                    Err(format!("its pending token is longer than {TOKEN_BYTES} bytes"))
                }
                WitOutcome::Pending(pending) => Ok(Outcome::Pending {
                    after: Duration::from_millis(pending.after_ms).max(PENDING_WAIT_MIN),
                    token: pending.token,
                    message: customs.words(pending.message),
                }),
            })
            .await;
        let Ended { answer, doubt, log, upstream, report_bytes, memory_bytes } = ended;
        Invoked { outcome: answer, doubt, log, upstream, report_bytes, memory_bytes }
    }

    /// Asks whether a call that was sent took effect, in an instance of its own and within the limits of the action.
    /// `call` is all that it can reach; the caller lets it only read.
    pub async fn verify(&self, call: Call, invocation: Invocation<'_>) -> Verified {
        let enter: Enter<_> = |instance, store, call| Box::pin(instance.call_verify(store, call));
        let ended = self
            .enter(call, &invocation, enter, |customs, verdict| match verdict {
                WitVerdict::Happened(report) => customs.report(report).map(Verdict::Happened),
                WitVerdict::DidNotHappen => Ok(Verdict::DidNotHappen),
                WitVerdict::Unknown(why) => Ok(Verdict::Unknown(customs.words(why))),
            })
            .await;
        let Ended { answer, log, upstream, report_bytes, .. } = ended;
        Verified { verdict: answer, log, upstream, report_bytes }
    }

    /// Calls one export in an instance of its own, and lets through what `accept` makes of its answer.
    async fn enter<W, T>(
        &self,
        call: Call,
        invocation: &Invocation<'_>,
        enter: Enter<W>,
        accept: impl FnOnce(&mut Customs<'_>, W) -> Result<T, String>,
    ) -> Ended<T> {
        let action = match self.action(invocation) {
            Ok(action) => action,
            Err(message) => return Ended::without_a_call(Failure::InvalidParameters { message }),
        };
        let wit = WitInvocation {
            action: invocation.action.to_owned(),
            parameters: invocation.parameters.to_string(),
            configuration: call.configuration().to_string(),
            idempotency_key: invocation.idempotency_key.to_owned(),
            attempt: invocation.attempt,
            resume: invocation.resume.map(str::to_owned),
            cancelled: invocation.cancelled,
        };
        let wasi = self.wasi.then(Wasi::of_connector);
        let mut store = Guest::store(&self.engine, wasi, ConnectorHost::new(Some(call)));
        let result = tokio::time::timeout(action.time_limit, async {
            let instance = self.pre.instantiate_async(&mut store).await?;
            enter(&instance, &mut store, &wit).await
        })
        .await;
        // The call outlives the instance: what comes out is scrubbed by it.
        let guest = store.into_data();
        let (memory_bytes, host) = (guest.memory_bytes(), guest.host);
        let mut customs = Customs { output: &action.output, host: &host, report_bytes: 0 };
        let told = matches!(result, Ok(Ok(Err(_))));
        let answer = match result {
            Ok(Ok(Ok(answer))) => accept(&mut customs, answer)
                .map_err(|cause| Failure::Plugin { message: Fault::because(&self.name, cause).to_string() }),
            Ok(Ok(Err(failure))) => Err(wit::failure(failure, |text| customs.words(text))),
            Ok(Err(error)) => {
                let fault = Fault::new(&self.name, &error).after(host.last_error());
                Err(Failure::Plugin { message: host.scrub(fault.to_string()) })
            }
            Err(_) => Err(Failure::Unavailable {
                message: format!(
                    "`{}` of {} did not end within its limit of {:?}",
                    invocation.action, self.name, action.time_limit
                ),
            }),
        };
        let report_bytes = customs.report_bytes;
        let doubt = answer.is_err()
            && host.call.as_ref().is_some_and(|call| {
                // A connector that could read every answer knows what its failure means; the host does not.
                if told { call.is_unanswered() } else { call.may_have_changed() }
            });
        let upstream = host.call.as_ref().map_or(Duration::ZERO, Call::upstream);
        Ended { answer, doubt, log: host.log, upstream, report_bytes, memory_bytes }
    }

    fn action(&self, invocation: &Invocation<'_>) -> Result<&Action, String> {
        let action = self
            .actions
            .get(invocation.action)
            .ok_or_else(|| format!("{} has no action `{}`", self.name, invocation.action))?;
        action.parameters.check(invocation.parameters)?;
        Ok(action)
    }
}

/// How one export is called.
type Enter<W> = for<'a> fn(
    &'a Exports,
    &'a mut Store<Guest<ConnectorHost>>,
    &'a WitInvocation,
) -> BoxFuture<'a, wasmtime::Result<Result<W, types::Failure>>>;

/// What came of a call of either export.
struct Ended<T> {
    answer: Result<T, Failure>,
    doubt: bool,
    log: Vec<LogLine>,
    upstream: Duration,
    report_bytes: usize,
    memory_bytes: usize,
}

impl<T> Ended<T> {
    fn without_a_call(failure: Failure) -> Self {
        Self {
            answer: Err(failure),
            doubt: false,
            log: Vec::new(),
            upstream: Duration::ZERO,
            report_bytes: 0,
            memory_bytes: 0,
        }
    }
}

/// Checks what comes out of an instance, and scrubs it.
struct Customs<'a> {
    output: &'a Schema,
    host: &'a ConnectorHost,
    /// Bytes of the report that was looked at.
    report_bytes: usize,
}

impl Customs<'_> {
    fn report(&mut self, report: types::Report) -> Result<Report, String> {
        self.report_bytes = wit::report_bytes(&report);
        let report = wit::report(report, |text| self.host.scrub(text))?;
        self.output
            .check(&report.data)
            .map_err(|violation| format!("its answer violates its own schema: {violation}"))?;
        Ok(report)
    }

    fn words(&self, text: String) -> String {
        wit::line(self.host.scrub(text), LOG_LINE_BYTES)
    }
}
