//! Runs: how they are created, taken over, woken, and brought here from elsewhere.

use std::{mem::take, sync::atomic::Ordering::Relaxed};

use crate::embedded::batch::Batch;
use palisade_model::{
    Timestamp,
    alert::AlertId,
    journal::{ChildStarted, Entry, Event},
    limits::{COMPONENT_PIECES_PER_BATCH, RUNS_CACHED, VALUE_CHUNK_BYTES},
    run::{Parent, Run, RunId, RunStatus, Seq},
};

use super::{StoredEntry, Tables, next_run_key};
use crate::{
    embedded::{
        keys::{self, Table},
        tree::{self, Tree},
    },
    error::StoreError,
    store::{Append, Claim, NewChild, NewRun},
};

/// Bytes after which the entries of an imported run go on in the next batch, as large as one of a component.
const IMPORT_BATCH_BYTES: usize = COMPONENT_PIECES_PER_BATCH * VALUE_CHUNK_BYTES;

/// What the indexes say of a run.
#[derive(Clone, Copy)]
pub(super) struct Place {
    status: RunStatus,
    due: Option<Timestamp>,
}

impl Place {
    /// Where this run stands in the indexes.
    pub(super) fn of(run: &Run) -> Self {
        Self { status: run.status, due: run.due }
    }
}

/// Whether a run that stands so may go on by itself, at a time or when another run ends.
pub(super) fn waits(status: RunStatus) -> bool {
    matches!(status, RunStatus::Waiting | RunStatus::InDoubt)
}

impl Tables {
    pub(in crate::embedded) fn handle_alert(
        &mut self,
        alert: AlertId,
        runs: Vec<NewRun>,
    ) -> Result<Vec<RunId>, StoreError> {
        let mut batch = Batch::default();
        if !self.tree.remove(&mut batch, &keys::numbered(Table::Waiting, alert))? {
            return Err(StoreError::NotWaiting { alert });
        }
        let first = self.next_run;
        let ids: Vec<_> = (first..).zip(runs).map(|(id, run)| add_run(&mut batch, id, run, None)).collect();
        self.apply_runs(batch, first + ids.len() as RunId)?;
        self.waiting.fetch_sub(1, Relaxed);
        Ok(ids)
    }

    pub(in crate::embedded) fn start_run(&mut self, run: NewRun) -> Result<RunId, StoreError> {
        let alert = run.began.alert.id;
        if !self.tree.has(&keys::numbered(Table::Alert, alert))? {
            return Err(StoreError::NoSuchAlert { alert });
        }
        let mut batch = Batch::default();
        let id = add_run(&mut batch, self.next_run, run, None);
        self.apply_runs(batch, id + 1)?;
        Ok(id)
    }

    pub(in crate::embedded) fn start_child(
        &mut self,
        mut append: Append,
        child: NewChild,
    ) -> Result<RunId, StoreError> {
        let NewChild { run, parent, playbook } = child;
        let at = append.events.last().map_or(run.started, |(last, _)| run.started.max(*last));
        let started = ChildStarted { position: parent.position, playbook, run: Some(self.next_run) };
        append.events.push((at, Event::ChildStarted(started)));
        let mut batch = Batch::default();
        let audit = self.add_records(&mut batch, &take(&mut append.audit));
        let starter = self.add_entries(&mut batch, append)?;
        let id = add_run(&mut batch, self.next_run, run, Some(parent));
        self.apply_runs(batch, id + 1)?;
        self.audit = audit;
        self.remember(starter);
        Ok(id)
    }

    /// Applies a batch that creates the runs below this number.
    pub(super) fn apply_runs(&mut self, mut batch: Batch, next: RunId) -> Result<(), StoreError> {
        Tree::insert(&mut batch, next_run_key(), &next.to_be_bytes());
        self.tree.apply(batch)?;
        self.next_run = next;
        Ok(())
    }

    pub(in crate::embedded) fn claim(&mut self, id: RunId, claim: Claim) -> Result<Run, StoreError> {
        let mut run = self.find_run(id)?.ok_or(StoreError::NoSuchRun { run: id })?;
        if run.imported {
            return Err(StoreError::Imported { run: id });
        }
        if run.status.is_final() && claim != Claim::Again {
            return Err(StoreError::RunEnded { run: id });
        }
        let was = Place::of(&run);
        run.epoch += 1;
        run.status = RunStatus::Running;
        run.due = None;
        run.finished = None;
        run.message.clear();
        let mut batch = Batch::default();
        self.stop_looking(&mut batch, &mut run)?;
        self.put_run(&mut batch, was, &run)?;
        self.tree.apply(batch)?;
        self.remember(run.clone());
        Ok(run)
    }

