//! A loaded connector, and one call of one of its actions.

use std::{collections::HashMap, time::Duration};

use palisade_contract::connector::{
    ConnectorPre, Invocation as WitInvocation, Outcome as WitOutcome,
    palisade::plugin::{clock, connector_descriptor, http, log, random, tcp, types},
};
use palisade_egress::{self as egress, Call, HttpError, Stream, TcpError};
use palisade_model::{
    action::{Failure, Report},
    limits::{LOG_LINE_BYTES, LOG_LINES_PER_RUN, PENDING_WAIT_MIN, TCP_STREAMS},
    plugin::ConnectorManifest,
    run::LogLevel,
};
use serde_json::Value;
use wasmtime::{
    Engine,
    component::{Component, Resource},
};

use crate::{
    fault::Fault,
    guest::Guest,
    sandbox::{LoadError, Sandbox},
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
}

/// What came of a call.
pub struct Invoked {
    /// How it ended.
    pub outcome: Result<Outcome, Failure>,
    /// What the connector logged, scrubbed.
    pub log: Vec<LogLine>,
    /// Time spent waiting for the system on the other side.
    pub upstream: Duration,
    /// Bytes of its report, as JSON text; none if there is none.
    pub report_bytes: usize,
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
        let (pre, wasi) = sandbox
            .link_connector(component)
            .map_err(|error| LoadError::World(format!("it is no connector for this host: {error:#}")))?;
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
    pub async fn invoke(&self, call: Call, invocation: Invocation<'_>) -> Invoked {
        let Some(action) = self.actions.get(invocation.action) else {
            let message = format!("{} has no action `{}`", self.name, invocation.action);
            return Invoked::without_a_call(Failure::InvalidParameters { message });
        };
        if let Err(violation) = action.parameters.check(invocation.parameters) {
            return Invoked::without_a_call(Failure::InvalidParameters { message: violation });
        }
        let wit = WitInvocation {
            action: invocation.action.to_owned(),
            parameters: invocation.parameters.to_string(),
            configuration: call.configuration().to_string(),
            idempotency_key: invocation.idempotency_key.to_owned(),
            attempt: invocation.attempt,
            resume: invocation.resume.map(str::to_owned),
        };
        let wasi = self.wasi.then(Wasi::of_connector);
        let mut store = Guest::store(&self.engine, wasi, ConnectorHost::new(Some(call)));
        let result = tokio::time::timeout(action.time_limit, async {
            let instance = self.pre.instantiate_async(&mut store).await?;
            instance.call_invoke(&mut store, &wit).await
        })
        .await;
        // The call outlives the instance: what comes out is scrubbed by it.
        let host = store.into_data().host;
        let report_bytes = match &result {
            Ok(Ok(Ok(WitOutcome::Done(report)))) => wit::report_bytes(report),
            _ => 0,
        };
        let outcome = match result {
            Ok(Ok(answer)) => self.accept(action, &host, answer),
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
        let upstream = host.call.as_ref().map_or(Duration::ZERO, Call::upstream);
        Invoked { outcome, log: host.log, upstream, report_bytes }
    }

    /// Checks what came out of the instance, and scrubs it.
    fn accept(
        &self,
        action: &Action,
        host: &ConnectorHost,
        answer: Result<WitOutcome, types::Failure>,
    ) -> Result<Outcome, Failure> {
        let fault =
            |cause: String| Failure::Plugin { message: Fault::because(&self.name, cause).to_string() };
        let words = |text: String| wit::line(host.scrub(text), LOG_LINE_BYTES);
        match answer {
            Ok(WitOutcome::Done(report)) => {
                let report = wit::report(report, |text| host.scrub(text)).map_err(fault)?;
                action
                    .output
                    .check(&report.data)
                    .map_err(|violation| fault(format!("its answer violates its own schema: {violation}")))?;
                Ok(Outcome::Done(report))
            }
            Ok(WitOutcome::Pending(pending)) => {
                if pending.token.len() > TOKEN_BYTES {
                    return Err(fault(format!("its pending token is longer than {TOKEN_BYTES} bytes")));
                }
                Ok(Outcome::Pending {
                    after: Duration::from_millis(pending.after_ms).max(PENDING_WAIT_MIN),
                    token: pending.token,
                    message: words(pending.message),
                })
            }
            Err(failure) => Err(wit::failure(failure, words)),
        }
    }
}

impl Invoked {
    fn without_a_call(failure: Failure) -> Self {
        Self { outcome: Err(failure), log: Vec::new(), upstream: Duration::ZERO, report_bytes: 0 }
    }
}

/// The host's side of a connector's imports, for one call.
pub(crate) struct ConnectorHost {
    /// All that the instance can reach; nothing while it describes itself.
    call: Option<Call>,
    streams: Vec<Option<Stream>>,
    log: Vec<LogLine>,
}

impl ConnectorHost {
    pub(crate) fn new(call: Option<Call>) -> Self {
        Self { call, streams: Vec::new(), log: Vec::new() }
    }

    fn scrub(&self, text: String) -> String {
        match &self.call {
            Some(call) => call.scrub(text),
            None => text,
        }
    }

