//! The embedded default: a directory on a local disk, with sled inside.

mod batch;
mod keys;
mod open;
mod tables;
mod tree;
mod upgrade;
mod writer;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use palisade_model::{
    Timestamp,
    alert::{Alert, AlertChange, AlertId, NewAlert, Severity},
    asset::Asset,
    audit::{self, Head, Record},
    earlier::{self, Earlier},
    journal::{Entry, Event},
    limits::{HISTORY_ALERTS, PAGE_ITEMS, REGISTRY_ITEMS},
    list::{self, CustomList, Found, ListEntry},
    name::Name,
    playbook::PlaybookSettings,
    plugin::{Digest, Plugin},
    prompt::Task,
    run::{Position, Run, RunId, RunStatus, Seq},
    undo::{Expiry, Undone},
    user::KeptUser,
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use self::{
    keys::Table,
    tables::{StoredEntry, Tables},
    tree::{Tree, serialize},
    writer::Writer,
};
use crate::{
    error::StoreError,
    store::{
        Append, Appended, Claim,
        Durability::{self, Buffered, Durable},
        Health, NewChild, NewRun, Page, RunFilter, Store, Write,
    },
};

/// A [`Store`] in a directory of its own. One process at a time has it open.
///
/// Dropping it waits until the writes that were handed over are done.
pub struct SledStore {
    // Dropped first: what waits is written while the tree is still there.
    writer: Writer,
    tree: Arc<Tree>,
    waiting: Arc<AtomicU64>,
    audit: Arc<Mutex<Head>>,
}

/// How bad an alert is, and nothing else of it.
#[derive(Deserialize)]
struct Rated {
    severity: Severity,
}

impl SledStore {
    /// Opens the store in this directory, which is created, readable by its owner only, if it does not exist. One of an
    /// earlier Palisade is brought to the format of this one first, and then no earlier one opens it any more.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyOpen`], [`StoreError::NewerFormat`], or [`StoreError::Open`].
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        let tree = Arc::new(Tree::open(directory)?);
        upgrade::upgrade(&tree, directory)?;
        let waiting = Arc::new(AtomicU64::new(0));
        let audit = Arc::default();
        let tables = Tables::new(Arc::clone(&tree), Arc::clone(&waiting), Arc::clone(&audit))?;
        let writer = Writer::start(tables)
            .map_err(|error| StoreError::Open { directory: directory.to_owned(), source: Arc::new(error) })?;
        Ok(Self { writer, tree, waiting, audit })
    }

    /// The records whose numbers an index has under this prefix, newest first.
    fn newest<T: DeserializeOwned>(
        &self,
        prefix: Vec<u8>,
        table: Table,
        page: Page,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, StoreError> {
        let end = keys::with_number(prefix.clone(), page.before.unwrap_or(u64::MAX));
        let keys = self.tree.range(prefix..end).rev().map(|key| Ok(keys::numbered(table, number(&key?)?)));
        self.tree.page(keys, page.limit, wanted)
    }

    fn put(
        &self,
        table: Table,
        name: &Name,
        value: Vec<u8>,
        what: &'static str,
        audit: Vec<Record>,
    ) -> Write<()> {
        let key = keys::named(table, name);
        self.writer.submit(Durable, move |tables| {
            tables.put_limited(table, &[(key, value)], (REGISTRY_ITEMS, what), &audit)
        })
    }

    fn remove(&self, table: Table, name: &Name, audit: Record) -> Write<bool> {
        let key = keys::named(table, name);
        self.writer.submit(Durable, move |tables| tables.remove(&key, &audit))
    }

    /// Every record of a table.
    fn all<T: DeserializeOwned>(&self, table: Table) -> Result<Vec<T>, StoreError> {
        let records = self.tree.keys(&keys::table(table)).map(|key| self.tree.record(&key?));
        records.filter_map(Result::transpose).collect()
    }
}

impl Store for SledStore {
    fn append_alert(&self, received: Timestamp, alert: NewAlert) -> Write<Appended> {
        self.writer.submit(Durable, move |tables| tables.append_alert(received, alert))
    }

    fn handle_alert(&self, alert: AlertId, runs: Vec<NewRun>) -> Write<Vec<RunId>> {
        self.writer.submit(Buffered, move |tables| tables.handle_alert(alert, runs))
    }

    fn start_run(&self, run: NewRun) -> Write<RunId> {
        self.writer.submit(Durable, move |tables| tables.start_run(run))
    }

