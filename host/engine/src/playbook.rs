//! A loaded playbook, and one run of it.

use std::{future::Future, pin::Pin};

use palisade_contract::playbook::{
    PlaybookPre,
    palisade::plugin::{actions, alerts, clock, log, playbook_descriptor, random, types},
};
use palisade_model::{
    Timestamp,
    action::ActionResult,
    alert::{Alert, AlertChange, AlertStatus, Artifact, Note, Severity},
    limits::{ALERT_TEXT_BYTES, LOG_LINE_BYTES, NOTE_BYTES, RUN_TIME},
    plugin::PlaybookManifest,
    run::{LogLevel, Position},
};
use serde_json::{Map, Value};
use wasmtime::{Engine, component::Component};

use crate::{
    fault::Fault,
    guest::Guest,
    sandbox::{LoadError, Sandbox},
    wasi::Wasi,
    wit,
};

/// A future in a box, as the methods of [`RunHost`] return them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a run does for its playbook. The order of the calls is the playbook's own.
pub trait RunHost: Send + 'static {
    /// The alert as it stands for this run.
    fn alert(&self) -> &Alert;
    /// Who writes notes: `run 17`.
    fn author(&self) -> String;
    /// Changes the alert.
    fn change(&mut self, change: AlertChange) -> BoxFuture<'_, Result<(), Stop>>;
    /// Starts an action and returns its place in the run.
    fn start(&mut self, action: StartAction) -> BoxFuture<'_, Result<Position, Stop>>;
    /// Waits until the action has ended.
    fn wait(&mut self, action: Position) -> BoxFuture<'_, Result<ActionResult, Stop>>;
    /// Waits until one of these has ended, or until the deadline (milliseconds since 1970).
    fn wait_any(
        &mut self,
        actions: Vec<Position>,
        deadline: Option<u64>,
    ) -> BoxFuture<'_, Result<Option<Position>, Stop>>;
    /// Writes a line of log.
    ///
    /// # Errors
    ///
    /// [`Stop`] if the run cannot go on.
    fn log(&mut self, level: LogLevel, message: String) -> Result<(), Stop>;
    /// The time.
    fn now(&mut self) -> BoxFuture<'_, Result<u64, Stop>>;
    /// Random bytes.
    fn random(&mut self, count: u32) -> BoxFuture<'_, Result<Vec<u8>, Stop>>;
}

/// An action that a playbook asks for.
pub struct StartAction {
    /// Name of the connector.
    pub connector: String,
    /// Name of the action.
    pub action: String,
    /// The asset to act on; none for the connector's default.
    pub asset: Option<String>,
    /// Its parameters, as the playbook wrote them.
    pub parameters: String,
}

/// Why a run cannot go on: the playbook is stopped at this call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Stop(pub String);

/// A playbook, compiled and linked: ready to be run from any thread.
pub struct Playbook {
    name: String,
    engine: Engine,
    pre: PlaybookPre<Guest<PlaybookHost>>,
    wasi: bool,
}

impl Playbook {
    pub(crate) fn new(
        sandbox: &Sandbox,
        component: &Component,
        manifest: &PlaybookManifest,
    ) -> Result<Self, LoadError> {
        let (pre, wasi) = sandbox
            .link_playbook(component)
            .map_err(|error| LoadError::World(format!("it is no playbook for this host: {error:#}")))?;
        Ok(Self { name: manifest.identity.name.to_string(), engine: sandbox.engine().clone(), pre, wasi })
    }

    /// Runs the playbook in an instance of its own. Returns its own word on how it ended, or the fault that ended it.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it broke, was stopped by its host, or took longer than [`RUN_TIME`].
    pub async fn run(&self, host: Box<dyn RunHost>) -> Result<Result<String, String>, Fault> {
        let wasi = self.wasi.then(|| Wasi::of_playbook(Some(host.alert())));
        let mut store = Guest::store(&self.engine, wasi, PlaybookHost::new(Some(host)));
        let result = tokio::time::timeout(RUN_TIME, async {
            let instance = self.pre.instantiate_async(&mut store).await?;
            instance.call_run(&mut store).await
        })
        .await;
        let words = |text: String| wit::line(text, NOTE_BYTES);
        match result {
            Ok(Ok(answer)) => Ok(answer.map(words).map_err(words)),
            Ok(Err(error)) => Err(match error.downcast_ref::<Stop>() {
                Some(stop) => Fault::because(&self.name, stop.to_string()),
                None => Fault::new(&self.name, &error).after(store.data().host.last_error.as_deref()),
            }),
            Err(_) => {
                Err(Fault::because(&self.name, format!("it did not end within {} s", RUN_TIME.as_secs())))
            }
        }
    }
}

/// The host's side of a playbook's imports, for one run.
pub(crate) struct PlaybookHost {
    /// The run; none while the playbook describes itself.
    run: Option<Box<dyn RunHost>>,
    /// The last line that was logged as an error: after a panic, its message.
    last_error: Option<String>,
}

impl PlaybookHost {
    pub(crate) fn new(run: Option<Box<dyn RunHost>>) -> Self {
        Self { run, last_error: None }
    }

    fn run(&mut self) -> wasmtime::Result<&mut dyn RunHost> {
        match &mut self.run {
            Some(run) => Ok(run.as_mut()),
            None => Err(wasmtime::Error::msg("a plugin that describes itself can reach nothing")),
        }
    }

    async fn change(&mut self, change: AlertChange) -> wasmtime::Result<()> {
        Ok(self.run()?.change(change).await?)
    }
}

impl types::Host for Guest<PlaybookHost> {}

impl playbook_descriptor::Host for Guest<PlaybookHost> {}