    /// The last line that was logged as an error: after a panic, its message.
    pub(crate) fn last_error(&self) -> Option<&str> {
        self.log.iter().rev().find(|line| line.level == LogLevel::Error).map(|line| line.message.as_str())
    }

    fn stream(&mut self, resource: &Resource<tcp::TcpStream>) -> wasmtime::Result<&mut Stream> {
        let index = usize::try_from(resource.rep())?;
        self.streams
            .get_mut(index)
            .and_then(Option::as_mut)
            .ok_or_else(|| wasmtime::Error::msg("it used a stream that is closed"))
    }
}

impl types::Host for Guest<ConnectorHost> {}

impl connector_descriptor::Host for Guest<ConnectorHost> {}

impl log::Host for Guest<ConnectorHost> {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        if self.host.log.len() < LOG_LINES_PER_RUN {
            let message = wit::line(self.host.scrub(message), LOG_LINE_BYTES);
            self.host.log.push(LogLine { level: wit::level(level), message });
        }
        Ok(())
    }
}

impl clock::Host for Guest<ConnectorHost> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(wit::now())
    }
}

impl random::Host for Guest<ConnectorHost> {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(wit::random_bytes(count)?)
    }
}

impl http::Host for Guest<ConnectorHost> {
    async fn send(
        &mut self,
        request: http::Request,
    ) -> wasmtime::Result<Result<http::Response, http::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(http::Error::Denied(NOTHING_GRANTED.into())));
        };
        let request = egress::Request {
            method: request.method,
            url: request.url,
            headers: request.headers,
            authorization: request.authorization.map(|authorization| match authorization {
                http::Authorization::Basic((user, password)) => {
                    egress::Authorization::Basic { user, password }
                }
                http::Authorization::Bearer(token) => egress::Authorization::Bearer(token),
            }),
            body: request.body,
            timeout: request.timeout_ms.map(Duration::from_millis),
        };
        Ok(match call.send(request).await {
            Ok(response) => {
                Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
            }
            Err(error) => Err(http_error(&error)),
        })
    }
}

impl tcp::Host for Guest<ConnectorHost> {
    async fn connect(
        &mut self,
        host: String,
        port: u16,
    ) -> wasmtime::Result<Result<Resource<tcp::TcpStream>, tcp::Error>> {
        let Some(call) = &self.host.call else {
            return Ok(Err(tcp::Error::Denied(NOTHING_GRANTED.into())));
        };
        Ok(match call.connect(&host, port).await {
            Ok(stream) => {
                // Closed streams keep their place, so this bounds how many one call may ever open.
                if self.host.streams.len() >= TCP_STREAMS * 8 {
                    return Ok(Err(tcp::Error::Denied("it opened too many streams in one call".into())));
                }
                self.host.streams.push(Some(stream));
                Ok(Resource::new_own(u32::try_from(self.host.streams.len() - 1)?))
            }
            Err(error) => Err(tcp_error(&error)),
        })
    }
}

impl tcp::HostTcpStream for Guest<ConnectorHost> {
    async fn write(
        &mut self,
        stream: Resource<tcp::TcpStream>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), tcp::Error>> {
        Ok(self.host.stream(&stream)?.write(&bytes).await.map_err(|error| tcp_error(&error)))
    }

    async fn read(
        &mut self,
        stream: Resource<tcp::TcpStream>,
        max: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, tcp::Error>> {
        Ok(self.host.stream(&stream)?.read(max).await.map_err(|error| tcp_error(&error)))
    }

    async fn start_tls(
        &mut self,
        stream: Resource<tcp::TcpStream>,
    ) -> wasmtime::Result<Result<(), tcp::Error>> {
        Ok(self.host.stream(&stream)?.start_tls().await.map_err(|error| tcp_error(&error)))
    }

    fn drop(&mut self, stream: Resource<tcp::TcpStream>) -> wasmtime::Result<()> {
        if let Some(slot) = self.host.streams.get_mut(usize::try_from(stream.rep())?) {
            *slot = None;
        }
        Ok(())
    }
}

const NOTHING_GRANTED: &str = "a plugin that describes itself can reach nothing";

fn http_error(error: &HttpError) -> http::Error {
    let message = error.to_string();
    match error {
        HttpError::Denied(_) => http::Error::Denied(message),
        HttpError::Invalid(_) => http::Error::Invalid(message),
        HttpError::Unreachable(_) => http::Error::Unreachable(message),
        HttpError::Tls(_) => http::Error::Tls(message),
        HttpError::Timeout(_) => http::Error::Timeout(message),
        HttpError::TooLarge(_) => http::Error::TooLarge(message),
    }
}

fn tcp_error(error: &TcpError) -> tcp::Error {
    let message = error.to_string();
    match error {
        TcpError::Denied(_) => tcp::Error::Denied(message),
        TcpError::Unreachable(_) => tcp::Error::Unreachable(message),
        TcpError::Tls(_) => tcp::Error::Tls(message),
        TcpError::Timeout(_) => tcp::Error::Timeout(message),
    }
}
