//! A host within this process: everything of it is real but the process.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use palisade_e2e::built;
use palisade_engine::{Allocation, Cache, Sandbox, SandboxOptions};
use palisade_model::{
    Timestamp,
    action::RetryLimits,
    alert::{AlertId, Artifact, NewAlert, Severity},
    asset::{Asset, Network},
    audit,
    journal::{By, Decision, Entry, Event},
    limits::{ACTION_ATTEMPTS_MAX, ACTION_RETRY_SECONDS},
    plugin::Plugin,
    prompt::{Task, ToDo},
    run::{Run, RunStatus},
};
use palisade_runs::{Ingested, Places, Runs};
use palisade_store::{Page, RunFilter, Store};
use palisade_torture::{Actuator, Mishaps};
use palisade_vault::Vault;
use script::{FIELD, Program};
use serde_json::{Map, Value, json};
use tokio::runtime::{self, Runtime};

use crate::{
    crashing::{Crash, CrashingStore, Writes},
    record::{Journal, Record},
};

/// The installation's number, which is a part of every idempotency key.
pub(crate) const INSTALLATION: &str = "property";

/// Longer than any program takes on a slow machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whoever watches is told when a journal grows. A system acted on that knows more, or a host that was too busy to take
/// what a person says, tells nobody.
const LOOK: Duration = Duration::from_millis(50);

/// What outlives a host: the system acted on, what was written to the store, and the source of the alert.
pub(crate) struct World {
    pub(crate) actuator: Actuator,
    pub(crate) writes: Writes,
    alert: NewAlert,
    /// The number of the alert, once a host has acknowledged it.
    pub(crate) acknowledged: Option<AlertId>,
    /// The looks at which somebody pauses every run that is open; the next look lets them go on.
    pub(crate) pauses: Vec<usize>,
    /// Looks so far.
    looks: usize,
}

impl World {
    /// Everything is installed, and nothing has happened yet.
    pub(crate) fn new(program: &Program, mishaps: Mishaps) -> Self {
        let (actuator, parts) = (Actuator::start(mishaps).unwrap(), parts());
        let writes = runtime().block_on(async {
            let store = CrashingStore::open(Writes::new(), None).await;
            for plugin in &parts.plugins {
                store.put_plugin(plugin.clone(), installed()).await.unwrap();
            }
            store.put_asset(asset(&actuator.url()), installed()).await.unwrap();
            store.put_setting("installation".parse().unwrap(), INSTALLATION.into()).await.unwrap();
            store.close()
        });
        Self { actuator, writes, alert: alert(program), acknowledged: None, pauses: Vec::new(), looks: 0 }
    }

    /// Lets one host live after the other until one has nothing left to do, and tells what it all came to. The last has
    /// no crash.
    pub(crate) fn live(&mut self, crashes: &[Crash]) -> Record {
        let mut crashes = crashes.iter().copied();
        loop {
            if let Some(record) = self.live_once(crashes.next()) {
                return record;
            }
        }
    }

    fn live_once(&mut self, crash: Option<Crash>) -> Option<Record> {
        let runtime = runtime();
        let (store, record) = runtime.block_on(async {
            let store = CrashingStore::open(std::mem::take(&mut self.writes), crash).await;
            let record = tokio::select! {
                record = self.until_quiet(&store) => Some(record),
                () = store.crashed() => None,
            };
            if let (None, Some(Crash { lingers_ms, .. })) = (&record, crash) {
                tokio::time::sleep(Duration::from_millis(lingers_ms)).await;
            }
            (store, record)
        });
        // The process ends: no task goes on, and the connections are closed.
        drop(runtime);
        self.writes = store.close();
        self.actuator.drain();
        record
    }

    async fn until_quiet(&mut self, store: &Arc<CrashingStore>) -> Record {
        let parts = parts();
        let vault = Vault::open(&parts.key_file).unwrap();
        let places = Places { policy: parts.policy.clone(), files: PathBuf::new() };
        let (shared, sandbox) = (Arc::clone(store) as Arc<dyn Store>, Arc::clone(&parts.sandbox));
        let runs = Runs::start(shared, sandbox, vault, places).await;
        let runs = alive(store, runs).await;
        if self.acknowledged.is_none() {
            let (Ingested::New(alert) | Ingested::Duplicate(alert)) =
                alive(store, runs.ingest(self.alert.clone()).await).await;
            self.acknowledged = Some(alert);
        }
        let quiet = tokio::time::timeout(PATIENCE, async {
            let mut changed = runs.watch();
            while !is_quiet(&runs) {
                self.looks += 1;
                self.pause_or_resume(&runs).await;
                for task in runs.store().tasks(None, usize::MAX).unwrap_or_default() {
                    self.attend(&runs, &task).await;
                }
                let _ = tokio::time::timeout(LOOK, changed.changed()).await;
            }
        });
        let is_quiet = quiet.await.is_ok();
        let record = self.record(&runs).await;
        assert!(is_quiet, "not everything has ended after {PATIENCE:?}: {record:#?}");
        record
    }

