//! What the host asks of a store, whatever the database behind it.

use std::pin::Pin;

use palisade_model::{
    Timestamp,
    alert::{Alert, AlertChange, AlertId, NewAlert},
    asset::Asset,
    audit::{self, Head, Record},
    earlier::Earlier,
    journal::{Began, Entry, Event},
    list::{self, CustomList, Found, ListEntry},
    name::Name,
    playbook::PlaybookSettings,
    plugin::{Digest, Plugin},
    prompt::Task,
    run::{Epoch, Parent, Position, Run, RunId, RunStatus, Seq},
    undo::{Expiry, Undone},
    user::KeptUser,
};
use serde_json::Value;

use crate::error::StoreError;

/// A write on its way. It was handed over when the method returned; the future only waits for the answer, so dropping
/// it takes nothing back.
pub type Write<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// Durable storage of alerts, runs, their journals, and what is installed.
///
/// Writes are asynchronous and never block the caller: too many of them end in [`StoreError::Busy`]. They take effect
/// in the order in which they were handed over, each as a whole or not at all, and survive a crash in that order: if
/// one is there after a restart, so is every earlier one. A write is durable before its future resolves unless its
/// documentation says otherwise; durable means that it survives loss of power.
///
/// Reads are synchronous, see every write that was acknowledged, and may see one that is not durable yet. A read
/// returns at most [`PAGE_ITEMS`] items and stops early when those found take more than [`PAGE_BYTES`], so a list may
/// be shorter than asked for: only an empty one says that there is nothing more.
///
/// [`PAGE_ITEMS`]: palisade_model::limits::PAGE_ITEMS
/// [`PAGE_BYTES`]: palisade_model::limits::PAGE_BYTES
pub trait Store: Send + Sync + 'static {
    /// Takes an alert in and lets it wait to be handled. Two alerts with the same source and source id are one.
    fn append_alert(&self, received: Timestamp, alert: NewAlert) -> Write<Appended>;

    /// Ends the waiting of an alert and creates the runs it starts, as one. No runs is an answer too: no playbook
    /// matched. Returns the runs' numbers in the order given. Each run has one entry, [`Event::Began`], is
    /// [`RunStatus::Running`], and belongs to the caller in epoch 1.
    ///
    /// Not durable by itself, because nothing is lost: after a crash the alert waits again. It is durable with the
    /// first durable write that follows.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotWaiting`] if it was handled before.
    fn handle_alert(&self, alert: AlertId, runs: Vec<NewRun>) -> Write<Vec<RunId>>;

    /// Creates a run, whether its alert waits or not: for a playbook that a person starts. As in
    /// [`handle_alert`](Self::handle_alert) it belongs to the caller, in epoch 1.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchAlert`].
    fn start_run(&self, run: NewRun) -> Write<RunId>;

    /// Appends to a run's journal, creates another run that this one starts, and writes the [`Event::ChildStarted`] of
    /// it behind the appended events, all as one. Returns the new run's number.
    ///
    /// # Errors
    ///
    /// Those of [`append`](Self::append).
    fn start_child(&self, append: Append, child: NewChild) -> Write<RunId>;

    /// Creates a run that takes back what another did: the steps that it begins with ([`Began::undo`]). Each step is taken
    /// back once. An expiry that is the reason for it is over with this.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchRun`]; [`StoreError::Imported`]; [`StoreError::NoSuchAlert`]; [`StoreError::Undone`] if a step
    /// of it was taken back before.
    fn start_undo(&self, run: NewRun, expiry: Option<Expiry>) -> Write<RunId>;

    /// Ends an expiry for which nothing is to be done any more. One that has ended before stays so.
    fn end_expiry(&self, expiry: Expiry) -> Write<()>;

    /// Takes a run over: it is [`RunStatus::Running`] from now on, due no more, and belongs to the caller. Whoever had
    /// it before finds out with the next append. Returns the run with its new epoch. Buffered: if a crash loses it,
    /// nothing that its owner did is left either.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchRun`]; [`StoreError::RunEnded`] if it has ended and `claim` is not [`Claim::Again`];
    /// [`StoreError::Imported`].
    fn claim(&self, run: RunId, claim: Claim) -> Write<Run>;

    /// Appends to the journal of a run, and in the same step to what follows from it: a change of the alert, an addition to
    /// a list, what waits for a person, the time at which an action is to be taken back, the end of the run, the waking of
    /// its parent. Returns the number of entries the journal has now.
    ///
    /// A run in [`Mode::Plan`] changes neither the alert nor a list. A list that is not there, or has no room, takes nothing.
    /// An alert that a run escalates waits for a person beyond the end of the run.
    ///
    /// [`Mode::Plan`]: palisade_model::run::Mode::Plan
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`] if the run belongs to somebody else by now; [`StoreError::Conflict`] if the journal has
    /// another length than expected; [`StoreError::RunEnded`] if the run has ended; [`StoreError::NoSuchRun`].
    fn append(&self, append: Append) -> Write<Seq>;

    /// Makes a waiting run due now; does nothing if it does not wait.
    fn wake(&self, run: RunId) -> Write<()>;

    /// Changes an alert by a person's word, outside of any run; [`AlertChange::Taken`] ends what all its runs have a person
    /// take over. Returns the alert as it stands then.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchAlert`].
    fn change_alert(&self, alert: AlertId, changes: Vec<AlertChange>) -> Write<Alert>;

    /// Keeps a run from another installation, to be looked at and never executed. Its number is new, its alert's is the
    /// other installation's and leads nowhere here. Its status must be final.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotEnded`].
    fn import_run(&self, run: Run, entries: Vec<Entry>) -> Write<RunId>;

    /// One alert.
    fn alert(&self, alert: AlertId) -> Result<Option<Alert>, StoreError>;

    /// Alerts, newest first.
    fn alerts(&self, page: Page) -> Result<Vec<Alert>, StoreError>;

    /// The alerts that wait to be handled, oldest first.
    fn waiting(&self, limit: usize) -> Result<Vec<AlertId>, StoreError>;

    /// How many alerts wait to be handled. Costs nothing.
    fn waiting_count(&self) -> u64;

    /// One run.
    fn run(&self, run: RunId) -> Result<Option<Run>, StoreError>;

    /// Runs, newest first.
    fn runs(&self, filter: RunFilter, page: Page) -> Result<Vec<Run>, StoreError>;

    /// The runs that are [`RunStatus::Running`], oldest first, from this number on: after a start, those that a stop of
    /// the host interrupted.
    fn running(&self, from: RunId, limit: usize) -> Result<Vec<Run>, StoreError>;

    /// The waiting runs that are due at this time, the one that is due longest first.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<RunId>, StoreError>;

    /// When the next run is due, whether that is past or to come.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// What waits for a person, by run and step, behind this place.
    fn tasks(&self, after: Option<(RunId, Position)>, limit: usize) -> Result<Vec<Task>, StoreError>;

    /// How many alerts before this one are such. An alert is about what its source sent, whatever a run adds to it, and as
    /// bad as it is now. Of those of the label that are about the value, only the newest [`HISTORY_ALERTS`] are looked at:
    /// that number stands for that many or more.
    ///
    /// [`HISTORY_ALERTS`]: palisade_model::limits::HISTORY_ALERTS
    fn count_earlier(&self, which: &Earlier, before: AlertId) -> Result<u32, StoreError>;

    /// The actions that are to be taken back at this time, the one that is due longest first.
    fn expired(&self, now: Timestamp, limit: usize) -> Result<Vec<Expiry>, StoreError>;

    /// When the next action is to be taken back, whether that is past or to come.
    fn next_expiry(&self) -> Result<Option<Timestamp>, StoreError>;

    /// The steps of a run that were taken back, or are being.
    fn undone(&self, run: RunId) -> Result<Vec<Undone>, StoreError>;

    /// The journal of a run from this entry on, that one included.
    fn journal(&self, run: RunId, from: Seq, limit: usize) -> Result<Vec<Entry>, StoreError>;

    /// Adds a record to the audit log. Returns its place.
    ///
    /// A buffered one costs no sync, and nothing that is handed over later and is durable can be there without it. What
    /// must not happen unless it is on the record goes in one write with it: the methods that take a [`Record`], and
    /// [`append`](Self::append).
    fn record(&self, record: Record, durability: Durability) -> Write<audit::Seq>;

    /// The lines of the audit log from this place on, that one included, each with its place, as they were written: for
    /// whoever checks them, a line that somebody changed is there as it is now.
    fn audit(&self, from: audit::Seq, limit: usize) -> Result<Vec<(audit::Seq, String)>, StoreError>;

    /// How far the audit log survives loss of power.
    fn audit_head(&self) -> Head;

    /// Records an installed plugin, in place of one with the same name, and puts it on the record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_plugin(&self, plugin: Plugin, record: Record) -> Write<()> {
        self.put_plugins(vec![plugin], vec![record])
    }

    /// Records installed plugins, each in place of one with the same name, and puts that on the record, all as one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_plugins(&self, plugins: Vec<Plugin>, records: Vec<Record>) -> Write<()>;

    /// Removes an installed plugin, and puts that on the record. `false` if there was none; then there is no record.
    fn remove_plugin(&self, name: Name, record: Record) -> Write<bool>;

    /// One installed plugin.
    fn plugin(&self, name: &Name) -> Result<Option<Plugin>, StoreError>;

    /// All installed plugins, by name.
    fn plugins(&self) -> Result<Vec<Plugin>, StoreError>;

    /// Records an asset, in place of one with the same name, and puts it on the record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_asset(&self, asset: Asset, record: Record) -> Write<()>;

    /// Removes an asset, and puts that on the record. `false` if there was none; then there is no record.
    fn remove_asset(&self, name: Name, record: Record) -> Write<bool>;

    /// One asset.
    fn asset(&self, name: &Name) -> Result<Option<Asset>, StoreError>;

    /// All assets, by name.
    fn assets(&self) -> Result<Vec<Asset>, StoreError>;

    /// Records what the operator says of a playbook, in place of what was said before.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_playbook_settings(&self, settings: PlaybookSettings) -> Write<()>;

    /// What the operator says of playbooks, by name.
    fn playbook_settings(&self) -> Result<Vec<PlaybookSettings>, StoreError>;

    /// Makes a custom list, empty. `false` if it was there, with whatever is on it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_list(&self, list: Name) -> Write<bool>;

    /// Removes a custom list with all its entries. `false` if there was none.
    fn remove_list(&self, list: Name) -> Write<bool>;

    /// All custom lists, by name.
    fn lists(&self) -> Result<Vec<CustomList>, StoreError>;

    /// Puts an entry into a custom list, in place of one with the same value. `false` if there was one.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchList`]; [`StoreError::Full`].
    fn put_list_entry(&self, list: Name, entry: ListEntry) -> Write<bool>;

    /// Removes an entry. `false` if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoSuchList`].
    fn remove_list_entry(&self, list: Name, value: list::Value) -> Write<bool>;

    /// The entries of a custom list by value, behind this one; none if there is no such list.
    fn list_entries(
        &self,
        list: &Name,
        after: Option<&list::Value>,
        limit: usize,
    ) -> Result<Vec<ListEntry>, StoreError>;

    /// The closest entry of a custom list that a value falls under.
    fn find_in_list(&self, list: &Name, value: &str) -> Result<Found, StoreError>;

    /// Keeps a user, in place of one with the same name, and puts it on the record.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`].
    fn put_user(&self, user: KeptUser, record: Record) -> Write<()>;

    /// Removes a user, and puts that on the record. `false` if there was none; then there is no record.
    fn remove_user(&self, name: Name, record: Record) -> Write<bool>;

    /// All users, by name.
    fn users(&self) -> Result<Vec<KeptUser>, StoreError>;

    /// Keeps a component's file. The store takes the caller's word for the digest; whoever reads it back checks it.
    fn put_component(&self, digest: Digest, file: Vec<u8>) -> Write<()>;

    /// Removes a component's file. `false` if there was none.
    fn remove_component(&self, digest: Digest) -> Write<bool>;

    /// The components whose files are kept.
    fn components(&self) -> Result<Vec<Digest>, StoreError>;

    /// A component's file.
    fn component(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a value of the host's own under a name.
    fn put_setting(&self, name: Name, value: Value) -> Write<()>;

    /// The value kept under a name.
    fn setting(&self, name: &Name) -> Result<Option<Value>, StoreError>;

    /// How the store is.
    fn health(&self) -> Health;
}

