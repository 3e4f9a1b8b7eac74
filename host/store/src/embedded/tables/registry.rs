//! What is installed and configured.

use crate::embedded::batch::Batch;
use palisade_model::{audit::Record, limits::COMPONENT_PIECES_PER_BATCH, plugin::Digest};

use super::Tables;
use crate::{
    embedded::{
        keys::{self, Table},
        tree,
    },
    error::StoreError,
};

impl Tables {
    /// Puts records of a table that holds at most `max` of them, `what` in plural, and what of it goes into the audit log,
    /// all as one.
    pub(in crate::embedded) fn put_limited(
        &mut self,
        table: Table,
        items: &[(Vec<u8>, Vec<u8>)],
        (max, what): (usize, &'static str),
        audit: &[Record],
    ) -> Result<(), StoreError> {
        let mut new = 0;
        for (key, _) in items {
            new += usize::from(!self.tree.has(key)?);
        }
        if new > 0 && self.tree.keys(&keys::table(table)).take(max).count() + new > max {
            return Err(StoreError::Full { what, max });
        }
        let mut batch = Batch::default();
        for (key, value) in items {
            self.tree.put(&mut batch, key.clone(), value)?;
        }
        let audit = self.add_records(&mut batch, audit);
        self.apply_records(batch, audit)
    }

    /// Removes a record, and puts that into the audit log. `false` if there was none.
    pub(in crate::embedded) fn remove(&mut self, key: &[u8], audit: &Record) -> Result<bool, StoreError> {
        let mut batch = Batch::default();
        if !self.tree.remove(&mut batch, key)? {
            return Ok(false);
        }
        let audit = self.add_records(&mut batch, std::slice::from_ref(audit));
        self.apply_records(batch, audit)?;
        Ok(true)
    }

    /// Puts a component. It is too large for one batch, so its head, without which it is not there, goes last.
    pub(in crate::embedded) fn put_component(
        &mut self,
        digest: &Digest,
        file: &[u8],
    ) -> Result<(), StoreError> {
        let key = keys::component(digest);
        if self.tree.has(&key)? {
            return Ok(());
        }
        let (head, pieces) = tree::cut(&key, file);
        self.in_batches(pieces, |batch, (key, piece)| batch.insert(key, piece))?;
        let mut batch = Batch::default();
        batch.insert(key.as_slice(), head);
        self.tree.apply(batch)
    }

    /// Removes a component, head first.
    pub(in crate::embedded) fn remove_component(&mut self, digest: &Digest) -> Result<bool, StoreError> {
        let key = keys::component(digest);
        let Some(pieces) = self.tree.pieces(&key)? else { return Ok(false) };
        let mut batch = Batch::default();
        batch.remove_piece(key.as_slice());
        self.tree.apply(batch)?;
        self.in_batches(1..=pieces, |batch, index| batch.remove_piece(keys::piece(&key, index)))?;
        Ok(true)
    }

    fn in_batches<T>(
        &self,
        items: impl Iterator<Item = T>,
        add: impl Fn(&mut Batch, T),
    ) -> Result<(), StoreError> {
        let mut items = items.peekable();
        while items.peek().is_some() {
            let mut batch = Batch::default();
            items.by_ref().take(COMPONENT_PIECES_PER_BATCH).for_each(|item| add(&mut batch, item));
            self.tree.apply(batch)?;
        }
        Ok(())
    }
}
