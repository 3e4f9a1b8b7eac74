use std::collections::{BTreeMap, BTreeSet};

use palisade_model::Timestamp;
use script::Kind;
use serde::Serialize;

/// One request that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When the system was done with it.
    pub at: Timestamp,
    /// The action that it belongs to.
    pub kind: Kind,
    /// HTTP method.
    pub method: String,
    /// Whose call it is, as the program says.
    pub tag: String,
    /// The idempotency key; none where the request has none.
    pub key: Option<String>,
    /// What the caller had been told before.
    pub seen: Option<String>,
    /// What came of it.
    pub came: Came,
    /// Whether it was answered; else the connection was reset.
    pub answered: bool,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Came {
    /// It changed something.
    Effect,
    /// It was a repetition that changed nothing.
    Repeated,
    /// It read.
    Look,
    /// It read, and was told that the system cannot tell.
    Unknown,
    /// Nothing: the connection was reset first.
    Nothing,
}

/// Every request that ever arrived, in order, and the state that they led to.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    /// Places of entries by tag.
    places: BTreeMap<String, Vec<usize>>,
    /// Numbers of tickets by key.
    pub(super) tickets: BTreeMap<String, usize>,
    /// Looks at jobs by key.
    pub(super) jobs: BTreeMap<String, u32>,
    /// Keys of the notes.
    pub(super) notes: BTreeSet<String>,
    /// Switches that are on.
    pub(super) switches: BTreeSet<String>,
    /// How often a request came, by method and tag.
    pub(super) arrivals: BTreeMap<String, u32>,
}

impl Ledger {
    /// All requests.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The requests of one operation, or the looks at a key.
    pub fn of(&self, tag: &str) -> impl Iterator<Item = &Entry> {
        self.places.get(tag).into_iter().flatten().map(|&place| &self.entries[place])
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.places.entry(entry.tag.clone()).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    /// How often an operation changed something. A switch that is on is one change, however often it was turned.
    pub fn effects(&self, tag: &str) -> usize {
        self.of(tag).filter(|entry| entry.came == Came::Effect).count()
    }
}