/// What became of an alert that was taken in. Either way it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is new, and has this number.
    New(AlertId),
    /// Its source sent it before; this is the number it has.
    Duplicate(AlertId),
}

/// A run before it has a number.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// The playbook.
    pub playbook: Name,
    /// When it began.
    pub started: Timestamp,
    /// What it begins with: its first entry.
    pub began: Began,
}

/// A run that another one starts.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChild {
    /// The run itself.
    pub run: NewRun,
    /// The one that starts it.
    pub parent: Parent,
    /// What the playbook asked for: goes into the entry of the parent.
    pub playbook: String,
}

/// Which runs may be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One that has not ended.
    Open,
    /// One that has ended too: it begins again where a person says.
    Again,
}

/// An addition to the journal of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The run.
    pub run: RunId,
    /// The epoch in which the writer owns the run: one that lost it to another finds out here.
    pub epoch: Epoch,
    /// Entries the journal must have.
    pub expected: Seq,
    /// What happened and when, in order.
    pub events: Vec<(Timestamp, Event)>,
    /// What of it goes into the audit log, in order.
    pub audit: Vec<Record>,
    /// How the run is to be left; none while its owner stays at work. An [`Event::Concluded`] says it itself.
    pub leave: Option<Leave>,
    /// When the write counts as done.
    pub durability: Durability,
}

