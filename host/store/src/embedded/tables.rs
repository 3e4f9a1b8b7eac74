//! The writes: each reads what it must, and goes to the tree as one batch. Called by the writer thread only.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use palisade_model::{
    Timestamp,
    alert::{Alert, AlertId, NewAlert},
    limits::{COMPONENT_PIECES_PER_BATCH, RUNS_CACHED},
    plugin::Digest,
    run::{Event, Run, RunId, RunStatus, Seq},
};
use sled::Batch;

use super::{
    keys::{self, Table},
    tree::{self, Tree},
};
use crate::{
    error::StoreError,
    store::{Append, Appended, NewRun},
};

/// An entry of a journal as it is stored: its place, its time, and what happened.
pub(super) type StoredEntry<E> = (Seq, Timestamp, E);

/// The tables, as the writer thread sees them.
pub(super) struct Tables {
    tree: Arc<Tree>,
    /// Alerts that wait; everybody may read it.
    waiting: Arc<AtomicU64>,
    next_alert: AlertId,
    next_run: RunId,
    /// Runs that were appended to and have not ended, so that an append reads nothing.
    running: HashMap<RunId, Run>,
}

impl Tables {
    /// Counts the alerts that wait, once.
    pub(super) fn new(tree: Arc<Tree>, waiting: Arc<AtomicU64>) -> Result<Self, StoreError> {
        let mut count = 0;
        for key in tree.keys(&keys::table(Table::Waiting)) {
            key?;
            count += 1;
        }
        waiting.store(count, Relaxed);
        let next_alert = tree.number(&next_alert_key())?.unwrap_or(1);
        let next_run = tree.number(&next_run_key())?.unwrap_or(1);
        Ok(Self { tree, waiting, next_alert, next_run, running: HashMap::new() })
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.tree.sync()
    }

    pub(super) fn append_alert(
        &mut self,
        received: Timestamp,
        alert: NewAlert,
    ) -> Result<Appended, StoreError> {
        let source = keys::source(&alert.source, &alert.source_id);
        if let Some(known) = self.tree.number(&source)? {
            return Ok(Appended::Duplicate(known));
        }
        let id = self.next_alert;
        let alert = Alert::new(id, received, alert);
        let mut batch = Batch::default();
        Tree::insert(&mut batch, keys::numbered(Table::Alert, id), &tree::serialize(&alert));
        Tree::insert(&mut batch, source, &id.to_be_bytes());
        Tree::insert(&mut batch, keys::numbered(Table::Waiting, id), &[]);
        Tree::insert(&mut batch, next_alert_key(), &(id + 1).to_be_bytes());
        self.tree.apply(batch)?;
        self.next_alert = id + 1;
        self.waiting.fetch_add(1, Relaxed);
        Ok(Appended::New(id))
    }

    pub(super) fn handle_alert(
        &mut self,
        alert: AlertId,
        runs: Vec<NewRun>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut batch = Batch::default();
        if !self.tree.remove(&mut batch, &keys::numbered(Table::Waiting, alert))? {
            return Err(StoreError::NotWaiting { alert });
        }
        let ids = self.create_runs(batch, alert, runs)?;
        self.waiting.fetch_sub(1, Relaxed);
        Ok(ids)
    }

    pub(super) fn start_run(&mut self, alert: AlertId, run: NewRun) -> Result<RunId, StoreError> {
        if !self.tree.has(&keys::numbered(Table::Alert, alert))? {
            return Err(StoreError::NoSuchAlert { alert });
        }
        let id = self.next_run;
        self.create_runs(Batch::default(), alert, vec![run])?;
        Ok(id)
    }

    fn create_runs(
        &mut self,
        mut batch: Batch,
        alert: AlertId,
        runs: Vec<NewRun>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut next = self.next_run;
        for run in runs {
            let id = next;
            let run = Run {
                id,
                alert,
                playbook: run.playbook,
                digest: run.digest,
                status: RunStatus::Running,
                started: run.started,
                finished: None,
                message: String::new(),
                entries: 0,
            };
            Tree::insert(&mut batch, keys::numbered(Table::Run, id), &tree::serialize(&run));
            Tree::insert(&mut batch, keys::with_number(keys::runs_of_alert(alert), id), &[]);
            Tree::insert(&mut batch, keys::with_number(keys::runs_of_status(run.status), id), &[]);
            next += 1;
        }
        Tree::insert(&mut batch, next_run_key(), &next.to_be_bytes());
        self.tree.apply(batch)?;
        let ids = (self.next_run..next).collect();
        self.next_run = next;
        Ok(ids)
    }

