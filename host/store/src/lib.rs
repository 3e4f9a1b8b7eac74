//! Durable storage behind one narrow trait, and its embedded default on sled.
//!
//! The trait, [`Store`], is shaped like a log and not like a table: take an alert in, hand it to playbooks, append to
//! a run's journal. Each write is one step of the product and one atomic batch of the database, so nothing above this
//! crate speaks of keys or transactions, and a server database can stand behind the same trait. Whatever stands there
//! passes the same suite, `contract::all` (feature `contract`).
//!
//! # The embedded default
//!
//! [`SledStore`] follows from what sled 0.34.7 does and does not do:
//!
//! - *One thread writes.* Durable writes from many threads hang sled's `flush_async`, and a sync of the disk costs the
//!   same for one write as for hundreds. The thread takes whatever waits, applies each write as one batch, syncs once,
//!   and answers them all. As nobody else writes, a check followed by a batch needs no transaction.
//! - *Our own `fdatasync`.* sled's flush ends in `sync_file_range`, which survives a crash of the process and not a
//!   loss of power. So the file is synced through a second handle before anybody hears that a write is done.
//! - *Often enough.* sled itself relies on what it only handed to the kernel: it overwrites the durable copy of a page
//!   when there is a new one. So the writer syncs before a segment of the log is full, whoever waits for it; and sled's
//!   own thread, which moves pages, is not started. It freed no space that the writes do not free as well.
//! - *Recovery.* sled syncs neither its settings nor names, and refuses to open what it was just about to write. What
//!   can be torn is synced before anything depends on it, and otherwise removed before sled sees it.
//! - *One tree.* sled applies a batch as a whole only within one tree, so the tables share one, by the first byte of
//!   the key.
//! - *Short values.* sled writes pages above 128 KiB to files that it never syncs, and counts a page's values and not
//!   their bytes. So values are cut into pieces of [`VALUE_CHUNK_BYTES`].
//! - *No write after a failed one.* When a write or a sync fails, the kernel may have dropped the data and will not
//!   say so twice. From then on every write is refused until the store is opened again and sled has recovered what is
//!   really there.
//!
//! Values are JSON, so that a person can read what a backup holds.
//!
//! [`VALUE_CHUNK_BYTES`]: palisade_model::limits::VALUE_CHUNK_BYTES

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod embedded;
mod error;
mod store;

pub use embedded::SledStore;
pub use error::{Cause, StoreError};
pub use store::{
    Append, Appended, Claim, Durability, Health, Leave, NewChild, NewRun, Page, RunFilter, Store, Write,
};
