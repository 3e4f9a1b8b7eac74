//! Custom lists, as the operator keeps them.

use palisade_model::{
    audit::{Record, What},
    journal::By,
    list::{self, ListEntry},
    name::Name,
};

use crate::{
    clock,
    runs::{Runs, RunsError},
};

impl Runs {
    /// Makes a custom list. `false` if it was there.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn put_list(&self, list: Name, by: &str) -> Result<bool, RunsError> {
        self.record(by, What::ListMade { list: list.clone() }).await?;
        Ok(self.store.put_list(list).await?)
    }

    /// Removes a custom list with its entries. `false` if there was none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn remove_list(&self, list: Name, by: &str) -> Result<bool, RunsError> {
        self.record(by, What::ListRemoved { list: list.clone() }).await?;
        Ok(self.store.remove_list(list).await?)
    }

    /// Puts a value on a custom list, which is made if need be.
    ///
    /// # Errors
    ///
    /// The store's, [`StoreError::Full`](palisade_store::StoreError::Full) among them.
    pub async fn put_list_entry(
        &self,
        list: Name,
        value: list::Value,
        by: By,
    ) -> Result<ListEntry, RunsError> {
        let at = clock::now();
        let what = What::ListEntryAdded {
            list: list.clone(),
            value: value.as_str().into(),
            note: by.note.as_str().into(),
        };
        self.put_on_record(Record::said(at, &by, what)).await?;
        let entry = ListEntry { value, note: list::note(by.note), by: by.by, at };
        // Both are in the hands of the one writer before either is waited for.
        let (made, put) = (self.store.put_list(list.clone()), self.store.put_list_entry(list, entry.clone()));
        made.await?;
        put.await?;
        Ok(entry)
    }

    /// Takes a value off a custom list. `false` if it was not on it.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`] if there is no such list; the store's.
    pub async fn remove_list_entry(
        &self,
        list: Name,
        value: list::Value,
        by: &str,
    ) -> Result<bool, RunsError> {
        let what = What::ListEntryRemoved { list: list.clone(), value: value.as_str().into() };
        self.record(by, what).await?;
        Ok(self.store.remove_list_entry(list, value).await?)
    }
}
