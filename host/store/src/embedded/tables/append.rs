//! Appending to a journal, and what follows from what is appended.

use std::mem;

use crate::embedded::batch::Batch;
use palisade_model::{
    Timestamp,
    alert::Alert,
    journal::{ActionEnded, Event},
    run::{Mode, Run, RunId, Seq},
    undo::Expiry,
};

use super::{
    Tables,
    lists::Additions,
    runs::{Place, add_entry, waits},
    tasks::TaskChanges,
};
use crate::{
    embedded::{
        keys::{self, Table},
        tree::{self, Tree},
    },
    error::StoreError,
    store::{Append, Leave},
};

impl Tables {
    pub(in crate::embedded) fn append(&mut self, mut append: Append) -> Result<Seq, StoreError> {
        let mut batch = Batch::default();
        let audit = self.add_records(&mut batch, &mem::take(&mut append.audit));
        let run = self.add_entries(&mut batch, append)?;
        self.apply_records(batch, audit)?;
        let entries = run.entries;
        self.remember(run);
        Ok(entries)
    }

    /// Adds everything that an append writes to the tables of runs and alerts to a batch. Returns the run as it stands afterwards.
    pub(super) fn add_entries(&self, batch: &mut Batch, append: Append) -> Result<Run, StoreError> {
        let Append { run: id, epoch, expected, events, audit: _, leave, durability: _ } = append;
        let mut run = self.find_run(id)?.ok_or(StoreError::NoSuchRun { run: id })?;
        if run.epoch != epoch {
            return Err(StoreError::Fenced { run: id, epoch, actual: run.epoch });
        }
        if run.entries != expected {
            return Err(StoreError::Conflict { run: id, expected, actual: run.entries });
        }
        if run.status.is_final() {
            return Err(StoreError::RunEnded { run: id });
        }

        let was = Place::of(&run);
        let latest = events.last().map(|(at, _)| *at);
        let mut alert: Option<Alert> = None;
        let mut tasks = TaskChanges::default();
        let mut additions = Additions::default();
        for (at, event) in events {
            tasks.note(&run, at, &event);
            additions.note(&run, &event);
            match &event {
                Event::ActionEnded(ActionEnded { position, undo_at: Some(at), .. }) => {
                    Tree::insert(batch, keys::expiry(&Expiry { at: *at, run: id, position: *position }), &[]);
                }
                // A plan changes nothing.
                Event::AlertChanged(change) if run.mode != Mode::Plan => {
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
                _ => {}
            }
            run.entries += 1;
            add_entry(batch, id, &(run.entries, at, &event));
        }
        self.add_to_lists(batch, additions)?;
        if let Some(alert) = alert {
            self.tree.put(batch, keys::numbered(Table::Alert, alert.id), &tree::serialize(&alert))?;
        }
        if let Some(finished) = run.finished {
            run.due = None;
            self.change_tasks(batch, &mut run, tasks.outliving())?;
            self.remove_tasks(batch, &mut run)?;
            if let Some(parent) = run.parent {
                self.add_waking(batch, parent.run, finished)?;
            }
        } else {
            self.change_tasks(batch, &mut run, tasks)?;
            if let Some(leave) = leave {
                self.leave(&mut run, &leave, latest)?;
            }
        }
        self.put_run(batch, was, &run)?;
        Ok(run)
    }

    /// Has a run stand as its owner leaves it.
    fn leave(&self, run: &mut Run, leave: &Leave, latest: Option<Timestamp>) -> Result<(), StoreError> {
        run.status = leave.status;
        run.due = None;
        if waits(leave.status) {
            run.due = leave.due;
            for child in &leave.children {
                if self.has_ended(*child)? {
                    let now = latest.unwrap_or_else(Timestamp::now);
                    run.due = Some(run.due.map_or(now, |due| due.min(now)));
                    break;
                }
            }
        }
        Ok(())
    }

    fn has_ended(&self, run: RunId) -> Result<bool, StoreError> {
        Ok(self.find_run(run)?.is_none_or(|run| run.status.is_final()))
    }
}
