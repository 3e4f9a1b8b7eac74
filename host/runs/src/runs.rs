//! The service: what the edge calls.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use palisade_engine::{Allocation, Sandbox, Stop};
use palisade_model::{
    Timestamp,
    alert::{Alert, AlertId, NewAlert},
    audit::{Record, What},
    hex,
    journal::Began,
    limits::{ACTIONS_AT_ONCE, ALERTS_WAITING, RUNS_AT_ONCE, STOP_TIME},
    name::Name,
    run::{Mode, RunId},
};
use palisade_policy::{Policy, Sent};
use palisade_store::{Appended, Durability, NewRun, Store, StoreError};
use palisade_vault::Vault;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    active::ActiveRun,
    catalogue::{Catalogue, LoadedPlaybook, Premises},
    clock, dispatch, expire,
    guard::{Guard, PolicyFileError, PolicyStatus},
    schedule,
    steps::Halt,
    targets::Targets,
    versions::OldVersions,
};

/// The setting that tells this installation from every other.
const INSTALLATION: &str = "installation";

/// The setting that says whether the host is in safe mode.
const SAFE_MODE: &str = "safe-mode";

/// Everything between an acknowledged alert and a concluded run; one for the process.
pub struct Runs {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) premises: Premises,
    pub(crate) alerts: Notify,
    /// Rung when a run may have come due.
    pub(crate) due: Notify,
    /// Rung when an action may have come due that is to be taken back.
    pub(crate) expiries: Notify,
    /// When this host started.
    pub(crate) started: Timestamp,
    pub(crate) stopping: AtomicBool,
    /// What a stop waits for.
    pub(crate) at_work: watch::Sender<usize>,
    pub(crate) run_permits: Arc<Semaphore>,
    pub(crate) action_permits: Arc<Semaphore>,
    /// What actions act on at the moment.
    pub(crate) targets: Targets,
    /// The runs that are here.
    pub(crate) active: Mutex<HashMap<RunId, Arc<ActiveRun>>>,
    /// Held while a run is claimed, so that nobody here claims it twice.
    pub(crate) claiming: tokio::sync::Mutex<()>,
    /// What is not installed any more, while a run needs it.
    pub(crate) old_versions: tokio::sync::Mutex<OldVersions>,
    catalogue: RwLock<Arc<Catalogue>>,
    /// Held while the catalogue changes, so that changes follow one another.
    pub(crate) changing: tokio::sync::Mutex<()>,
    /// Held for reading from the look into the catalogue until the runs that begin by it are in the store.
    pub(crate) starting: tokio::sync::RwLock<()>,
    pub(crate) changed: watch::Sender<u64>,
    pub(crate) installation: String,
    /// What may be sent.
    pub(crate) guard: Guard,
    /// Nothing that changes something outside is sent, whatever run it is of.
    pub(crate) safe_mode: AtomicBool,
}

/// Where the operator keeps what the host reads.
pub struct Places {
    /// The file of the policy; without it the built-in one holds.
    pub policy: PathBuf,
    /// The directory of the files that assets name.
    pub files: PathBuf,
}

/// What became of an alert. Either way it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ingested {
    /// It is new.
    New(AlertId),
    /// It was received before, under this number.
    Duplicate(AlertId),
}

/// How a person starts a playbook.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct How {
    /// What its run may do; less if the host or the playbook is in safe mode.
    pub mode: Mode,
    /// In a plan, the answer to every question that it answers; the others have their default.
    pub assumed: Option<Value>,
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
    /// It cannot be done to the run as it stands.
    #[error("{0}")]
    Conflict(String),
    /// The policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyFileError),
    /// It is somebody else's to do.
    #[error("{0}")]
    Forbidden(String),
    /// What was asked for makes no sense for this run.
    #[error("{0}")]
    Invalid(String),
    /// What the store has is no journal.
    #[error("the journal of run {run} cannot be read")]
    Journal {
        /// The run.
        run: RunId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
}

impl Runs {
    /// Loads what is installed, and starts to handle alerts, to take up runs that a stop of the host interrupted, and to
    /// let those go on that are due.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or there is a policy that cannot be used. A plugin or asset that cannot be loaded is logged and left out: the rest works.
    pub async fn start(
        store: Arc<dyn Store>,
        sandbox: Arc<Sandbox>,
        vault: Vault,
        places: Places,
    ) -> Result<Arc<Self>, RunsError> {
        let runs = Arc::new(Self {
            installation: installation(&*store).await?,
            guard: Guard::open(places.policy, Arc::clone(&store))?,
            safe_mode: AtomicBool::new(store.setting(&setting(SAFE_MODE))? == Some(Value::Bool(true))),
            catalogue: RwLock::default(),
            store,
            sandbox,
            premises: Premises { vault, files: places.files },
            alerts: Notify::new(),
            due: Notify::new(),
            expiries: Notify::new(),
            started: clock::now(),
            stopping: AtomicBool::new(false),
            at_work: watch::Sender::new(0),
            run_permits: Arc::new(Semaphore::new(RUNS_AT_ONCE)),
            action_permits: Arc::new(Semaphore::new(ACTIONS_AT_ONCE)),
            targets: Targets::default(),
            active: Mutex::default(),
            claiming: tokio::sync::Mutex::default(),
            old_versions: tokio::sync::Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            starting: tokio::sync::RwLock::default(),
            changed: watch::Sender::new(0),
        });
        runs.load().await?;
        tokio::spawn(dispatch::dispatch(Arc::clone(&runs)));
        tokio::spawn(schedule::schedule(Arc::clone(&runs)));
        tokio::spawn(expire::expire(Arc::clone(&runs)));
        Ok(runs)
    }

