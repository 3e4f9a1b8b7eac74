//! The service: what the edge calls.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use palisade_engine::{Allocation, Invocation, Outcome, Sandbox, Stop};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure},
    alert::{AlertId, NewAlert},
    hex,
    limits::{ACTIONS_AT_ONCE, ALERTS_WAITING, PAGE_ITEMS, RUNS_AT_ONCE, STOP_TIME},
    name::Name,
    run::{Event, Position, RunId, RunStatus},
};
use palisade_store::{Append, Appended, Durability, NewRun, Store, StoreError};
use palisade_vault::Vault;
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    catalogue::{Catalogue, LoadedPlaybook},
    dispatch,
    journal::Journal,
    run::{self, RunContext},
    work::Work,
};

/// The action that checks an asset.
const TEST_CONNECTIVITY: &str = "test connectivity";

/// The setting that tells this installation from every other.
const INSTALLATION: &str = "installation";

/// Everything between an acknowledged alert and a concluded run; one for the process.
pub struct Runs {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) vault: Vault,
    pub(crate) alerts: Notify,
    pub(crate) stopping: AtomicBool,
    /// What a stop waits for.
    pub(crate) at_work: watch::Sender<usize>,
    pub(crate) run_permits: Arc<Semaphore>,
    action_permits: Arc<Semaphore>,
    catalogue: RwLock<Arc<Catalogue>>,
    /// Held while the catalogue changes, so that changes follow one another.
    pub(crate) changing: tokio::sync::Mutex<()>,
    changed: watch::Sender<u64>,
    installation: String,
}

/// What became of an alert. Either way it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// It is new.
    New(AlertId),
    /// It was received before, under this number.
    Duplicate(AlertId),
}

