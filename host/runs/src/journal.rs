//! The journal of one run, written by its playbook and its actions alike.

use std::sync::{Arc, Mutex};

use palisade_engine::Stop;
use palisade_model::{
    Timestamp,
    limits::{ENTRIES_PER_RUN, LOG_LINES_PER_RUN, RUN_BYTES},
    run::{Event, LogLevel, Position, RunId, Seq},
};
use palisade_store::{Append, Durability, Store, StoreError, Write};
use tokio::sync::watch;

/// Writes entries in one order, and knows how many there are.
///
/// Each append names the place it expects, so if one write fails, every later one fails too: what was handed over and
/// not waited for is checked by the next that is.
pub(crate) struct Journal {
    run: RunId,
    store: Arc<dyn Store>,
    changed: watch::Sender<u64>,
    state: Mutex<State>,
}

struct State {
    entries: Seq,
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
            state: Mutex::new(State { entries, log_lines: 0, bytes_left: RUN_BYTES }),
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

    /// Writes an entry and waits until it survives loss of power.
    pub(crate) async fn durable(&self, event: Event) -> Result<(), Stop> {
        self.hand_over(event, Durability::Durable)?.await.map_err(|error| self.stop(&error))?;
        self.tell();
        Ok(())
    }

    /// Writes an entry that is to survive loss of power, without waiting for it. Writes take effect in order, so nothing
    /// that is durable later can be there without it.
    pub(crate) fn soon(&self, event: Event) -> Result<(), Stop> {
        drop(self.hand_over(event, Durability::Durable)?);
        self.tell();
        Ok(())
    }

    /// Writes an entry without waiting: if a crash loses it, nothing outside has changed.
    pub(crate) fn buffered(&self, event: Event) -> Result<(), Stop> {
        drop(self.hand_over(event, Durability::Buffered)?);
        self.tell();
        Ok(())
    }

    /// Writes a line of log, unless there are too many; the last one says so.
    pub(crate) fn log(&self, action: Option<Position>, level: LogLevel, message: String) -> Result<(), Stop> {
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

    /// The place is taken and the write handed over under one lock, so the order of places is the order of writes.
    fn hand_over(&self, event: Event, durability: Durability) -> Result<Write<Seq>, Stop> {
        let mut state = self.state();
        // The conclusion must always find room.
        if state.entries >= ENTRIES_PER_RUN && !matches!(event, Event::Concluded { .. }) {
            return Err(Stop(format!("the run has more than {ENTRIES_PER_RUN} entries in its journal")));
        }
        let write = self.store.append(Append {
            run: self.run,
            expected: state.entries,
            at: Timestamp::now(),
            events: vec![event],
            durability,
        });
        state.entries += 1;
        Ok(write)
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
