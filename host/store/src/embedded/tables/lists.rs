//! Custom lists.

use palisade_model::{
    limits::{COMPONENT_PIECES_PER_BATCH, LIST_ENTRIES, LISTS},
    list::{self, ListEntry},
    name::Name,
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

impl Tables {
    pub(in crate::embedded) fn put_list(&mut self, list: &Name) -> Result<bool, StoreError> {
        let key = keys::named(Table::List, list);
        if self.tree.has(&key)? {
            return Ok(false);
        }
        self.put_limited(Table::List, key, &0_u64.to_be_bytes(), (LISTS, "custom lists"), &[])?;
        Ok(true)
    }

    /// Removes a list, its record first: what a crash leaves of its entries is not there without it, and goes with the
    /// next removal of a list of that name.
    pub(in crate::embedded) fn remove_list(&mut self, list: &Name) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        let found = self.tree.remove(&mut batch, &keys::named(Table::List, list))?;
        self.tree.apply(batch)?;
        loop {
            let keys = self.tree.keys(&keys::entries_of_list(list)).take(COMPONENT_PIECES_PER_BATCH);
            let keys = keys.collect::<Result<Vec<_>, _>>()?;
            if keys.is_empty() {
                return Ok(found);
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
        let mut batch = Batch::default();
        let new = self.add_list_entry(&mut batch, list, entry)?;
        self.tree.apply(batch)?;
        Ok(new)
    }

    /// Adds an entry to a batch, with the number that the list then has.
    pub(super) fn add_list_entry(
        &self,
        batch: &mut Batch,
        list: &Name,
        entry: &ListEntry,
    ) -> Result<bool, StoreError> {
        let entries = self.entries(list)?;
        let key = keys::list_entry(list, &entry.value);
        let new = !self.tree.has(&key)?;
        if new {
            if entries >= LIST_ENTRIES {
                return Err(StoreError::Full { what: "entries of this list", max: LIST_ENTRIES as usize });
            }
            Tree::insert(batch, keys::named(Table::List, list), &(entries + 1).to_be_bytes());
        }
        self.tree.put(batch, key, &tree::serialize(entry))?;
        Ok(new)
    }

    pub(in crate::embedded) fn remove_list_entry(
        &mut self,
        list: &Name,
        value: &list::Value,
    ) -> Result<bool, StoreError> {
        let entries = self.entries(list)?;
        let mut batch = Batch::default();
        let found = self.tree.remove(&mut batch, &keys::list_entry(list, value))?;
        if found {
            let left = entries.saturating_sub(1);
            Tree::insert(&mut batch, keys::named(Table::List, list), &left.to_be_bytes());
        }
        self.tree.apply(batch)?;
        Ok(found)
    }

    fn entries(&self, list: &Name) -> Result<u64, StoreError> {
        let entries = self.tree.number(&keys::named(Table::List, list))?;
        entries.ok_or_else(|| StoreError::NoSuchList { list: list.to_string() })
    }
}
