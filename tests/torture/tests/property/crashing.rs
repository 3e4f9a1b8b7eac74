//! A store that crashes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use palisade_model::{
    Timestamp,
    alert::{Alert, AlertChange, AlertId, NewAlert},
    asset::Asset,
    audit::{self, Head, Record},
    earlier::Earlier,
    journal::Entry,
    list::{self, CustomList, Found, ListEntry},
    name::Name,
    playbook::PlaybookSettings,
    plugin::{Digest, Plugin},
    prompt::Task,
    run::{Position, Run, RunId, Seq},
    undo::{Expiry, Undone},
    user::KeptUser,
};
use palisade_store::{
    Append, Appended, Claim, Durability,
    Durability::{Buffered, Durable},
    Health, NewChild, NewRun, Page, RunFilter, SledStore, Store, StoreError, Write,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

/// When a store crashes, and what is left of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Crash {
    /// Writes before the one that it hits.
    pub(crate) after: usize,
    /// Whether the write that it hits is done, and only nobody hears of it.
    pub(crate) done: bool,
    /// Whether a write is not answered from then on; else it fails.
    pub(crate) silent: bool,
    /// Of a hundred writes that nobody was told to be durable, those that are lost, the latest first.
    pub(crate) lost: usize,
    /// Milliseconds until the process ends as well.
    pub(crate) lingers_ms: u64,
}

/// One write, to be done again. A store is what was written to it: the same writes in the same order give the same
/// numbers and the same state.
type Redo = Arc<dyn Fn(&SledStore) -> Write<()> + Send + Sync>;

/// All that was ever written to a store.
pub(crate) type Writes = Vec<Redo>;

/// The embedded store in a directory of its own, which crashes at one of its writes. From then on nothing is written any
/// more. What is left is every write up to the last that somebody was told to be durable, and a part of those behind it.
pub(crate) struct CrashingStore {
    /// None once it is closed: a host that dies within a living process leaves its memory behind, and with it this.
    inner: Mutex<Option<Arc<Inner>>>,
    shared: Arc<Shared>,
}

struct Inner {
    store: SledStore,
    /// Dropped last.
    _directory: TempDir,
}

struct Shared {
    crash: Option<Crash>,
    state: Mutex<State>,
    crashed: watch::Sender<bool>,
}

struct State {
    writes: Writes,
    /// The write at which it crashes.
    crash_at: Option<usize>,
    /// Writes up to the last that somebody was told to be durable.
    durable: usize,
}

impl CrashingStore {
    /// A store to which all this was written.
    pub(crate) async fn open(writes: Writes, crash: Option<Crash>) -> Arc<Self> {
        let directory = tempfile::tempdir().unwrap();
        let store = SledStore::open(directory.path()).unwrap();
        let written: Vec<_> = writes.iter().map(|write| write(&store)).collect();
        for write in written {
            // One that was refused then is refused now.
            let _ = write.await;
        }
        let crash_at = crash.map(|crash| writes.len() + crash.after);
        let durable = writes.len();
        Arc::new(Self {
            inner: Mutex::new(Some(Arc::new(Inner { store, _directory: directory }))),
            shared: Arc::new(Shared {
                crash,
                state: Mutex::new(State { writes, crash_at, durable }),
                crashed: watch::Sender::new(false),
            }),
        })
    }

    /// Resolves when it crashes.
    pub(crate) async fn crashed(&self) {
        // It fails only when the sender is gone, and that is `self`.
        let _ = self.shared.crashed.subscribe().wait_for(|crashed| *crashed).await;
    }

    /// Whether it has crashed.
    pub(crate) fn has_crashed(&self) -> bool {
        *self.shared.crashed.borrow()
    }

    /// Closes it, and tells what is left of it.
    pub(crate) fn close(&self) -> Writes {
        drop(self.inner.lock().unwrap().take());
        let mut state = self.shared.state();
        let lost = self.shared.crash.filter(|_| self.has_crashed()).map_or(0, |crash| crash.lost);
        let kept = state.writes.len() - (state.writes.len() - state.durable) * lost / 100;
        state.writes.truncate(kept);
        std::mem::take(&mut state.writes)
    }

    fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        write: impl Fn(&SledStore) -> Write<T> + Send + Sync + 'static,
    ) -> Write<T> {
        let shared = Arc::clone(&self.shared);
        // The order in the list is the order of the writes.
        let mut state = shared.state();
        let was_crashed = self.has_crashed();
        let hit = !was_crashed && state.crash_at == Some(state.writes.len());
        if hit {
            shared.crashed.send_replace(true);
        }
        let inner = match self.inner() {
            Ok(inner) => inner,
            Err(error) => return Box::pin(async { Err(error) }),
        };
        if was_crashed || (hit && !shared.crash.is_some_and(|crash| crash.done)) {
            drop(state);
            return Box::pin(async move { shared.no_answer().await });
        }
        let written = write(&inner.store);
        state.writes.push(Arc::new(move |store| {
            let written = write(store);
            Box::pin(async { written.await.map(drop) })
        }));
        let place = state.writes.len();
        drop(state);
        Box::pin(async move {
            let answer = written.await;
            let is_told = {
                let mut state = shared.state();
                let is_told = !*shared.crashed.borrow();
                if is_told && durability == Durable && answer.is_ok() {
                    state.durable = state.durable.max(place);
                }
                is_told
            };
            if is_told { answer } else { shared.no_answer().await }
        })
    }

    fn inner(&self) -> Result<Arc<Inner>, StoreError> {
        self.inner.lock().unwrap().clone().ok_or(StoreError::Stopped)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn no_answer<T>(&self) -> Result<T, StoreError> {
        if self.crash.is_some_and(|crash| crash.silent) {
            std::future::pending().await
        } else {
            Err(StoreError::Stopped)
        }
    }
}

impl Store for CrashingStore {
    fn append_alert(&self, received: Timestamp, alert: NewAlert) -> Write<Appended> {
        self.write(Durable, move |store| store.append_alert(received, alert.clone()))
    }

    fn handle_alert(&self, alert: AlertId, runs: Vec<NewRun>) -> Write<Vec<RunId>> {
        self.write(Buffered, move |store| store.handle_alert(alert, runs.clone()))
    }

    fn start_run(&self, run: NewRun) -> Write<RunId> {
        self.write(Durable, move |store| store.start_run(run.clone()))
    }

    fn start_child(&self, append: Append, child: NewChild) -> Write<RunId> {
        self.write(append.durability, move |store| store.start_child(append.clone(), child.clone()))
    }

    fn start_undo(&self, run: NewRun, expiry: Option<Expiry>) -> Write<RunId> {
        self.write(Durable, move |store| store.start_undo(run.clone(), expiry))
    }

    fn end_expiry(&self, expiry: Expiry) -> Write<()> {
        self.write(Durable, move |store| store.end_expiry(expiry))
    }

    fn change_alert(&self, alert: AlertId, changes: Vec<AlertChange>) -> Write<Alert> {
        self.write(Durable, move |store| store.change_alert(alert, changes.clone()))
    }

    fn claim(&self, run: RunId, claim: Claim) -> Write<Run> {
        self.write(Buffered, move |store| store.claim(run, claim))
    }

    fn append(&self, append: Append) -> Write<Seq> {
        self.write(append.durability, move |store| store.append(append.clone()))
    }

    fn wake(&self, run: RunId) -> Write<()> {
        self.write(Durable, move |store| store.wake(run))
    }

    fn import_run(&self, run: Run, entries: Vec<Entry>) -> Write<RunId> {
        self.write(Durable, move |store| store.import_run(run.clone(), entries.clone()))
    }

    fn record(&self, record: Record, durability: Durability) -> Write<audit::Seq> {
        self.write(durability, move |store| store.record(record.clone(), durability))
    }

    fn put_plugins(&self, plugins: Vec<Plugin>, records: Vec<Record>) -> Write<()> {
        self.write(Durable, move |store| store.put_plugins(plugins.clone(), records.clone()))
    }

    fn remove_plugin(&self, name: Name, record: Record) -> Write<bool> {
        self.write(Durable, move |store| store.remove_plugin(name.clone(), record.clone()))
    }

    fn put_asset(&self, asset: Asset, record: Record) -> Write<()> {
        self.write(Durable, move |store| store.put_asset(asset.clone(), record.clone()))
    }

    fn remove_asset(&self, name: Name, record: Record) -> Write<bool> {
        self.write(Durable, move |store| store.remove_asset(name.clone(), record.clone()))
    }

    fn put_user(&self, user: KeptUser, record: Record) -> Write<()> {
        self.write(Durable, move |store| store.put_user(user.clone(), record.clone()))
    }

    fn remove_user(&self, name: Name, record: Record) -> Write<bool> {
        self.write(Durable, move |store| store.remove_user(name.clone(), record.clone()))
    }

    fn put_component(&self, digest: Digest, file: Vec<u8>) -> Write<()> {
        self.write(Durable, move |store| store.put_component(digest.clone(), file.clone()))
    }

    fn remove_component(&self, digest: Digest) -> Write<bool> {
        self.write(Durable, move |store| store.remove_component(digest.clone()))
    }

    fn put_setting(&self, name: Name, value: Value) -> Write<()> {
        self.write(Durable, move |store| store.put_setting(name.clone(), value.clone()))
    }

