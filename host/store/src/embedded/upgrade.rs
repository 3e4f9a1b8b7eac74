//! What an earlier Palisade wrote, brought to the format of this one.

use std::path::Path;

use super::{
    batch::Batch,
    keys::{self, Table},
    tables,
    tree::Tree,
};
use crate::error::StoreError;

/// The format that this program writes.
pub(super) const FORMAT: u64 = 2;

/// The format before alerts were kept by who and what they are about.
const WITHOUT_ALERT_KEYS: u64 = 1;

/// Brings a store to [`FORMAT`]. A crash on the way leaves a store of the format that it had.
pub(super) fn upgrade(tree: &Tree, directory: &Path) -> Result<(), StoreError> {
    let key = keys::meta("format");
    match tree.number(&key)? {
        Some(FORMAT) => return Ok(()),
        Some(WITHOUT_ALERT_KEYS) => index_alerts(tree)?,
        Some(found) => {
            return Err(StoreError::NewerFormat { directory: directory.to_owned(), found, known: FORMAT });
        }
        None => {}
    }
    let mut batch = Batch::default();
    Tree::insert(&mut batch, key, &FORMAT.to_be_bytes());
    tree.apply(batch)?;
    tree.sync()
}

/// Keeps each alert by who and what it is about. The artifacts that runs have added count as well: nothing tells them
/// apart.
fn index_alerts(tree: &Tree) -> Result<(), StoreError> {
    for key in tree.keys(&keys::table(Table::Alert)) {
        let alert = match tree.record(&key?) {
            Ok(alert) => alert,
            // It was as unreadable before, and is no reason to keep everything else shut.
            Err(StoreError::Damaged { .. }) => continue,
            Err(error) => return Err(error),
        };
        let mut batch = Batch::default();
        alert.iter().for_each(|alert| tables::add_alert_keys(&mut batch, alert));
        tree.apply(batch)?;
    }
    Ok(())
}
