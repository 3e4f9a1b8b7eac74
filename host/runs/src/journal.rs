//! The writer of one run's journal.

use std::{
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use palisade_engine::Stop;
use palisade_model::{
    Timestamp,
    audit::Record,
    journal::{ChildStarted, Event, LogLevel},
    limits::{ENTRIES_PER_RUN, JOURNAL_WAIT, LOG_LINES_PER_RUN, RUN_BYTES},
    run::{Epoch, Position, Run, RunId, Seq},
};
use palisade_store::{Append, Durability, Leave, NewChild, Store, StoreError, Write};
use tokio::sync::watch;

use crate::{audit::Audit, clock, history::History};

/// Writes entries in one order, and knows how many there are.
///
/// Entries that a crash may lose wait a moment and go with the next that it may not lose, or together
/// ([`JOURNAL_WAIT`]). Each append names the epoch and the place it expects, so if one write fails, every later one fails
/// too: what was handed over and not waited for is checked by the next that is. From the first failure on nothing is
/// accepted any more, and the run does nothing more.
pub(crate) struct Journal {
    run: RunId,
    epoch: Epoch,
    store: Arc<dyn Store>,
    changed: watch::Sender<u64>,
    state: Mutex<State>,
}

struct State {
    /// Entries that were handed over.
    entries: Seq,
    /// When the latest was written.
    latest: Timestamp,
    /// Entries that wait.
    waiting: Vec<(Timestamp, Event)>,
    /// What of them goes into the audit log.
    records: Vec<Record>,
    audit: Audit,
    /// Lines of log that actions wrote.
    action_lines: usize,
    /// What parameters and reports may still take.
    bytes_left: usize,
    /// Why nothing is accepted any more.
    failed: Option<StoreError>,
}

/// The wait for a write.
pub(crate) type Written = Pin<Box<dyn Future<Output = Result<(), Stop>> + Send>>;

impl Journal {
    pub(crate) fn new(
        run: &Run,
        history: &History,
        store: Arc<dyn Store>,
        changed: watch::Sender<u64>,
    ) -> Arc<Self> {
        let state = State {
            entries: history.entries,
            latest: history.latest,
            waiting: Vec::new(),
            records: Vec::new(),
            audit: Audit::after(run, history),
            action_lines: history.action_lines,
            bytes_left: RUN_BYTES.saturating_sub(history.bytes),
            failed: None,
        };
        Arc::new(Self { run: run.id, epoch: run.epoch, store, changed, state: Mutex::new(state) })
    }

    /// Makes room for the parameters or the report of an action.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), Stop> {
        let mut state = self.state();
        match state.bytes_left.checked_sub(bytes) {
            Some(left) => {
                state.bytes_left = left;
                Ok(())
            }
            None => Err(Stop::Broken(format!(
                "parameters and reports of its actions take more than {RUN_BYTES} bytes"
            ))),
        }
    }

    /// Hands an entry over, and all that wait with it. Its place is taken when this returns; what it returns waits until
    /// the entry survives loss of power, and with it all before it.
    pub(crate) fn durable(self: &Arc<Self>, event: Event) -> Result<Written, Stop> {
        let mut state = self.state();
        self.push(&mut state, event)?;
        let write = self.append(&mut state, None, Durability::Durable);
        drop(state);
        Ok(self.written(write))
    }

    /// Writes an entry that is to survive loss of power, whether anybody waits for it or not. Writes take effect in order,
    /// so nothing that is durable later can be there without it. A failure is kept, and met by the next entry.
    pub(crate) fn soon(self: &Arc<Self>, event: Event) -> Result<Written, Stop> {
        let write = tokio::spawn(self.durable(event)?);
        Ok(Box::pin(async move { write.await.unwrap_or(Err(Stop::Aside)) }))
    }

    /// Writes an entry within a moment: if a crash loses it, nothing outside has changed.
    pub(crate) fn buffered(self: &Arc<Self>, event: Event) -> Result<(), Stop> {
        let mut state = self.state();
        self.push(&mut state, event)?;
        if state.waiting.len() == 1 {
            let journal = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(JOURNAL_WAIT).await;
                let write = {
                    let mut state = journal.state();
                    // An entry that must not be lost may have taken them along.
                    if state.waiting.is_empty() {
                        return;
                    }
                    journal.append(&mut state, None, Durability::Buffered)
                };
                journal.written(write).await.ok();
            });
        }
        Ok(())
    }

    /// Writes a line of an action's log, unless there are too many; the last one says so.
    pub(crate) fn log(
        self: &Arc<Self>,
        action: Position,
        level: LogLevel,
        message: String,
    ) -> Result<(), Stop> {
        let lines = {
            let mut state = self.state();
            state.action_lines += 1;
            state.action_lines
        };
        match bounded(lines, level, message) {
            Some((level, message)) => self.buffered(Event::Log { action: Some(action), level, message }),
            None => Ok(()),
        }
    }

    /// Waits until everything that was written so far survives loss of power.
    pub(crate) fn sync(self: &Arc<Self>) -> Written {
        let mut state = self.state();
        if state.failed.is_some() {
            return Box::pin(async { Err(Stop::Aside) });
        }
        let write = self.append(&mut state, None, Durability::Durable);
        drop(state);
        self.written(write)
    }

    /// Leaves the run: what waits is written, and how the run stands. Nothing may be written after it.
    pub(crate) fn leave(self: &Arc<Self>, leave: Leave) -> Written {
        let mut state = self.state();
        if state.failed.is_some() {
            return Box::pin(async { Err(Stop::Aside) });
        }
        let write = self.append(&mut state, Some(leave), Durability::Buffered);
        drop(state);
        self.written(write)
    }

    /// Creates a run that this one starts, and writes the entry that says so.
    pub(crate) async fn start_child(self: &Arc<Self>, child: NewChild) -> Result<RunId, Stop> {
        let write = {
            let mut state = self.state();
            // The entry is the store's to write, as the number of the run is; its place is taken here.
            let entry =
                ChildStarted { position: child.parent.position, playbook: child.playbook.clone(), run: None };
            self.push(&mut state, Event::ChildStarted(entry))?;
            state.waiting.pop();
            let append = self.append_of(&mut state, None, Durability::Buffered);
            state.entries += 1;
            self.store.start_child(append, child)
        };
        let run = write.await.map_err(|error| self.fail(error))?;
        self.tell();
        Ok(run)
    }

    fn push(&self, state: &mut State, event: Event) -> Result<(), Stop> {
        if state.failed.is_some() {
            return Err(Stop::Aside);
        }
        // What ends the run, or a step of it, must always find room.
        let entries = state.entries + state.waiting.len() as u64;
        if entries >= ENTRIES_PER_RUN && (event.is_call() || matches!(event, Event::Log { .. })) {
            return Err(Stop::Broken(format!(
                "the run has more than {ENTRIES_PER_RUN} entries in its journal"
            )));
        }
        state.latest = state.latest.max(clock::now());
        let record = state.audit.record(state.latest, &event);
        state.records.extend(record);
        state.waiting.push((state.latest, event));
        Ok(())
    }

    /// Places are taken and the write handed over under one lock, so the order of places is the order of writes.
    fn append(&self, state: &mut State, leave: Option<Leave>, durability: Durability) -> Write<Seq> {
        let append = self.append_of(state, leave, durability);
        self.store.append(append)
    }

    fn append_of(&self, state: &mut State, leave: Option<Leave>, durability: Durability) -> Append {
        let events = mem::take(&mut state.waiting);
        let audit = mem::take(&mut state.records);
        let expected = state.entries;
        state.entries += events.len() as u64;
        Append { run: self.run, epoch: self.epoch, expected, events, audit, leave, durability }
    }

    fn written(self: &Arc<Self>, write: Write<Seq>) -> Written {
        let journal = Arc::clone(self);
        Box::pin(async move {
            write.await.map_err(|error| journal.fail(error))?;
            journal.tell();
            Ok(())
        })
    }

    /// Why it cannot be written any more.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.state().failed.clone()
    }

    /// The run is set aside and not broken: what the journal does not have did not happen, and whoever owns the run now,
    /// or this host later, goes on from what it has.
    fn fail(&self, error: StoreError) -> Stop {
        let mut state = self.state();
        if state.failed.is_none() {
            // A person may come just after the end.
            if !matches!(error, StoreError::RunEnded { .. }) {
                tracing::error!(
                    run = self.run,
                    error = &error as &dyn std::error::Error,
                    "A journal cannot be written; the run is set aside."
                );
            }
            state.failed = Some(error);
        }
        Stop::Aside
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes whoever watches runs.
    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }
}

/// A line of log, if it is among those that are kept: the last one says that the rest is dropped.
pub(crate) fn bounded(lines: usize, level: LogLevel, message: String) -> Option<(LogLevel, String)> {
    match lines.cmp(&LOG_LINES_PER_RUN) {
        std::cmp::Ordering::Less => Some((level, message)),
        std::cmp::Ordering::Equal => {
            Some((LogLevel::Warn, format!("more than {LOG_LINES_PER_RUN} lines of log: the rest is dropped")))
        }
        std::cmp::Ordering::Greater => None,
    }
}