    pub(in crate::embedded) fn wake(&mut self, run: RunId) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        self.add_waking(&mut batch, run, Timestamp::now())?;
        self.tree.apply(batch)
    }

    /// Makes a run due at this time, or leaves it due before; nothing if it does not wait.
    pub(super) fn add_waking(&self, batch: &mut Batch, run: RunId, at: Timestamp) -> Result<(), StoreError> {
        let Some(mut run) = self.find_run(run)?.filter(|run| waits(run.status)) else { return Ok(()) };
        let was = Place::of(&run);
        run.due = Some(run.due.map_or(at, |due| due.min(at)));
        self.put_run(batch, was, &run)
    }

    /// Imports a run. It may be too large for one batch, so its record, without which it is not there, goes last; and
    /// its number is taken first, so that what a crash leaves behind is never part of another run.
    pub(in crate::embedded) fn import_run(
        &mut self,
        run: Run,
        entries: Vec<Entry>,
    ) -> Result<RunId, StoreError> {
        if !run.status.is_final() {
            return Err(StoreError::NotEnded);
        }
        let id = self.next_run;
        self.apply_runs(Batch::default(), id + 1)?;
        let count = entries.len() as Seq;
        let run = Run { id, imported: true, entries: count, due: None, attention: 0, ..run };
        let mut batch = Batch::default();
        let mut bytes = 0;
        for Entry { seq, at, event } in entries {
            bytes += add_entry(&mut batch, id, &(seq, at, &event));
            if bytes >= IMPORT_BATCH_BYTES {
                self.tree.apply(take(&mut batch))?;
                bytes = 0;
            }
        }
        Tree::insert(&mut batch, keys::with_number(keys::runs_of_status(run.status), id), &[]);
        Tree::insert(&mut batch, keys::numbered(Table::Run, id), &tree::serialize(&run));
        self.tree.apply(batch)?;
        Ok(id)
    }

    /// A run as it stands.
    pub(super) fn find_run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        match self.running.get(&id) {
            Some(run) => Ok(Some(run.clone())),
            None => self.tree.record(&keys::numbered(Table::Run, id)),
        }
    }

    /// Puts the record of a run, and moves the run in the indexes from where it was.
    pub(super) fn put_run(&self, batch: &mut Batch, was: Place, run: &Run) -> Result<(), StoreError> {
        if run.status != was.status {
            batch.remove(keys::with_number(keys::runs_of_status(was.status), run.id));
            Tree::insert(batch, keys::with_number(keys::runs_of_status(run.status), run.id), &[]);
        }
        if run.due != was.due {
            // The later of two operations of one batch on one key counts.
            if let Some(due) = was.due {
                batch.remove(keys::with_number(keys::due(due), run.id));
            }
            if let Some(due) = run.due {
                Tree::insert(batch, keys::with_number(keys::due(due), run.id), &[]);
            }
        }
        self.tree.put(batch, keys::numbered(Table::Run, run.id), &tree::serialize(run))
    }

    /// Keeps a run that was written at hand while it is at work.
    pub(super) fn remember(&mut self, run: Run) {
        if run.status != RunStatus::Running {
            self.running.remove(&run.id);
            return;
        }
        if self.running.len() >= RUNS_CACHED {
            self.running.clear();
        }
        self.running.insert(run.id, run);
    }
}

/// Adds a new run with its first entry to a batch. Returns its number.
pub(super) fn add_run(batch: &mut Batch, id: RunId, new: NewRun, parent: Option<Parent>) -> RunId {
    let run = Run {
        id,
        alert: new.began.alert.id,
        playbook: new.playbook,
        digest: new.began.digest.clone(),
        parent,
        mode: new.began.mode,
        undoes: new.began.undo.as_ref().map(|undo| undo.of),
        status: RunStatus::Running,
        due: None,
        attention: 0,
        started: new.started,
        finished: None,
        message: String::new(),
        entries: 1,
        epoch: 1,
        imported: false,
    };
    add_entry(batch, id, &(1, run.started, &Event::Began(Box::new(new.began))));
    Tree::insert(batch, keys::numbered(Table::Run, id), &tree::serialize(&run));
    Tree::insert(batch, keys::with_number(keys::runs_of_alert(run.alert), id), &[]);
    Tree::insert(batch, keys::with_number(keys::runs_of_status(run.status), id), &[]);
    if let Some(parent) = parent {
        Tree::insert(batch, keys::with_number(keys::runs_of_parent(parent.run), id), &[]);
    }
    id
}

/// Adds an entry of a run's journal to a batch. Returns its bytes.
pub(super) fn add_entry(batch: &mut Batch, run: RunId, entry: &StoredEntry<&Event>) -> usize {
    // Not as an `Entry`, which mixes its own fields with those of the event.
    let value = tree::serialize(entry);
    Tree::insert(batch, keys::entry(run, entry.0), &value);
    value.len()
}