    /// Starts nothing more and waits for what is under way. Runs that could go on are left where they are, and go on after
    /// the next start; so do alerts that wait. What does not end within [`STOP_TIME`] is treated as a crash would be.
    pub async fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.alerts.notify_one();
        self.due.notify_one();
        self.expiries.notify_one();
        self.here().values().for_each(|run| run.halt(Halt::HostStops));
        let mut at_work = self.at_work.subscribe();
        if tokio::time::timeout(STOP_TIME, at_work.wait_for(|count| *count == 0)).await.is_err() {
            tracing::warn!(
                "Actions were still at work when the host stopped; they are looked into at the next start."
            );
        }
    }

    /// Takes an alert in. When this returns, the alert survives loss of power and gets its runs, after the next start if
    /// need be.
    ///
    /// # Errors
    ///
    /// [`RunsError::Overloaded`], or the store's.
    pub async fn ingest(&self, alert: NewAlert) -> Result<Ingested, RunsError> {
        self.hand_over(alert).await
    }

    /// Takes alerts in that came together, in their order; they share commits. Each ends as if it had come alone.
    pub async fn ingest_all(&self, alerts: Vec<NewAlert>) -> Vec<Result<Ingested, RunsError>> {
        let handed_over: Vec<_> = alerts.into_iter().map(|alert| self.hand_over(alert)).collect();
        let mut ends = Vec::with_capacity(handed_over.len());
        for end in handed_over {
            ends.push(end.await);
        }
        ends
    }

    /// Hands an alert to the store; the future only waits for the store's answer.
    fn hand_over(&self, alert: NewAlert) -> impl Future<Output = Result<Ingested, RunsError>> {
        let room = self.store.waiting_count() < ALERTS_WAITING as u64;
        let write = room.then(|| self.store.append_alert(clock::now(), alert));
        async move {
            let appended = write.ok_or(RunsError::Overloaded)?.await?;
            // Also for one that was received before: its source may have gone away before the ring.
            self.alerts.notify_one();
            Ok(match appended {
                Appended::New(id) => Ingested::New(id),
                Appended::Duplicate(id) => Ingested::Duplicate(id),
            })
        }
    }

    /// Starts a playbook on an alert, whatever the alert's label, because somebody asks for it.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if the playbook is disabled; the store's.
    pub async fn run_playbook(
        self: &Arc<Self>,
        playbook: &str,
        alert: AlertId,
        how: How,
        by: &str,
    ) -> Result<RunId, RunsError> {
        let _starting = self.starting.read().await;
        let catalogue = self.catalogue();
        let missing = |what, name: String| RunsError::Missing { what, name };
        let playbook =
            catalogue.playbook(playbook).cloned().ok_or_else(|| missing("playbook", playbook.to_owned()))?;
        let name = &playbook.manifest.identity.name;
        if catalogue.is_disabled(name.as_str()) {
            return Err(disabled("playbook", name));
        }
        let Some(alert) = self.store.alert(alert)? else {
            return Err(missing("alert", alert.to_string()));
        };
        let new = self.new_run(&catalogue, &playbook, alert, how);
        let what = What::RunStarted { playbook: new.playbook.clone(), alert: new.began.alert.id };
        self.record(by, what).await?;
        let run = self.store.start_run(new.clone()).await?;
        self.begin(run, new, None, &catalogue);
        Ok(run)
    }

    /// Puts something on the record that somebody does, before it is done: nothing that is durable later can be there
    /// without it.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn record(&self, who: &str, what: What) -> Result<(), RunsError> {
        self.put_on_record(record(who, what)).await
    }

    /// The same of a record that is complete.
    pub(crate) async fn put_on_record(&self, record: Record) -> Result<(), RunsError> {
        self.store.record(record, Durability::Buffered).await?;
        Ok(())
    }

    /// Switches safe mode on or off for the whole host. On, it holds at once, before anything is waited for: of what was not
    /// let through yet, nothing is sent any more.
    ///
    /// # Errors
    ///
    /// The store's; then it is on if that was wanted, and a restart forgets it.
    pub async fn set_safe_mode(&self, on: bool, by: &str) -> Result<(), RunsError> {
        if on {
            self.safe_mode.store(true, Ordering::SeqCst);
        }
        let _changing = self.changing.lock().await;
        self.record(by, What::SafeModeSwitched { on, playbook: None }).await?;
        self.store.put_setting(setting(SAFE_MODE), Value::Bool(on)).await?;
        self.safe_mode.store(on, Ordering::SeqCst);
        // What was to be taken back meanwhile is due.
        self.expiries.notify_one();
        Ok(())
    }

    /// Whether the host is in safe mode.
    pub fn safe_mode(&self) -> bool {
        self.safe_mode.load(Ordering::SeqCst)
    }

    /// How the policy stands.
    pub fn policy_status(&self) -> PolicyStatus {
        self.guard.status()
    }

    /// The policy as it is now, and the actions that were let through of late, oldest first.
    pub fn policy(&self) -> (Arc<Policy>, Vec<Sent>) {
        self.guard.current()
    }

    /// Whether runs of this playbook only plan what they would change, by the operator's word.
    pub(crate) fn is_safe(&self, playbook: &str) -> bool {
        self.safe_mode() || self.catalogue().is_safe(playbook)
    }

    /// A run of this playbook that begins now.
    pub(crate) fn new_run(
        &self,
        catalogue: &Catalogue,
        playbook: &LoadedPlaybook,
        alert: Alert,
        How { mode, assumed }: How,
    ) -> NewRun {
        let name = playbook.manifest.identity.name.clone();
        let least =
            if self.safe_mode() || catalogue.is_safe(name.as_str()) { Mode::Safe } else { Mode::Live };
        let began = Began {
            connectors: catalogue.connectors_of(&playbook.manifest),
            configuration: catalogue.configuration(playbook),
            mode: mode.max(least),
            assumed,
            ..Began::new(playbook.digest.clone(), alert)
        };
        NewRun { playbook: name, started: clock::now(), began }
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

    /// Waits until every run that begins by an older catalogue is in the store.
    pub(crate) async fn until_starts_are_seen(&self) {
        drop(self.starting.write().await);
    }

    /// Loads every installed plugin and configured asset.
    async fn load(&self) -> Result<(), RunsError> {
        if let Err(error) = self.drop_components().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "Components that nothing needs are kept."
            );
        }
        let mut catalogue = Catalogue::default();
        for settings in self.store.playbook_settings()? {
            catalogue = catalogue.with_settings(settings);
        }
        for plugin in self.store.plugins()? {
            let name = plugin.name().clone();
            let compiled = match self.compiled(&plugin).await {
                Ok(compiled) => compiled,
                Err(error) => {
                    tracing::error!(plugin = %name, error = &error as &dyn std::error::Error, "A plugin cannot be compiled.");
                    continue;
                }
            };
            let catalogued = catalogue.clone();
            match catalogued.with_plugin(&plugin, &compiled, Vec::new(), &self.sandbox, &self.premises) {
                Ok(with_plugin) => catalogue = with_plugin,
                Err(error) => {
                    tracing::error!(plugin = %name, error = &error as &dyn std::error::Error, "A plugin cannot be loaded.");
                }
            }
        }
        for asset in self.store.assets()? {
            let name = asset.name.clone();
            match catalogue.clone().with_asset(asset, &self.premises) {
                Ok(with_asset) => catalogue = with_asset,
                Err(error) => {
                    tracing::error!(asset = %name, error = &error as &dyn std::error::Error, "An asset cannot be used.");
                }
            }
        }
        self.set_catalogue(catalogue);
        Ok(())
    }
}

pub(crate) fn disabled(what: &str, name: &Name) -> RunsError {
    RunsError::Conflict(format!(
        "{what} `{name}` is disabled: `palisade plugin enable {name}` lets it be started"
    ))
}

/// The name of a setting of the host's own.
pub(crate) fn setting(name: &str) -> Name {
    name.to_owned().try_into().expect("it is a name")
}

/// The record of what somebody does now.
pub(crate) fn record(who: &str, what: What) -> Record {
    Record::new(clock::now(), who, what)
}

/// The installation's own number, made at the first start. Run numbers begin at 1 in every installation, and two of
/// them may write to the same ServiceNow.
async fn installation(store: &dyn Store) -> Result<String, RunsError> {
    let name = setting(INSTALLATION);
    if let Some(Value::String(installation)) = store.setting(&name)? {
        return Ok(installation);
    }
    let bytes = palisade_engine::random_bytes(8).map_err(RunsError::Installation)?;
    let installation = hex(&bytes);
    store.put_setting(name, Value::from(installation.clone())).await?;
    Ok(installation)
}