    fn start_child(&self, append: Append, child: NewChild) -> Write<RunId> {
        self.writer.submit(append.durability, move |tables| tables.start_child(append, child))
    }

    fn start_undo(&self, run: NewRun, expiry: Option<Expiry>) -> Write<RunId> {
        self.writer.submit(Durable, move |tables| tables.start_undo(run, expiry))
    }

    fn end_expiry(&self, expiry: Expiry) -> Write<()> {
        self.writer.submit(Durable, move |tables| tables.end_expiry(expiry))
    }

    fn change_alert(&self, alert: AlertId, changes: Vec<AlertChange>) -> Write<Alert> {
        self.writer.submit(Durable, move |tables| tables.change_alert(alert, changes))
    }

    fn claim(&self, run: RunId, claim: Claim) -> Write<Run> {
        self.writer.submit(Buffered, move |tables| tables.claim(run, claim))
    }

    fn append(&self, append: Append) -> Write<Seq> {
        self.writer.submit(append.durability, move |tables| tables.append(append))
    }

    fn wake(&self, run: RunId) -> Write<()> {
        self.writer.submit(Durable, move |tables| tables.wake(run))
    }

    fn import_run(&self, run: Run, entries: Vec<Entry>) -> Write<RunId> {
        self.writer.submit(Durable, move |tables| tables.import_run(run, entries))
    }

    fn alert(&self, alert: AlertId) -> Result<Option<Alert>, StoreError> {
        self.tree.record(&keys::numbered(Table::Alert, alert))
    }

    fn alerts(&self, page: Page) -> Result<Vec<Alert>, StoreError> {
        self.newest(keys::table(Table::Alert), Table::Alert, page, |_| true)
    }

    fn waiting(&self, limit: usize) -> Result<Vec<AlertId>, StoreError> {
        let keys = self.tree.keys(&keys::table(Table::Waiting));
        keys.take(limit.min(PAGE_ITEMS)).map(|key| number(&key?)).collect()
    }

    fn waiting_count(&self) -> u64 {
        self.waiting.load(Relaxed)
    }

    fn run(&self, run: RunId) -> Result<Option<Run>, StoreError> {
        self.tree.record(&keys::numbered(Table::Run, run))
    }

    fn runs(&self, filter: RunFilter, page: Page) -> Result<Vec<Run>, StoreError> {
        let prefix = match filter {
            RunFilter { parent: Some(parent), .. } => keys::runs_of_parent(parent),
            RunFilter { alert: Some(alert), .. } => keys::runs_of_alert(alert),
            RunFilter { status: Some(status), .. } => keys::runs_of_status(status),
            RunFilter { parent: None, alert: None, status: None } => keys::table(Table::Run),
        };
        // A run may stand otherwise between the look at the index and the look at the run.
        let wanted = |run: &Run| {
            filter.alert.is_none_or(|alert| run.alert == alert)
                && filter.status.is_none_or(|status| run.status == status)
        };
        self.newest(prefix, Table::Run, page, wanted)
    }