    fn put_playbook_settings(&self, settings: PlaybookSettings) -> Write<()> {
        self.write(Durable, move |store| store.put_playbook_settings(settings.clone()))
    }

    fn put_list(&self, list: Name) -> Write<bool> {
        self.write(Durable, move |store| store.put_list(list.clone()))
    }

    fn remove_list(&self, list: Name) -> Write<bool> {
        self.write(Durable, move |store| store.remove_list(list.clone()))
    }

    fn put_list_entry(&self, list: Name, entry: ListEntry) -> Write<bool> {
        self.write(Durable, move |store| store.put_list_entry(list.clone(), entry.clone()))
    }

    fn remove_list_entry(&self, list: Name, value: list::Value) -> Write<bool> {
        self.write(Durable, move |store| store.remove_list_entry(list.clone(), value.clone()))
    }

    fn alert(&self, alert: AlertId) -> Result<Option<Alert>, StoreError> {
        self.inner()?.store.alert(alert)
    }

    fn alerts(&self, page: Page) -> Result<Vec<Alert>, StoreError> {
        self.inner()?.store.alerts(page)
    }

    fn waiting(&self, limit: usize) -> Result<Vec<AlertId>, StoreError> {
        self.inner()?.store.waiting(limit)
    }

    fn waiting_count(&self) -> u64 {
        self.inner().map_or(0, |inner| inner.store.waiting_count())
    }

    fn run(&self, run: RunId) -> Result<Option<Run>, StoreError> {
        self.inner()?.store.run(run)
    }

    fn runs(&self, filter: RunFilter, page: Page) -> Result<Vec<Run>, StoreError> {
        self.inner()?.store.runs(filter, page)
    }

    fn running(&self, from: RunId, limit: usize) -> Result<Vec<Run>, StoreError> {
        self.inner()?.store.running(from, limit)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        self.inner()?.store.due(now, limit)
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner()?.store.next_due()
    }

    fn tasks(&self, after: Option<(RunId, Position)>, limit: usize) -> Result<Vec<Task>, StoreError> {
        self.inner()?.store.tasks(after, limit)
    }

    fn count_earlier(&self, which: &Earlier, before: AlertId) -> Result<u32, StoreError> {
        self.inner()?.store.count_earlier(which, before)
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<Expiry>, StoreError> {
        self.inner()?.store.expired(now, limit)
    }

    fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner()?.store.next_expiry()
    }

    fn undone(&self, run: RunId) -> Result<Vec<Undone>, StoreError> {
        self.inner()?.store.undone(run)
    }

    fn playbook_settings(&self) -> Result<Vec<PlaybookSettings>, StoreError> {
        self.inner()?.store.playbook_settings()
    }

    fn lists(&self) -> Result<Vec<CustomList>, StoreError> {
        self.inner()?.store.lists()
    }

    fn list_entries(
        &self,
        list: &Name,
        after: Option<&list::Value>,
        limit: usize,
    ) -> Result<Vec<ListEntry>, StoreError> {
        self.inner()?.store.list_entries(list, after, limit)
    }

    fn find_in_list(&self, list: &Name, value: &str) -> Result<Found, StoreError> {
        self.inner()?.store.find_in_list(list, value)
    }

    fn journal(&self, run: RunId, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.inner()?.store.journal(run, from, limit)
    }

    fn audit(&self, from: audit::Seq, limit: usize) -> Result<Vec<(audit::Seq, String)>, StoreError> {
        self.inner()?.store.audit(from, limit)
    }

    fn audit_head(&self) -> Head {
        self.inner().unwrap().store.audit_head()
    }

    fn users(&self) -> Result<Vec<KeptUser>, StoreError> {
        self.inner()?.store.users()
    }

    fn plugin(&self, name: &Name) -> Result<Option<Plugin>, StoreError> {
        self.inner()?.store.plugin(name)
    }

    fn plugins(&self) -> Result<Vec<Plugin>, StoreError> {
        self.inner()?.store.plugins()
    }

    fn asset(&self, name: &Name) -> Result<Option<Asset>, StoreError> {
        self.inner()?.store.asset(name)
    }

    fn assets(&self) -> Result<Vec<Asset>, StoreError> {
        self.inner()?.store.assets()
    }

    fn components(&self) -> Result<Vec<Digest>, StoreError> {
        self.inner()?.store.components()
    }

    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner()?.store.component(digest)
    }

    fn setting(&self, name: &Name) -> Result<Option<Value>, StoreError> {
        self.inner()?.store.setting(name)
    }

    fn health(&self) -> Health {
        self.inner().unwrap().store.health()
    }
}
