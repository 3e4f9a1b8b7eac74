//! Why the store could not do what it was asked.

use std::{path::PathBuf, sync::Arc};

use palisade_model::{
    alert::AlertId,
    limits::WRITES_WAITING,
    run::{Epoch, Position, RunId, Seq},
};

/// What the backend itself said. Shared, because one failed commit answers many callers.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why the store could not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Too many writes wait. Nothing was written.
    #[error("the store is busy: {WRITES_WAITING} writes are waiting; try again in a moment")]
    Busy,
    /// There is no such list.
    #[error("there is no list `{list}`")]
    NoSuchList {
        /// Its name.
        list: String,
    },
    /// A step was taken back before. Nothing was written.
    #[error("step {position} of run {run} was taken back before, by run {by_run}")]
    Undone {
        /// The run.
        run: RunId,
        /// The step.
        position: Position,
        /// The run that took it back.
        by_run: RunId,
    },
    /// The journal is not where the writer thought. Nothing was written.
    #[error("the journal of run {run} has {actual} entries, not {expected}: somebody else writes it")]
    Conflict {
        /// The run.
        run: RunId,
        /// Entries that the writer expected.
        expected: Seq,
        /// Entries that there are.
        actual: Seq,
    },
    /// The run has ended, so nothing more can happen in it. Nothing was written.
    #[error("run {run} has ended: its journal is closed")]
    RunEnded {
        /// The run.
        run: RunId,
    },
    /// Somebody else has taken the run over. Nothing was written, and the writer must do nothing more for it.
    #[error("run {run} belongs to somebody else by now: epoch {actual}, not {epoch}")]
    Fenced {
        /// The run.
        run: RunId,
        /// Epoch of the writer.
        epoch: Epoch,
        /// Epoch of the run.
        actual: Epoch,
    },
    /// The run came from another installation, and is never executed here.
    #[error("run {run} was imported: it can be looked at and replayed, not executed")]
    Imported {
        /// The run.
        run: RunId,
    },
    /// The run has not ended, so it may still be executed where it came from.
    #[error("the run has not ended: only one that has can be imported")]
    NotEnded,
    /// There is no such run.
    #[error("there is no run {run}")]
    NoSuchRun {
        /// The run.
        run: RunId,
    },
    /// There is no such alert.
    #[error("there is no alert {alert}")]
    NoSuchAlert {
        /// The alert.
        alert: AlertId,
    },
    /// The alert was handled before. Nothing was written, so no playbook runs twice.
    #[error("alert {alert} is not waiting: it was handled before")]
    NotWaiting {
        /// The alert.
        alert: AlertId,
    },
    /// A part of the registry is full. Nothing was written.
    #[error("there are {max} {what} already: remove one first")]
    Full {
        /// What there are too many of, in plural.
        what: &'static str,
        /// The most there may be.
        max: usize,
    },
    /// Another process has the store open.
    #[error(
        "{directory:?} is in use: another palisade process has it open; stop that one, or name another directory"
    )]
    AlreadyOpen {
        /// Directory of the store.
        directory: PathBuf,
    },
    /// A newer Palisade wrote the store.
    #[error(
        "{directory:?} has format {found}, and this palisade knows formats up to {known}: use the newer palisade"
    )]
    NewerFormat {
        /// Directory of the store.
        directory: PathBuf,
        /// Format found there.
        found: u64,
        /// The newest format this program knows.
        known: u64,
    },
    /// The store could not be opened.
    #[error("cannot open the store in {directory:?}: check that it exists, is writable, and has free space")]
    Open {
        /// Directory of the store.
        directory: PathBuf,
        /// What the backend said.
        source: Cause,
    },
    /// Something could not be read.
    #[error("cannot read from the store")]
    Read {
        /// What the backend said.
        source: Cause,
    },
    /// Something that was read makes no sense.
    #[error("the store is damaged: {what} cannot be read back; restore it from a backup")]
    Damaged {
        /// The record.
        what: String,
    },
    /// A write failed. Whether it will be there after a restart is unknown.
    #[error(
        "a write to the store failed, and may or may not be on disk: check the disk, then restart palisade"
    )]
    Write {
        /// What the backend said.
        source: Cause,
    },
    /// An earlier write failed, so the store takes no more: what the disk holds is unknown until it is opened again.
    #[error("the store takes no more writes since one failed: check the disk, then restart palisade")]
    Refused {
        /// What the backend said to the write that failed.
        source: Cause,
    },
    /// The thread that writes is gone. Whether the write was done is unknown.
    #[error("the store has stopped writing because of an internal error: see the log, then restart palisade")]
    Stopped,
}
