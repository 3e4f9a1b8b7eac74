//! Changes that go in together.

use palisade_model::limits::VALUE_CHUNK_BYTES;
use sled::IVec;

/// Changes that go in as a whole, with the size of what they change.
#[derive(Default)]
pub(super) struct Batch {
    changes: sled::Batch,
    bytes: usize,
}

impl Batch {
    /// Puts a value at a key. The later of two changes of one key counts.
    pub(super) fn insert(&mut self, key: impl Into<IVec>, value: impl Into<IVec>) {
        let (key, value) = (key.into(), value.into());
        self.bytes += key.len() + value.len();
        self.changes.insert(key, value);
    }

    /// Removes a key with an empty value.
    pub(super) fn remove(&mut self, key: impl Into<IVec>) {
        self.remove_value(key, 0);
    }

    /// Removes a key with a value of this many bytes. It lies among others of its kind, and sled rewrites a page of them.
    pub(super) fn remove_value(&mut self, key: impl Into<IVec>, bytes: usize) {
        let key = key.into();
        self.bytes += key.len() + bytes;
        self.changes.remove(key);
    }

    /// Removes a key with a whole piece of a value.
    pub(super) fn remove_piece(&mut self, key: impl Into<IVec>) {
        self.remove_value(key, VALUE_CHUNK_BYTES);
    }

    /// Bytes of the keys and values.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn into_changes(self) -> sled::Batch {
        self.changes
    }
}