    fn running(&self, from: RunId, limit: usize) -> Result<Vec<Run>, StoreError> {
        let prefix = keys::runs_of_status(RunStatus::Running);
        let keys = keys::with_number(prefix.clone(), from)..keys::with_number(prefix, RunId::MAX);
        let keys = self.tree.range(keys).map(|key| Ok(keys::numbered(Table::Run, number(&key?)?)));
        self.tree.page(keys, limit, |run: &Run| run.status == RunStatus::Running)
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError> {
        let keys = self.tree.range(keys::table(Table::Due)..keys::with_number(keys::due(now), RunId::MAX));
        keys.take(limit.min(PAGE_ITEMS)).map(|key| number(&key?)).collect()
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = self.tree.keys(&keys::table(Table::Due)).next().transpose()?;
        first.map(|key| keys::due_time(&key).ok_or_else(|| tree::damaged(&key))).transpose()
    }

    fn tasks(&self, after: Option<(RunId, Position)>, limit: usize) -> Result<Vec<Task>, StoreError> {
        let mut from = keys::table(Table::Task);
        if let Some((run, position)) = after {
            from = keys::task(run, position);
            // No key lies between a key and the same one with a zero behind it.
            from.push(0);
        }
        let keys = self.tree.range(from..keys::tasks_of_run(RunId::MAX));
        self.tree.page(keys.map(|key| Ok(key?.to_vec())), limit, |_| true)
    }

    fn count_earlier(&self, which: &Earlier, before: AlertId) -> Result<u32, StoreError> {
        let prefix = keys::alert_keys(&which.label, &which.field, &earlier::normal(&which.value));
        let keys = self.tree.range(prefix.clone()..keys::with_number(prefix, before));
        let mut count = 0;
        for key in keys.rev().take(HISTORY_ALERTS) {
            let key = key?;
            let (id, received) = keys::read_alert_key(&key).ok_or_else(|| tree::damaged(&key))?;
            // An alert may be large, and is only read for how bad it is.
            let rated = || self.tree.record::<Rated>(&keys::numbered(Table::Alert, id));
            let counts = received >= which.since
                && (which.severity == Severity::Informational
                    || rated()?.is_some_and(|alert| alert.severity >= which.severity));
            count += u32::from(counts);
        }
        Ok(count)
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<Expiry>, StoreError> {
        let keys = self.tree.range(keys::table(Table::Expiry)..keys::expired_by(now));
        keys.take(limit.min(PAGE_ITEMS)).map(|key| expiry(&key?)).collect()
    }

    fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError> {
        let first = self.tree.keys(&keys::table(Table::Expiry)).next().transpose()?;
        first.map(|key| Ok(expiry(&key)?.at)).transpose()
    }

    fn undone(&self, run: RunId) -> Result<Vec<Undone>, StoreError> {
        self.tree
            .keys(&keys::undone_of_run(run))
            .map(|key| {
                let key = key?;
                let damaged = || tree::damaged(&key);
                let position = keys::undone_position(&key).ok_or_else(damaged)?;
                Ok(Undone { position, by_run: self.tree.number(&key)?.ok_or_else(damaged)? })
            })
            .collect()
    }

    fn journal(&self, run: RunId, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        let keys = self.tree.range(keys::entry(run, from)..keys::entry(run, Seq::MAX));
        let entries =
            self.tree.page(keys.map(|key| Ok(key?.to_vec())), limit, |_: &StoredEntry<Event>| true)?;
        Ok(entries.into_iter().map(|(seq, at, event)| Entry { seq, at, event }).collect())
    }

    fn record(&self, record: Record, durability: Durability) -> Write<audit::Seq> {
        self.writer.submit(durability, move |tables| tables.record(&record))
    }

    fn audit(&self, from: audit::Seq, limit: usize) -> Result<Vec<(audit::Seq, String)>, StoreError> {
        let keys = keys::numbered(Table::Audit, from)..keys::numbered(Table::Audit, audit::Seq::MAX);
        self.tree.lines(self.tree.range(keys), limit)
    }

    fn audit_head(&self) -> Head {
        self.audit.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put_plugins(&self, plugins: Vec<Plugin>, records: Vec<Record>) -> Write<()> {
        let item = |plugin: &Plugin| (keys::named(Table::Plugin, plugin.name()), serialize(plugin));
        let items: Vec<_> = plugins.iter().map(item).collect();
        self.writer.submit(Durable, move |tables| {
            tables.put_limited(Table::Plugin, &items, (REGISTRY_ITEMS, "plugins"), &records)
        })
    }

    fn remove_plugin(&self, name: Name, record: Record) -> Write<bool> {
        self.remove(Table::Plugin, &name, record)
    }

    fn plugin(&self, name: &Name) -> Result<Option<Plugin>, StoreError> {
        self.tree.record(&keys::named(Table::Plugin, name))
    }

    fn plugins(&self) -> Result<Vec<Plugin>, StoreError> {
        self.all(Table::Plugin)
    }

    fn put_asset(&self, asset: Asset, record: Record) -> Write<()> {
        self.put(Table::Asset, &asset.name, serialize(&asset), "assets", vec![record])
    }

    fn remove_asset(&self, name: Name, record: Record) -> Write<bool> {
        self.remove(Table::Asset, &name, record)
    }

    fn asset(&self, name: &Name) -> Result<Option<Asset>, StoreError> {
        self.tree.record(&keys::named(Table::Asset, name))
    }

    fn assets(&self) -> Result<Vec<Asset>, StoreError> {
        self.all(Table::Asset)
    }

    fn put_playbook_settings(&self, settings: PlaybookSettings) -> Write<()> {
        self.put(
            Table::PlaybookSettings,
            &settings.name,
            serialize(&settings),
            "configured playbooks",
            Vec::new(),
        )
    }

    fn playbook_settings(&self) -> Result<Vec<PlaybookSettings>, StoreError> {
        self.all(Table::PlaybookSettings)
    }

    fn put_list(&self, list: Name) -> Write<bool> {
        self.writer.submit(Durable, move |tables| tables.put_list(&list))
    }

    fn remove_list(&self, list: Name) -> Write<bool> {
        self.writer.submit(Durable, move |tables| tables.remove_list(&list))
    }

    fn lists(&self) -> Result<Vec<CustomList>, StoreError> {
        let lists = self.tree.keys(&keys::table(Table::List)).map(|key| {
            let key = key?;
            let name = keys::name(&key).ok_or_else(|| tree::damaged(&key))?;
            Ok(self.tree.number(&key)?.map(|entries| CustomList { name, entries }))
        });
        lists.filter_map(Result::transpose).collect()
    }

    fn put_list_entry(&self, list: Name, entry: ListEntry) -> Write<bool> {
        self.writer.submit(Durable, move |tables| tables.put_list_entry(&list, &entry))
    }

    fn remove_list_entry(&self, list: Name, value: list::Value) -> Write<bool> {
        self.writer.submit(Durable, move |tables| tables.remove_list_entry(&list, &value))
    }

    fn list_entries(
        &self,
        list: &Name,
        after: Option<&list::Value>,
        limit: usize,
    ) -> Result<Vec<ListEntry>, StoreError> {
        if !self.tree.has(&keys::named(Table::List, list))? {
            return Ok(Vec::new());
        }
        let from = match after {
            // No key lies between a key and the same one with a zero behind it.
            Some(value) => [keys::list_entry(list, value), vec![0]].concat(),
            None => keys::entries_of_list(list),
        };
        let keys = self.tree.range(from..keys::end_of_list(list));
        self.tree.page(keys.map(|key| Ok(key?.to_vec())), limit, |_| true)
    }

    fn find_in_list(&self, list: &Name, value: &str) -> Result<Found, StoreError> {
        // The list may go, or a wide entry take the place of a close one, between two looks.
        let still = self.tree.still();
        if !still.has(&keys::named(Table::List, list))? {
            return Ok(Found::NoList);
        }
        for value in list::covering(value) {
            if let Some(entry) = still.record(&keys::list_entry(list, &value))? {
                return Ok(Found::Entry(entry));
            }
        }
        Ok(Found::Nothing)
    }

    fn put_user(&self, user: KeptUser, record: Record) -> Write<()> {
        self.put(Table::User, &user.user.name, serialize(&user), "users", vec![record])
    }

    fn remove_user(&self, name: Name, record: Record) -> Write<bool> {
        self.remove(Table::User, &name, record)
    }

    fn users(&self) -> Result<Vec<KeptUser>, StoreError> {
        self.all(Table::User)
    }

    fn put_component(&self, digest: Digest, file: Vec<u8>) -> Write<()> {
        self.writer.submit(Durable, move |tables| tables.put_component(&digest, &file))
    }

    fn remove_component(&self, digest: Digest) -> Write<bool> {
        self.writer.submit(Durable, move |tables| tables.remove_component(&digest))
    }

    fn components(&self) -> Result<Vec<Digest>, StoreError> {
        let keys = self.tree.keys(&keys::table(Table::Component));
        keys.map(|key| key.and_then(|key| keys::component_digest(&key).ok_or_else(|| tree::damaged(&key))))
            .collect()
    }

    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.tree.get(&keys::component(digest))
    }

    fn put_setting(&self, name: Name, value: Value) -> Write<()> {
        self.put(Table::Setting, &name, serialize(&value), "settings", Vec::new())
    }

    fn setting(&self, name: &Name) -> Result<Option<Value>, StoreError> {
        self.tree.record(&keys::named(Table::Setting, name))
    }

    fn health(&self) -> Health {
        let counts = &self.writer.counts;
        Health {
            writes: counts.writes.load(Relaxed),
            commits: counts.commits.load(Relaxed),
            syncs: counts.syncs.load(Relaxed),
            waiting: self.waiting_count(),
            // What cannot be read is a failure, and that is said where it can be acted on.
            disk_bytes: self.tree.disk_bytes().unwrap_or(0),
            failure: self.tree.failure().map(ToString::to_string),
        }
    }
}

fn expiry(key: &[u8]) -> Result<Expiry, StoreError> {
    keys::read_expiry(key).ok_or_else(|| tree::damaged(key))
}

/// The number at the end of an index key.
fn number(key: &[u8]) -> Result<u64, StoreError> {
    keys::number(key).ok_or_else(|| tree::damaged(key))
}

#[cfg(test)]
mod tests;
