//! Who came with a token: the first time that each is used since the host started, and those that were refused.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use palisade_model::{
    Timestamp,
    audit::{HOST, Record, What},
    plugin::Digest,
};
use palisade_store::{Durability, Store};

use crate::limits::REFUSALS_EVERY;

/// Puts logins on the record. None of it costs a sync, so nobody can slow the host down with it.
#[derive(Default)]
pub(crate) struct Logins(Mutex<State>);

#[derive(Default)]
struct State {
    /// Hashes of the tokens that were used. Only those that are valid come in here.
    seen: HashSet<Digest>,
    /// Requests with no valid token that no record tells of.
    refused: u64,
    /// When a record told of some.
    told: Option<Instant>,
}

impl Logins {
    /// Somebody came with a token that is theirs.
    pub(crate) fn came(&self, store: &dyn Store, who: &str, token: &Digest) {
        if self.state().seen.insert(token.clone()) {
            record(store, who, What::LoggedIn);
        }
    }

    /// Somebody came with none, or with one that is nobody's.
    pub(crate) fn refused(&self, store: &dyn Store) {
        self.state().refused += 1;
        self.tell(store);
    }

    /// Puts the refusals on the record that came since the last time, at most once in [`REFUSALS_EVERY`]: whoever tries
    /// tokens must not fill the disk.
    pub(crate) fn tell(&self, store: &dyn Store) {
        if self.state().told.is_none_or(|told| told.elapsed() >= REFUSALS_EVERY) {
            self.tell_all(store);
        }
    }

    /// Puts the refusals on the record that came since the last time, as there will be no other.
    pub(crate) fn tell_all(&self, store: &dyn Store) {
        let count = {
            let mut state = self.state();
            state.told = Some(Instant::now());
            mem::take(&mut state.refused)
        };
        if count > 0 {
            record(store, HOST, What::TokensRefused { count });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands a record over. That a store takes nothing more is told to those who wait for a write.
fn record(store: &dyn Store, who: &str, what: What) {
    drop(store.record(Record::new(Timestamp::now(), who, what), Durability::Buffered));
}