    pub(super) fn append(&mut self, append: Append) -> Result<Seq, StoreError> {
        let Append { run: id, expected, events, durability: _ } = append;
        let known = match self.running.get(&id) {
            Some(run) => Some(run.clone()),
            None => self.tree.record(&keys::numbered(Table::Run, id))?,
        };
        let mut run: Run = known.ok_or(StoreError::NoSuchRun { run: id })?;
        if run.entries != expected {
            return Err(StoreError::Conflict { run: id, expected, actual: run.entries });
        }
        if run.status.is_final() {
            return Err(StoreError::RunEnded { run: id });
        }

        let mut batch = Batch::default();
        let mut alert: Option<Alert> = None;
        for (at, event) in events {
            match &event {
                Event::AlertChanged(change) => {
                    let alert = match &mut alert {
                        Some(alert) => alert,
                        none => none.insert(self.alert(run.alert)?),
                    };
                    alert.apply(change.clone());
                }
                Event::Concluded { status, message } => {
                    run.status = *status;
                    run.message.clone_from(message);
                    run.finished = Some(at);
                }
                Event::ActionStarted(_) | Event::ActionEnded(_) | Event::Log { .. } => {}
            }
            run.entries += 1;
            // Not as an `Entry`, which mixes its own fields with those of the event.
            let entry: StoredEntry<&Event> = (run.entries, at, &event);
            Tree::insert(&mut batch, keys::entry(id, run.entries), &tree::serialize(&entry));
        }
        if let Some(alert) = alert {
            self.tree.put(&mut batch, keys::numbered(Table::Alert, alert.id), &tree::serialize(&alert))?;
        }
        if run.status != RunStatus::Running {
            batch.remove(keys::with_number(keys::runs_of_status(RunStatus::Running), id));
            Tree::insert(&mut batch, keys::with_number(keys::runs_of_status(run.status), id), &[]);
        }
        self.tree.put(&mut batch, keys::numbered(Table::Run, id), &tree::serialize(&run))?;
        self.tree.apply(batch)?;

        let entries = run.entries;
        if run.status.is_final() {
            self.running.remove(&id);
        } else {
            if self.running.len() >= RUNS_CACHED {
                self.running.clear();
            }
            self.running.insert(id, run);
        }
        Ok(entries)
    }

    fn alert(&self, alert: AlertId) -> Result<Alert, StoreError> {
        let key = keys::numbered(Table::Alert, alert);
        self.tree.record(&key)?.ok_or_else(|| tree::damaged(&key))
    }

    /// Puts a record of a table that holds at most `max` of them, `what` in plural.
    pub(super) fn put_limited(
        &mut self,
        table: Table,
        key: Vec<u8>,
        value: &[u8],
        (max, what): (usize, &'static str),
    ) -> Result<(), StoreError> {
        if !self.tree.has(&key)? && self.tree.keys(&keys::table(table)).take(max).count() == max {
            return Err(StoreError::Full { what, max });
        }
        let mut batch = Batch::default();
        self.tree.put(&mut batch, key, value)?;
        self.tree.apply(batch)
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        let found = self.tree.remove(&mut batch, key)?;
        self.tree.apply(batch)?;
        Ok(found)
    }

    /// Puts a component. It is too large for one batch, so its head, without which it is not there, goes last.
    pub(super) fn put_component(&mut self, digest: &Digest, file: &[u8]) -> Result<(), StoreError> {
        let key = keys::component(digest);
        if self.tree.has(&key)? {
            return Ok(());
        }
        let (head, pieces) = tree::cut(&key, file);
        self.in_batches(pieces, |batch, (key, piece)| batch.insert(key, piece))?;
        let mut batch = Batch::default();
        batch.insert(key.as_slice(), head);
        self.tree.apply(batch)
    }

    /// Removes a component, head first.
    pub(super) fn remove_component(&mut self, digest: &Digest) -> Result<bool, StoreError> {
        let key = keys::component(digest);
        let Some(pieces) = self.tree.pieces(&key)? else { return Ok(false) };
        let mut batch = Batch::default();
        batch.remove(key.as_slice());
        self.tree.apply(batch)?;
        self.in_batches(1..=pieces, |batch, index| batch.remove(keys::piece(&key, index)))?;
        Ok(true)
    }

    fn in_batches<T>(
        &self,
        items: impl Iterator<Item = T>,
        add: impl Fn(&mut Batch, T),
    ) -> Result<(), StoreError> {
        let mut items = items.peekable();
        while items.peek().is_some() {
            let mut batch = Batch::default();
            items.by_ref().take(COMPONENT_PIECES_PER_BATCH).for_each(|item| add(&mut batch, item));
            self.tree.apply(batch)?;
        }
        Ok(())
    }
}

fn next_alert_key() -> Vec<u8> {
    keys::meta("next-alert")
}

fn next_run_key() -> Vec<u8> {
    keys::meta("next-run")
}
