//! The journal of one run, written by its playbook and its actions alike.

use std::sync::{Arc, Mutex};

use palisade_engine::Stop;
use palisade_model::{
    Timestamp,
    limits::{ENTRIES_PER_RUN, JOURNAL_WAIT, LOG_LINES_PER_RUN, RUN_BYTES},
    run::{Event, LogLevel, Position, RunId, Seq},
};
use palisade_store::{Append, Durability, Store, StoreError, Write};
use tokio::sync::watch;

/// Writes entries in one order, and knows how many there are.
///
/// Entries that a crash may lose wait a moment and go with the next that it may not lose, or together
/// ([`JOURNAL_WAIT`]). Each append names the place it expects, so if one write fails, every later one fails too: what was
/// handed over and not waited for is checked by the next that is.
pub(crate) struct Journal {
    run: RunId,
    store: Arc<dyn Store>,
    changed: watch::Sender<u64>,
    state: Mutex<State>,
}

struct State {
    /// Entries that were handed over.
    entries: Seq,
    /// Entries that wait.
    waiting: Vec<(Timestamp, Event)>,
    log_lines: usize,
    /// What parameters and reports may still take.
    bytes_left: usize,
}

impl Journal {
    pub(crate) fn new(run: RunId, entries: Seq, store: Arc<dyn Store>, changed: watch::Sender<u64>) -> Self {
        Self {
            run,
            store,
            changed,
            state: Mutex::new(State { entries, waiting: Vec::new(), log_lines: 0, bytes_left: RUN_BYTES }),
        }
    }

    pub(crate) fn run(&self) -> RunId {
        self.run
    }

    /// Makes room for the parameters or the report of an action.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), Stop> {
        let mut state = self.state();
        match state.bytes_left.checked_sub(bytes) {
            Some(left) => {
                state.bytes_left = left;
                Ok(())
            }
            None => {
                Err(Stop(format!("parameters and reports of its actions take more than {RUN_BYTES} bytes")))
            }
        }
    }

    /// Writes an entry and waits until it survives loss of power, and with it all before it.
    pub(crate) async fn durable(&self, event: Event) -> Result<(), Stop> {
        self.hand_over(event)?.await.map_err(|error| self.stop(&error))?;
        self.tell();
        Ok(())
    }

    /// Writes an entry that is to survive loss of power, without waiting for it. Writes take effect in order, so nothing
    /// that is durable later can be there without it.
    pub(crate) fn soon(self: &Arc<Self>, event: Event) -> Result<(), Stop> {
        self.follow(self.hand_over(event)?);
        Ok(())
    }

    /// Writes an entry within a moment: if a crash loses it, nothing outside has changed.
    pub(crate) fn buffered(self: &Arc<Self>, event: Event) -> Result<(), Stop> {
        let mut state = self.state();
        Self::push(&mut state, event)?;
        if state.waiting.len() == 1 {
            let journal = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(JOURNAL_WAIT).await;
                let mut state = journal.state();
                // An entry that must not be lost may have taken them along.
                if !state.waiting.is_empty() {
                    let write = journal.append(&mut state, Durability::Buffered);
                    drop(state);
                    journal.follow(write);
                }
            });
        }
        Ok(())
    }

    /// Writes a line of log, unless there are too many; the last one says so.
    pub(crate) fn log(
        self: &Arc<Self>,
        action: Option<Position>,
        level: LogLevel,
        message: String,
    ) -> Result<(), Stop> {
        let lines = {
            let mut state = self.state();
            state.log_lines += 1;
            state.log_lines
        };
        match lines.cmp(&LOG_LINES_PER_RUN) {
            std::cmp::Ordering::Less => self.buffered(Event::Log { action, level, message }),
            std::cmp::Ordering::Equal => {
                let message = format!("more than {LOG_LINES_PER_RUN} lines of log: the rest is dropped");
                self.buffered(Event::Log { action: None, level: LogLevel::Warn, message })
            }
            std::cmp::Ordering::Greater => Ok(()),
        }
    }

    /// Hands an entry over with all that wait, durably.
    fn hand_over(&self, event: Event) -> Result<Write<Seq>, Stop> {
        let mut state = self.state();
        Self::push(&mut state, event)?;
        Ok(self.append(&mut state, Durability::Durable))
    }

    fn push(state: &mut State, event: Event) -> Result<(), Stop> {
        // The conclusion must always find room.
        let entries = state.entries + state.waiting.len() as u64;
        if entries >= ENTRIES_PER_RUN && !matches!(event, Event::Concluded { .. }) {
            return Err(Stop(format!("the run has more than {ENTRIES_PER_RUN} entries in its journal")));
        }
        state.waiting.push((Timestamp::now(), event));
        Ok(())
    }

    /// Places are taken and the write handed over under one lock, so the order of places is the order of writes.
    fn append(&self, state: &mut State, durability: Durability) -> Write<Seq> {
        let events = std::mem::take(&mut state.waiting);
        let expected = state.entries;
        state.entries += events.len() as u64;
        self.store.append(Append { run: self.run, expected, events, durability })
    }

    /// Tells whoever watches when the write is there. That it failed is found by the next that is waited for.
    fn follow(self: &Arc<Self>, write: Write<Seq>) {
        let journal = Arc::clone(self);
        tokio::spawn(async move {
            if write.await.is_ok() {
                journal.tell();
            }
        });
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn stop(&self, error: &StoreError) -> Stop {
        tracing::error!(
            run = self.run,
            error = error as &dyn std::error::Error,
            "A journal could not be written."
        );
        Stop(format!("its journal could not be written: {error}"))
    }

    /// Wakes whoever watches runs.
    fn tell(&self) {
        self.changed.send_modify(|version| *version += 1);
    }
}