/// How a test of an asset went.
pub struct Tested {
    /// What the connector said.
    pub result: ActionResult,
    /// How long it took.
    pub took: Duration,
}

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// Too many alerts wait.
    #[error("{ALERTS_WAITING} alerts wait to be handled; send this one again later")]
    Overloaded,
    /// There is no such thing.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// What.
        what: &'static str,
        /// Its name or number.
        name: String,
    },
    /// It is configured, and cannot be used.
    #[error("asset `{0}` cannot be used; the host's log says why")]
    NotReady(Name),
    /// The first start cannot make the installation's number.
    #[error("this installation cannot get a number of its own")]
    Installation(#[source] Stop),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Runs {
    /// Loads what is installed, ends what a stop of the host interrupted, and starts to handle alerts.
    ///
    /// # Errors
    ///
    /// When the store cannot be read. A plugin or asset that cannot be loaded is logged and left out: the rest works.
    pub async fn start(
        store: Arc<dyn Store>,
        sandbox: Arc<Sandbox>,
        vault: Vault,
    ) -> Result<Arc<Self>, RunsError> {
        let runs = Arc::new(Self {
            installation: installation(&*store).await?,
            catalogue: RwLock::default(),
            store,
            sandbox,
            vault,
            alerts: Notify::new(),
            stopping: AtomicBool::new(false),
            at_work: watch::Sender::new(0),
            run_permits: Arc::new(Semaphore::new(RUNS_AT_ONCE)),
            action_permits: Arc::new(Semaphore::new(ACTIONS_AT_ONCE)),
            changing: tokio::sync::Mutex::default(),
            changed: watch::Sender::new(0),
        });
        runs.load().await?;
        runs.end_interrupted().await?;
        tokio::spawn(dispatch::dispatch(Arc::clone(&runs)));
        Ok(runs)
    }

    /// Starts no more runs and waits for those at work. Alerts that wait are handled after the next start; a run that
    /// does not end within [`STOP_TIME`] is interrupted.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.alerts.notify_one();
        let mut at_work = self.at_work.subscribe();
        if tokio::time::timeout(STOP_TIME, at_work.wait_for(|count| *count == 0)).await.is_err() {
            tracing::warn!("Runs were still at work when the host stopped; they are interrupted.");
        }
    }

    /// Takes an alert in. When this returns, the alert survives loss of power and gets its runs, after the next start if
    /// need be. A run that a stop of the host interrupts is not begun again.
    ///
    /// # Errors
    ///
    /// [`RunsError::Overloaded`], or the store's.
    pub async fn ingest(&self, alert: NewAlert) -> Result<Ingested, RunsError> {
        if self.store.waiting_count() >= ALERTS_WAITING as u64 {
            return Err(RunsError::Overloaded);
        }
        match self.store.append_alert(Timestamp::now(), alert).await? {
            Appended::New(id) => {
                self.alerts.notify_one();
                Ok(Ingested::New(id))
            }
            Appended::Duplicate(id) => Ok(Ingested::Duplicate(id)),
        }
    }

    /// Starts a playbook on an alert, whatever the alert's label.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`], or the store's.
    pub async fn run_playbook(self: &Arc<Self>, playbook: &str, alert: AlertId) -> Result<RunId, RunsError> {
        let catalogue = self.catalogue();
        let missing = |what, name: String| RunsError::Missing { what, name };
        let playbook =
            catalogue.playbook(playbook).cloned().ok_or_else(|| missing("playbook", playbook.to_owned()))?;
        if self.store.alert(alert)?.is_none() {
            return Err(missing("alert", alert.to_string()));
        }
        let run = self.store.start_run(alert, new_run(&playbook)).await?;
        self.spawn(run, alert, playbook, catalogue);
        Ok(run)
    }

    /// Asks an asset's connector whether the asset works.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`] if there is no such asset, [`RunsError::NotReady`] if its connector does not load.
    pub async fn test_asset(&self, name: &Name) -> Result<Tested, RunsError> {
        let catalogue = self.catalogue();
        let Some(asset) = catalogue.asset(name.as_str()) else {
            return Err(match self.store.asset(name)? {
                Some(_) => RunsError::NotReady(name.clone()),
                None => RunsError::Missing { what: "asset", name: name.to_string() },
            });
        };
        let began = Instant::now();
        let Some(spec) = asset.connector.manifest.action(TEST_CONNECTIVITY) else {
            let message = format!("connector {} has no action `{TEST_CONNECTIVITY}`", asset.asset.connector);
            return Ok(Tested { result: Err(Failure::NotFound { message }), took: began.elapsed() });
        };
        let _permit = self.action_permits.acquire().await;
        let call = asset.gate.call(spec.effect, &spec.reads);
        let invocation = Invocation {
            action: TEST_CONNECTIVITY,
            parameters: &json!({}),
            idempotency_key: "",
            attempt: 1,
            resume: None,
        };
        let result = match asset.connector.connector.invoke(call, invocation).await.outcome {
            Ok(Outcome::Done(report)) => Ok(report),
            Ok(Outcome::Pending { message, .. }) => {
                Err(Failure::Unavailable { message: format!("the test did not end: {message}") })
            }
            Err(failure) => Err(failure),
        };
        Ok(Tested { result, took: began.elapsed() })
    }

    /// What is installed and configured now.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where instances of plugins live.
    pub fn allocation(&self) -> Allocation {
        self.sandbox.allocation()
    }

    /// The store, for reading.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Tells that a journal grew: subscribe, read what you watch, wait for a change, read again.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub(crate) fn set_catalogue(&self, catalogue: Catalogue) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
    }

    /// Lets a run that was created go, as soon as there is room.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        run: RunId,
        alert: AlertId,
        playbook: Arc<LoadedPlaybook>,
        catalogue: Arc<Catalogue>,
    ) {
        let runs = Arc::clone(self);
        let work = Work::begin(&self.at_work);
        tokio::spawn(async move {
            let _work = work;
            let Ok(_permit) = Arc::clone(&runs.run_permits).acquire_owned().await else { return };
            let journal = Arc::new(Journal::new(run, 0, Arc::clone(&runs.store), runs.changed.clone()));
            let alert = match runs.store.alert(alert) {
                Ok(Some(alert)) => alert,
                Ok(None) => return tracing::error!(run, alert, "The alert of a run is gone."),
                Err(error) => {
                    return tracing::error!(
                        run,
                        error = &error as &dyn std::error::Error,
                        "An alert could not be read."
                    );
                }
            };
            let permits = Arc::clone(&runs.action_permits);
            let installation = runs.installation.clone();
            run::run(RunContext { alert, playbook, catalogue, journal, permits, installation }).await;
        });
    }

    /// Loads every installed plugin and configured asset.
    async fn load(&self) -> Result<(), RunsError> {
        let mut catalogue = Catalogue::default();
        for plugin in self.store.plugins()? {
            let name = plugin.name().clone();
            if let Err(error) = self.compile_again(&plugin).await {
                tracing::error!(plugin = %name, error = &error as &dyn std::error::Error, "A plugin cannot be compiled.");
                continue;
            }
            match catalogue.clone().with_plugin(&plugin, &self.sandbox, &self.vault) {
                Ok(with_plugin) => catalogue = with_plugin,
                Err(error) => {
                    tracing::error!(plugin = %name, error = &error as &dyn std::error::Error, "A plugin cannot be loaded.");
                }
            }
        }
        for asset in self.store.assets()? {
            let name = asset.name.clone();
            match catalogue.clone().with_asset(asset, &self.vault) {
                Ok(with_asset) => catalogue = with_asset,
                Err(error) => {
                    tracing::error!(asset = %name, error = &error as &dyn std::error::Error, "An asset cannot be used.");
                }
            }
        }
        self.set_catalogue(catalogue);
        Ok(())
    }

    /// Ends the runs that were at work when the host stopped, and says which of their actions may or may not have
    /// happened. Nothing is sent again.
    async fn end_interrupted(&self) -> Result<(), RunsError> {
        loop {
            let running = self.store.running(PAGE_ITEMS)?;
            if running.is_empty() {
                return Ok(());
            }
            for run in running {
                let message = match self.in_doubt(run.id, run.entries)?.as_slice() {
                    [] => "the host stopped while it ran; no action was under way that changes anything"
                        .to_owned(),
                    doubts => format!(
                        "the host stopped while it ran; check by hand whether this happened: {}",
                        doubts.join(", ")
                    ),
                };
                let conclusion = Event::Concluded { status: RunStatus::Interrupted, message };
                self.store
                    .append(Append {
                        run: run.id,
                        expected: run.entries,
                        events: vec![(Timestamp::now(), conclusion)],
                        durability: Durability::Durable,
                    })
                    .await?;
            }
        }
    }

    /// Mutating actions that began and of which no end was written.
    fn in_doubt(&self, run: RunId, entries: u64) -> Result<Vec<String>, RunsError> {
        let mut open: Vec<(Position, String)> = Vec::new();
        let mut from = 1;
        while from <= entries {
            let page = self.store.journal(run, from, PAGE_ITEMS)?;
            let Some(last) = page.last() else { break };
            from = last.seq + 1;
            for entry in page {
                match entry.event {
                    Event::ActionStarted(start) if start.effect.is_some_and(|effect| effect.mutates()) => {
                        open.push((start.position, format!("`{}` of {}", start.action, start.connector)));
                    }
                    Event::ActionEnded(end) => open.retain(|(position, _)| *position != end.position),
                    _ => {}
                }
            }
        }
        Ok(open.into_iter().map(|(_, what)| what).collect())
    }
}

/// A run of this playbook that begins now.
pub(crate) fn new_run(playbook: &LoadedPlaybook) -> NewRun {
    NewRun {
        playbook: playbook.manifest.identity.name.clone(),
        digest: playbook.digest.clone(),
        started: Timestamp::now(),
    }
}

/// The installation's own number, made at the first start. Run numbers begin at 1 in every installation, and two of
/// them may write to the same ServiceNow.
async fn installation(store: &dyn Store) -> Result<String, RunsError> {
    let name: Name = INSTALLATION.to_owned().try_into().expect("it is a name");
    if let Some(Value::String(installation)) = store.setting(&name)? {
        return Ok(installation);
    }
    let bytes = palisade_engine::random_bytes(8).map_err(RunsError::Installation)?;
    let installation = hex(&bytes);
    store.put_setting(name, Value::from(installation.clone())).await?;
    Ok(installation)
}
