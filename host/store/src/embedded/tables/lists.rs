//! Custom lists.

use std::collections::BTreeMap;

use palisade_model::{
    journal::Event,
    limits::{LIST_ENTRIES, LIST_ENTRIES_PER_BATCH, LISTS},
    list::{self, ListEntry},
    name::Name,
    run::{Mode, Run},
};

use super::Tables;
use crate::{
    embedded::{
        batch::Batch,
        keys::{self, Table},
        tree::{self, Tree},
    },
    error::StoreError,
};

/// What a run adds to lists in one append, the last of each value.
#[derive(Default)]
pub(super) struct Additions(BTreeMap<Name, BTreeMap<list::Value, ListEntry>>);

impl Additions {
    /// Notes what an event of this run adds. A plan adds nothing.
    pub(super) fn note(&mut self, run: &Run, event: &Event) {
        if let Event::ListChanged { list, entry } = event
            && run.mode != Mode::Plan
        {
            self.0.entry(list.clone()).or_default().insert(entry.value.clone(), entry.clone());
        }
    }
}

impl Tables {
    pub(in crate::embedded) fn put_list(&mut self, list: &Name) -> Result<bool, StoreError> {
        let key = keys::named(Table::List, list);
        if self.tree.has(&key)? {
            return Ok(false);
        }
        // What a crash has left of a list of that name is not to be on this one.
        self.remove_entries(list)?;
        let none = 0_u64.to_be_bytes().to_vec();
        self.put_limited(Table::List, &[(key, none)], (LISTS, "custom lists"), &[])?;
        Ok(true)
    }

    /// Removes a list, its record first: what a crash leaves of its entries is not there without it, and goes before there
    /// is a list of that name again.
    pub(in crate::embedded) fn remove_list(&mut self, list: &Name) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        let found = self.tree.remove(&mut batch, &keys::named(Table::List, list))?;
        self.tree.apply(batch)?;
        self.remove_entries(list)?;
        Ok(found)
    }

    fn remove_entries(&self, list: &Name) -> Result<(), StoreError> {
        loop {
            let keys = self.tree.keys(&keys::entries_of_list(list)).take(LIST_ENTRIES_PER_BATCH);
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::default();
            for key in keys {
                self.tree.remove(&mut batch, &key)?;
            }
            self.tree.apply(batch)?;
        }
    }

    pub(in crate::embedded) fn put_list_entry(
        &mut self,
        list: &Name,
        entry: &ListEntry,
    ) -> Result<bool, StoreError> {
        let before = self.entries(list)?.ok_or_else(|| no_such(list))?;
        let mut entries = before;
        let mut batch = Batch::default();
        if !self.put_entry(&mut batch, list, entry, &mut entries)? {
            return Err(StoreError::Full { what: "entries of this list", max: LIST_ENTRIES as usize });
        }
        put_entries(&mut batch, list, entries);
        self.tree.apply(batch)?;
        Ok(entries > before)
    }

    /// Adds what a run adds to lists to a batch. Where somebody has removed the list since the playbook asked, or it has
    /// no room any more, the journal says what the run wanted, and that is all.
    pub(super) fn add_to_lists(&self, batch: &mut Batch, additions: Additions) -> Result<(), StoreError> {
        for (list, added) in additions.0 {
            let Some(mut entries) = self.entries(&list)? else { continue };
            for entry in added.values() {
                self.put_entry(batch, &list, entry, &mut entries)?;
            }
            put_entries(batch, &list, entries);
        }
        Ok(())
    }

    /// Puts an entry into a list that has so many, the batch's included. `false` if there is no room.
    fn put_entry(
        &self,
        batch: &mut Batch,
        list: &Name,
        entry: &ListEntry,
        entries: &mut u64,
    ) -> Result<bool, StoreError> {
        let key = keys::list_entry(list, &entry.value);
        if !self.tree.has(&key)? {
            if *entries >= LIST_ENTRIES {
                return Ok(false);
            }
            *entries += 1;
        }
        self.tree.put(batch, key, &tree::serialize(entry))?;
        Ok(true)
    }

    pub(in crate::embedded) fn remove_list_entry(
        &mut self,
        list: &Name,
        value: &list::Value,
    ) -> Result<bool, StoreError> {
        let entries = self.entries(list)?.ok_or_else(|| no_such(list))?;
        let mut batch = Batch::default();
        let found = self.tree.remove(&mut batch, &keys::list_entry(list, value))?;
        if found {
            put_entries(&mut batch, list, entries.saturating_sub(1));
        }
        self.tree.apply(batch)?;
        Ok(found)
    }

    /// How many entries a list has. None if there is no such list.
    fn entries(&self, list: &Name) -> Result<Option<u64>, StoreError> {
        self.tree.number(&keys::named(Table::List, list))
    }
}

fn put_entries(batch: &mut Batch, list: &Name, entries: u64) {
    Tree::insert(batch, keys::named(Table::List, list), &entries.to_be_bytes());
}

fn no_such(list: &Name) -> StoreError {
    StoreError::NoSuchList { list: list.to_string() }
}
