//! The one sled tree: values of any length, atomic batches, and a commit that reaches the disk.

use std::{
    error::Error,
    fs::File,
    ops::Range,
    path::Path,
    sync::{
        Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use palisade_model::limits::{PAGE_BYTES, PAGE_ITEMS, UNSYNCED_BYTES, VALUE_CHUNK_BYTES};
use serde::{Serialize, de::DeserializeOwned};
use sled::IVec;

use super::{batch::Batch, keys, open};
use crate::error::{Cause, StoreError};

/// Bytes in front of the first piece of a value: how many pieces follow it.
const HEAD_BYTES: usize = size_of::<u32>();

/// The one sled tree. Only the writer thread writes to it.
pub(super) struct Tree {
    db: sled::Db,
    /// A second handle of sled's file, to sync it with.
    file: File,
    /// Held while a batch goes in, so that no reader puts old and new pieces of one value together.
    latch: RwLock<()>,
    /// Bytes that were applied since the last sync.
    unsynced: AtomicUsize,
    /// The first write that failed. What the disk holds after it is unknown, so no later one may be promised.
    failure: OnceLock<Cause>,
}

impl Tree {
    /// Opens the tree in this directory, which is created if missing.
    pub(super) fn open(directory: &Path) -> Result<Self, StoreError> {
        let (db, file) = open::open(directory)?;
        Ok(Self { db, file, latch: RwLock::new(()), unsynced: AtomicUsize::new(0), failure: OnceLock::new() })
    }

    /// Applies a batch as a whole. Readers see it from now on; [`Tree::sync`] makes it durable.
    ///
    /// sled takes what it handed to the kernel for durable: two segments of its log later it overwrites what that
    /// replaced, and its recovery looks for tears only behind the newest segment. So no segment is filled without a
    /// sync. Within one batch sled waits for its end itself, whatever its size.
    pub(super) fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let bytes = batch.bytes();
        let unsynced = self.unsynced.load(Relaxed);
        if unsynced > 0 && unsynced + bytes > UNSYNCED_BYTES {
            self.sync()?;
        }
        self.unsynced.fetch_add(bytes, Relaxed);
        self.attempt(|| {
            let _no_readers = self.latch.write().unwrap_or_else(PoisonError::into_inner);
            Ok(self.db.apply_batch(batch.into_changes())?)
        })
    }

    /// Makes everything applied so far durable.
    ///
    /// sled's flush hands its buffers to the kernel and waits for the data pages, but leaves the file's size and the
    /// cache of the device alone (it calls `sync_file_range`); the `fdatasync` does these.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.attempt(|| {
            self.db.flush()?;
            self.file.sync_data()?;
            self.unsynced.store(0, Relaxed);
            Ok(())
        })
    }

    /// Refuses, once a write has failed: a write reads before it writes, and what it would read is unknown as well.
    pub(super) fn takes_writes(&self) -> Result<(), StoreError> {
        match self.failure.get() {
            Some(source) => Err(StoreError::Refused { source: Arc::clone(source) }),
            None => Ok(()),
        }
    }

    fn attempt(
        &self,
        write: impl FnOnce() -> Result<(), Box<dyn Error + Send + Sync>>,
    ) -> Result<(), StoreError> {
        self.takes_writes()?;
        write().map_err(|error| {
            let source = Cause::from(error);
            tracing::error!(error = %source, "A write to the store failed; it takes no more.");
            StoreError::Write { source: Arc::clone(self.failure.get_or_init(|| source)) }
        })
    }

    /// The first write that failed.
    pub(super) fn failure(&self) -> Option<&Cause> {
        self.failure.get()
    }

    /// Bytes of all files.
    pub(super) fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.db.size_on_disk().map_err(unreadable)
    }

    /// The tree as it stands: no batch goes in for as long as this lives.
    pub(super) fn still(&self) -> Still<'_> {
        Still { db: &self.db, _no_writer: self.latch.read().unwrap_or_else(PoisonError::into_inner) }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.still().get(key)
    }

    /// The record of a key.
    pub(super) fn record<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.still().record(key)
    }

    /// The number of a key.
    pub(super) fn number(&self, key: &[u8]) -> Result<Option<u64>, StoreError> {
        self.get(key)?.map(|value| keys::number(&value).ok_or_else(|| damaged(key))).transpose()
    }

    /// Whether there is such a key.
    pub(super) fn has(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.db.contains_key(key).map_err(unreadable)
    }

    /// All keys that begin so, in order.
    pub(super) fn keys(
        &self,
        prefix: &[u8],
    ) -> impl DoubleEndedIterator<Item = Result<IVec, StoreError>> + use<> {
        self.db.scan_prefix(prefix).keys().map(|key| key.map_err(unreadable))
    }

    /// All keys in a range, in order.
    pub(super) fn range(
        &self,
        range: Range<Vec<u8>>,
    ) -> impl DoubleEndedIterator<Item = Result<IVec, StoreError>> + use<> {
        self.db.range(range).keys().map(|key| key.map_err(unreadable))
    }

    /// The records of these keys that pass the filter: as many as a page holds, and no more than `limit`.
    pub(super) fn page<T: DeserializeOwned>(
        &self,
        keys: impl Iterator<Item = Result<Vec<u8>, StoreError>>,
        limit: usize,
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, StoreError> {
        self.some(keys, limit, |key, value| Ok(Some(parse(key, value)?).filter(&wanted)))
    }

    /// The values of these keys as texts, each with the number of its key: as many as a page holds, and no more than
    /// `limit`. What is no text any more has marks in the places that are not.
    pub(super) fn lines(
        &self,
        keys: impl Iterator<Item = Result<IVec, StoreError>>,
        limit: usize,
    ) -> Result<Vec<(u64, String)>, StoreError> {
        self.some(keys.map(|key| Ok(key?.to_vec())), limit, |key, value| {
            let number = keys::number(key).ok_or_else(|| damaged(key))?;
            Ok(Some((number, String::from_utf8_lossy(value).into_owned())))
        })
    }

    fn some<T>(
        &self,
        keys: impl Iterator<Item = Result<Vec<u8>, StoreError>>,
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Result<Option<T>, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut page = Vec::new();
        let mut bytes = 0;
        for key in keys {
            if page.len() >= limit.min(PAGE_ITEMS) || bytes >= PAGE_BYTES {
                break;
            }
            let key = key?;
            let Some(value) = self.get(&key)? else { continue };
            if let Some(item) = read(&key, &value)? {
                bytes += value.len();
                page.push(item);
            }
        }
        Ok(page)
    }

    /// Puts a value at a key that has none, or a short one that a short one replaces.
    pub(super) fn insert(batch: &mut Batch, key: Vec<u8>, value: &[u8]) {
        let (head, pieces) = cut(&key, value);
        for (key, piece) in pieces {
            batch.insert(key, piece);
        }
        batch.insert(key, head);
    }

    /// Puts a value at a key, in place of the one that may be there.
    pub(super) fn put(&self, batch: &mut Batch, key: Vec<u8>, value: &[u8]) -> Result<(), StoreError> {
        // The later of two operations of one batch on one key counts.
        for index in 1..=self.pieces(&key)?.unwrap_or(0) {
            batch.remove_piece(keys::piece(&key, index));
        }
        Self::insert(batch, key, value);
        Ok(())
    }

    /// Removes the value of a key. `false` if there was none.
    pub(super) fn remove(&self, batch: &mut Batch, key: &[u8]) -> Result<bool, StoreError> {
        let Some(head) = self.db.get(key).map_err(unreadable)? else { return Ok(false) };
        let (more, first) = split_head(key, &head)?;
        for index in 1..=more {
            batch.remove_piece(keys::piece(key, index));
        }
        batch.remove_value(key, first.len());
        Ok(true)
    }

    /// How many pieces follow the head of a key's value.
    pub(super) fn pieces(&self, key: &[u8]) -> Result<Option<u32>, StoreError> {
        let head = self.db.get(key).map_err(unreadable)?;
        head.map(|head| split_head(key, &head).map(|(more, _)| more)).transpose()
    }
}