/// How an owner leaves a run that goes on later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    /// [`RunStatus::Waiting`], [`RunStatus::InDoubt`], [`RunStatus::Paused`] or [`RunStatus::Nondeterministic`].
    pub status: RunStatus,
    /// When it is to go on by itself.
    pub due: Option<Timestamp>,
    /// The runs whose end it waits for. If one of them has ended by now, the run is due at once: nobody would wake it.
    pub children: Vec<RunId>,
}

/// When a write counts as done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When it survives loss of power.
    Durable,
    /// When readers see it. A crash may lose it, and then everything after it.
    Buffered,
}

/// A part of a list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only items with a smaller number; from the newest if none.
    pub before: Option<u64>,
    /// The most items.
    pub limit: usize,
}

/// Which runs. The default is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only those of this alert.
    pub alert: Option<AlertId>,
    /// Only those that this run started.
    pub parent: Option<RunId>,
    /// Only those that stand so.
    pub status: Option<RunStatus>,
}

/// How a store is. The counts are since it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Writes done.
    pub writes: u64,
    /// Groups in which they were done.
    pub commits: u64,
    /// Groups that were synced to the disk.
    pub syncs: u64,
    /// Alerts that wait to be handled.
    pub waiting: u64,
    /// Bytes the store takes on disk.
    pub disk_bytes: u64,
    /// Why the store takes no more writes; none while it does.
    pub failure: Option<String>,
}
