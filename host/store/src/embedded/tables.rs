//! The writes: each reads what it must, and goes to the tree as one batch. Called by the writer thread only.

mod alerts;
mod append;
mod audit;
mod lists;
mod registry;
mod runs;
mod tasks;
mod undo;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::embedded::batch::Batch;
use palisade_model::{
    Timestamp,
    alert::{Alert, AlertId, NewAlert},
    audit::Head,
    run::{Run, RunId, Seq},
};

use super::{
    keys::{self, Table},
    tree::{self, Tree},
};
use crate::{error::StoreError, store::Appended};

pub(super) use self::alerts::add_alert_keys;

/// An entry of a journal as it is stored: its place, its time, and what happened.
pub(super) type StoredEntry<E> = (Seq, Timestamp, E);

/// The tables, as the writer thread sees them.
pub(super) struct Tables {
    tree: Arc<Tree>,
    /// Alerts that wait; everybody may read it.
    waiting: Arc<AtomicU64>,
    next_alert: AlertId,
    next_run: RunId,
    /// How far the audit log goes.
    audit: Head,
    /// How far it survives loss of power; everybody may read it.
    audit_synced: Arc<Mutex<Head>>,
    /// Some of the runs that are at work, so that an append reads nothing. No other run is in here: those that wait may
    /// be a hundred thousand.
    running: HashMap<RunId, Run>,
}

impl Tables {
    /// Counts the alerts that wait, once, and finds the end of the audit log.
    pub(super) fn new(
        tree: Arc<Tree>,
        waiting: Arc<AtomicU64>,
        audit_synced: Arc<Mutex<Head>>,
    ) -> Result<Self, StoreError> {
        let mut count = 0;
        for key in tree.keys(&keys::table(Table::Waiting)) {
            key?;
            count += 1;
        }
        waiting.store(count, Relaxed);
        let next_alert = tree.number(&next_alert_key())?.unwrap_or(1);
        let next_run = tree.number(&next_run_key())?.unwrap_or(1);
        let audit = audit::last(&tree)?;
        audit_synced.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&audit);
        Ok(Self { tree, waiting, next_alert, next_run, audit, audit_synced, running: HashMap::new() })
    }

    pub(super) fn takes_writes(&self) -> Result<(), StoreError> {
        self.tree.takes_writes()
    }

    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.tree.sync()?;
        self.audit_synced.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.audit);
        Ok(())
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
        add_alert_keys(&mut batch, &alert);
        Tree::insert(&mut batch, next_alert_key(), &(id + 1).to_be_bytes());
        self.tree.apply(batch)?;
        self.next_alert = id + 1;
        self.waiting.fetch_add(1, Relaxed);
        Ok(Appended::New(id))
    }

    fn alert(&self, alert: AlertId) -> Result<Alert, StoreError> {
        let key = keys::numbered(Table::Alert, alert);
        self.tree.record(&key)?.ok_or_else(|| tree::damaged(&key))
    }
}

fn next_alert_key() -> Vec<u8> {
    keys::meta("next-alert")
}

fn next_run_key() -> Vec<u8> {
    keys::meta("next-run")
}