impl log::Host for Guest<PlaybookHost> {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let (level, message) = (wit::level(level), wit::line(message, LOG_LINE_BYTES));
        if level == LogLevel::Error {
            self.host.last_error = Some(message.clone());
        }
        Ok(self.host.run()?.log(level, message)?)
    }
}

impl clock::Host for Guest<PlaybookHost> {
    async fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.host.run()?.now().await?)
    }
}

impl random::Host for Guest<PlaybookHost> {
    async fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(self.host.run()?.random(count).await?)
    }
}

impl actions::Host for Guest<PlaybookHost> {
    async fn start(&mut self, request: actions::Request) -> wasmtime::Result<u32> {
        let action = StartAction {
            connector: request.connector,
            action: request.action,
            asset: request.asset,
            parameters: request.parameters,
        };
        Ok(self.host.run()?.start(action).await?)
    }

    async fn wait(&mut self, id: u32) -> wasmtime::Result<Result<types::Report, types::Failure>> {
        Ok(wit::action_result(self.host.run()?.wait(id).await?))
    }

    async fn wait_any(&mut self, ids: Vec<u32>) -> wasmtime::Result<u32> {
        if ids.is_empty() {
            return Err(wasmtime::Error::msg("it waits for any of no actions: that would never end"));
        }
        let first = self.host.run()?.wait_any(ids, None).await?;
        first.ok_or_else(|| wasmtime::Error::msg("a wait without a deadline ended without an action"))
    }

    async fn wait_until(&mut self, ids: Vec<u32>, deadline: u64) -> wasmtime::Result<Option<u32>> {
        Ok(self.host.run()?.wait_any(ids, Some(deadline)).await?)
    }
}

impl alerts::Host for Guest<PlaybookHost> {
    async fn get(&mut self) -> wasmtime::Result<alerts::Alert> {
        let alert = self.host.run()?.alert();
        Ok(alerts::Alert {
            id: alert.id,
            name: alert.content.name.clone(),
            label: alert.content.label.clone(),
            source: alert.content.source.clone(),
            source_id: alert.content.source_id.clone(),
            severity: match alert.content.severity {
                Severity::Informational => alerts::Severity::Informational,
                Severity::Low => alerts::Severity::Low,
                Severity::Medium => alerts::Severity::Medium,
                Severity::High => alerts::Severity::High,
                Severity::Critical => alerts::Severity::Critical,
            },
            status: match alert.status {
                AlertStatus::New => alerts::AlertStatus::New,
                AlertStatus::Open => alerts::AlertStatus::Open,
                AlertStatus::Closed => alerts::AlertStatus::Closed,
            },
            owner: alert.owner.clone(),
            description: alert.content.description.clone(),
            received: u64::try_from(alert.received.as_millisecond()).unwrap_or(0),
            link: alert.content.link.clone(),
        })
    }

    async fn artifacts(&mut self) -> wasmtime::Result<Vec<alerts::Artifact>> {
        let artifacts = &self.host.run()?.alert().content.artifacts;
        Ok(artifacts
            .iter()
            .map(|artifact| alerts::Artifact {
                id: artifact.id,
                name: artifact.name.clone(),
                label: artifact.label.clone(),
                cef: Value::Object(artifact.cef.clone()).to_string(),
            })
            .collect())
    }

    async fn set_severity(&mut self, severity: alerts::Severity) -> wasmtime::Result<()> {
        let severity = match severity {
            alerts::Severity::Informational => Severity::Informational,
            alerts::Severity::Low => Severity::Low,
            alerts::Severity::Medium => Severity::Medium,
            alerts::Severity::High => Severity::High,
            alerts::Severity::Critical => Severity::Critical,
        };
        self.host.change(AlertChange::Severity(severity)).await
    }

    async fn set_status(&mut self, status: alerts::AlertStatus) -> wasmtime::Result<()> {
        let status = match status {
            alerts::AlertStatus::New => AlertStatus::New,
            alerts::AlertStatus::Open => AlertStatus::Open,
            alerts::AlertStatus::Closed => AlertStatus::Closed,
        };
        self.host.change(AlertChange::Status(status)).await
    }

    async fn set_owner(&mut self, owner: Option<String>) -> wasmtime::Result<()> {
        let owner = owner.map(|owner| wit::line(owner, ALERT_TEXT_BYTES));
        self.host.change(AlertChange::Owner(owner)).await
    }

    async fn add_note(&mut self, title: String, text: String) -> wasmtime::Result<()> {
        let note = Note {
            at: Timestamp::now(),
            author: self.host.run()?.author(),
            title: wit::line(title, ALERT_TEXT_BYTES),
            text: text[..text.floor_char_boundary(NOTE_BYTES)].to_owned(),
        };
        self.host.change(AlertChange::Note(note)).await
    }

    async fn add_artifact(
        &mut self,
        name: String,
        label: String,
        cef: String,
    ) -> wasmtime::Result<Result<u64, String>> {
        if cef.len() > NOTE_BYTES {
            return Ok(Err(format!(
                "the CEF fields have {} bytes; at most {NOTE_BYTES} are accepted",
                cef.len()
            )));
        }
        let cef = match serde_json::from_str::<Map<String, Value>>(&cef) {
            Ok(cef) => cef,
            Err(error) => return Ok(Err(format!("the CEF fields are no JSON object: {error}"))),
        };
        let artifacts = &self.host.run()?.alert().content.artifacts;
        let id = artifacts.iter().map(|artifact| artifact.id).max().unwrap_or(0) + 1;
        let artifact = Artifact {
            id,
            name: wit::line(name, ALERT_TEXT_BYTES),
            label: wit::line(label, ALERT_TEXT_BYTES),
            cef,
            data: Map::new(),
        };
        self.host.change(AlertChange::Artifact(artifact)).await?;
        Ok(Ok(id))
    }
}
