//! The audit log. Only this thread writes it, so its chain has one end.

use palisade_model::{
    audit::{Head, Record, Seq},
    plugin::Digest,
};
use serde::Deserialize;

use super::Tables;
use crate::{
    audit::seal,
    embedded::{
        batch::Batch,
        keys::{self, Table},
        tree::{self, Tree},
    },
    error::StoreError,
};

/// What the chain goes on from, whatever else is in the line.
#[derive(Deserialize)]
struct Last {
    hash: Digest,
}

/// How far the log goes that a tree has.
pub(super) fn last(tree: &Tree) -> Result<Head, StoreError> {
    let Some(key) = tree.keys(&keys::table(Table::Audit)).next_back().transpose()? else {
        return Ok(Head::default());
    };
    let seq = keys::number(&key).ok_or_else(|| tree::damaged(&key))?;
    let line = tree.get(&key)?.unwrap_or_default();
    match serde_json::from_slice(&line) {
        Ok(Last { hash }) => Ok(Head { seq, hash }),
        // Whoever changed it must not keep the host from starting as well. The chain is broken there, and stays so.
        Err(error) => {
            tracing::error!(seq, %error, "The last entry of the audit log cannot be read; see `palisade audit verify`.");
            Ok(Head { seq, ..Head::default() })
        }
    }
}

impl Tables {
    pub(in crate::embedded) fn record(&mut self, record: &Record) -> Result<Seq, StoreError> {
        let mut batch = Batch::default();
        let head = self.add_records(&mut batch, std::slice::from_ref(record));
        self.apply_records(batch, head)?;
        Ok(self.audit.seq)
    }

    /// Adds records to a batch. Returns how far the log goes with it.
    pub(super) fn add_records(&self, batch: &mut Batch, records: &[Record]) -> Head {
        records.iter().fold(self.audit.clone(), |head, record| {
            let (line, head) = seal(&head, record);
            Tree::insert(batch, keys::numbered(Table::Audit, head.seq), line.as_bytes());
            head
        })
    }

    /// Applies a batch that has records in it.
    pub(super) fn apply_records(&mut self, batch: Batch, head: Head) -> Result<(), StoreError> {
        self.tree.apply(batch)?;
        self.audit = head;
        Ok(())
    }
}
