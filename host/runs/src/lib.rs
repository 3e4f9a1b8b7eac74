//! From an acknowledged alert to a concluded run.
//!
//! The life of an alert, top-down: [`Runs::ingest`] makes it durable and wakes `dispatch.rs`, which finds the playbooks
//! for its label and creates the runs. `drive.rs` is one stay of a run in this process: `playing.rs` answers the calls of
//! its playbook, from the journal as far as that goes and then for real; `action.rs` finds what is to be executed and
//! `effort.rs` executes it, with attempts, waits and doubts; `active.rs` and `steps.rs` are what they share. A run that waits for long is
//! left, and `schedule.rs` takes it up again when it is due (`here.rs`); `history.rs` reads its journal, `journal.rs` writes it.
//! `people.rs` is what people do to runs. What of all this goes into the audit log, `audit.rs` says.
//!
//! What is installed and configured is one immutable [`Catalogue`]: a run keeps the one it began its stay with.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod action;
mod active;
mod alerts;
mod assets;
mod audit;
mod cancel;
mod catalogue;
mod clock;
mod describe;
mod dispatch;
mod drive;
mod effort;
mod enable;
mod expire;
mod guard;
mod here;
mod history;
mod import;
mod install;
mod journal;
mod lists;
mod people;
mod playing;
mod program;
mod prompt;
mod replace;
mod replay;
mod runs;
mod schedule;
mod sent;
mod steps;
mod take_up;
mod targets;
mod trust;
mod undo;
mod versions;
mod work;

pub use assets::{NewAsset, Tested};
pub use catalogue::{
    AssetError, Catalogue, LoadedAsset, LoadedConnector, LoadedPlaybook, check_settings, open_gate,
};
pub use guard::{PolicyFileError, PolicyStatus};
pub use install::{Grant, InstallError, Removal};
pub use replay::Replayed;
pub use runs::{How, Ingested, Places, Runs, RunsError};
pub use trust::{Looked, Word};