    /// Does what waits for a person: says yes where somebody is asked, and of what is in doubt what the system has. What
    /// the host does not take is done again.
    async fn attend(&self, runs: &Arc<Runs>, task: &Task) {
        let by = somebody();
        let Task { run, position, .. } = *task;
        match &task.what {
            ToDo::Answer(prompt) if prompt.to.is_some() => {
                let _ = runs.answer(run, position, json!("yes"), by, |_| true).await;
            }
            // The default stands soon.
            ToDo::Answer(_) => {}
            ToDo::Decide { .. } => {
                let journal = runs.store().journal(run, 1, usize::MAX).unwrap_or_default();
                let Some(tag) = journal.iter().find_map(|entry| tag_of(entry, position)) else { return };
                let decision = if self.actuator.has(tag) { Decision::Done } else { Decision::NotDone };
                let _ = runs.decide(run, position, decision, by).await;
            }
            ToDo::Approve(_) => {
                let _ = runs.approve(run, position, true, by, |_| true).await;
            }
            ToDo::TakeOver(_) => {}
            ToDo::Look(divergence) => panic!("run {run} does not fit its journal: {divergence:?}"),
        }
    }

    async fn pause_or_resume(&self, runs: &Arc<Runs>) {
        for run in all_runs(runs) {
            if run.status == RunStatus::Paused {
                let _ = runs.resume(run.id, somebody()).await;
            } else if self.pauses.contains(&self.looks) {
                let _ = runs.pause(run.id, somebody()).await;
            }
        }
    }

    async fn record(&self, runs: &Runs) -> Record {
        let store = runs.store();
        let mut journals = Vec::new();
        for run in all_runs(runs) {
            let entries = store.journal(run.id, 1, usize::MAX).unwrap();
            let replayed = runs.replay(run.id).await.unwrap();
            journals.push(Journal { run, entries, replayed });
        }
        journals.sort_by_key(|journal| journal.run.id);
        let alert = self.acknowledged.and_then(|alert| store.alert(alert).unwrap()).unwrap();
        Record { journals, alert, ledger: self.actuator.ledger() }
    }
}

/// What a host that lives was answered. One that is dead is answered nothing more; whoever waits for it is dropped.
async fn alive<T, E: std::fmt::Debug>(store: &CrashingStore, answer: Result<T, E>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(_) if store.has_crashed() => std::future::pending().await,
        Err(error) => panic!("{error:?}"),
    }
}

fn is_quiet(runs: &Runs) -> bool {
    // Alerts first: one that is not waiting any more has its runs.
    runs.store().waiting_count() == 0 && all_runs(runs).iter().all(|run| run.status.is_final())
}

fn all_runs(runs: &Runs) -> Vec<Run> {
    runs.store().runs(RunFilter::default(), Page { before: None, limit: usize::MAX }).unwrap()
}

/// What the audit log has of what was there before.
fn installed() -> audit::Record {
    audit::Record::new(Timestamp::UNIX_EPOCH, "somebody", audit::What::LoggedIn)
}

fn somebody() -> By {
    By { by: "somebody".to_owned(), note: String::new(), by_admin: false }
}

fn tag_of(entry: &Entry, position: u32) -> Option<&str> {
    match &entry.event {
        Event::ActionStarted(started) if started.position == position => started.parameters["tag"].as_str(),
        _ => None,
    }
}

pub(crate) fn runtime() -> Runtime {
    runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What all hosts of this process share.
struct Parts {
    sandbox: Arc<Sandbox>,
    plugins: [Plugin; 2],
    key_file: PathBuf,
    /// None there: the built-in one holds, and somebody consents to what it asks for.
    policy: PathBuf,
}

fn parts() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let cache = built::scratch("artefacts");
        let key_file = cache.with_file_name("property-key");
        let policy = cache.with_file_name("no-policy");
        let cache = Cache::Shared(cache);
        let options = SandboxOptions { cache, compiler: built::palisade(), allocation: Allocation::Pooled };
        let sandbox = Sandbox::new(options).unwrap();
        let plugins = ["actuator", "script"].map(|package| runtime().block_on(plugin(&sandbox, package)));
        Parts { sandbox, plugins, key_file, policy }
    })
}

async fn plugin(sandbox: &Sandbox, package: &str) -> Plugin {
    let component = built::component(package);
    let compiled = sandbox.compile(&component).await.unwrap();
    let manifest = sandbox.describe(&compiled).await.unwrap();
    Plugin::new(compiled.digest().clone(), component.len() as u64, Timestamp::now(), manifest)
}

fn asset(url: &str) -> Asset {
    let Value::Object(configuration) = json!({ "url": url }) else { unreachable!() };
    Asset {
        name: "actuator".parse().unwrap(),
        connector: "actuator".parse().unwrap(),
        configuration,
        sealed: BTreeMap::new(),
        network: Network { allow: vec!["127.0.0.0/8".parse().unwrap()], ..Network::default() },
        // Enough that none of them is the last: each crash takes one.
        retries: RetryLimits { attempts: ACTION_ATTEMPTS_MAX, seconds: ACTION_RETRY_SECONDS },
    }
}

fn alert(program: &Program) -> NewAlert {
    let cef = Map::from_iter([(FIELD.to_owned(), Value::String(program.to_text()))]);
    NewAlert {
        source: "property".to_owned(),
        source_id: "1".to_owned(),
        name: "A program".to_owned(),
        label: "script".to_owned(),
        severity: Severity::Low,
        description: String::new(),
        link: None,
        artifacts: vec![Artifact {
            id: 1,
            name: "program".into(),
            label: "program".into(),
            cef,
            data: Map::new(),
        }],
    }
}