/// The tree while no batch goes in: what is read of it belongs together. A thread holds one at a time.
pub(super) struct Still<'a> {
    db: &'a sled::Db,
    _no_writer: RwLockReadGuard<'a, ()>,
}

impl Still<'_> {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(head) = self.db.get(key).map_err(unreadable)? else { return Ok(None) };
        let (more, first) = split_head(key, &head)?;
        let mut value = Vec::with_capacity(first.len() + more as usize * VALUE_CHUNK_BYTES);
        value.extend_from_slice(first);
        for index in 1..=more {
            let piece = self.db.get(keys::piece(key, index)).map_err(unreadable)?;
            value.extend_from_slice(&piece.ok_or_else(|| damaged(key))?);
        }
        Ok(Some(value))
    }

    /// The record of a key.
    pub(super) fn record<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.get(key)?.map(|value| parse(key, &value)).transpose()
    }

    /// Whether there is such a key.
    pub(super) fn has(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.db.contains_key(key).map_err(unreadable)
    }
}

/// Cuts a value into its head, which goes to the key itself, and the pieces that follow it with their keys.
pub(super) fn cut<'a>(
    key: &'a [u8],
    value: &'a [u8],
) -> (Vec<u8>, impl Iterator<Item = (Vec<u8>, &'a [u8])>) {
    let (first, rest) = value.split_at(value.len().min(VALUE_CHUNK_BYTES));
    let more = u32::try_from(rest.len().div_ceil(VALUE_CHUNK_BYTES)).expect("no value has 2^32 pieces");
    let head = [more.to_be_bytes().as_slice(), first].concat();
    (
        head,
        (1..=more).zip(rest.chunks(VALUE_CHUNK_BYTES)).map(|(index, piece)| (keys::piece(key, index), piece)),
    )
}

fn split_head<'a>(key: &[u8], head: &'a [u8]) -> Result<(u32, &'a [u8]), StoreError> {
    let (more, first) = head.split_first_chunk::<HEAD_BYTES>().ok_or_else(|| damaged(key))?;
    Ok((u32::from_be_bytes(*more), first))
}

/// A record as it is stored.
pub(super) fn serialize(record: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(record).expect("plain data whose maps have text as keys always serializes")
}

fn parse<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(value).map_err(|error| {
        tracing::error!(record = keys::describe(key), %error, "A record of the store cannot be read.");
        damaged(key)
    })
}

pub(super) fn damaged(key: &[u8]) -> StoreError {
    StoreError::Damaged { what: keys::describe(key) }
}

fn unreadable(error: sled::Error) -> StoreError {
    StoreError::Read { source: Arc::new(error) }
}
