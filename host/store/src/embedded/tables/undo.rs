//! What is to be taken back, and what was.

use palisade_model::{run::RunId, undo::Expiry};

use super::{Tables, runs::add_run};
use crate::{
    embedded::{
        batch::Batch,
        keys::{self, Table},
        tree::Tree,
    },
    error::StoreError,
    store::NewRun,
};

impl Tables {
    pub(in crate::embedded) fn start_undo(
        &mut self,
        run: NewRun,
        expiry: Option<Expiry>,
    ) -> Result<RunId, StoreError> {
        let Some(undo) = run.began.undo.clone() else { return self.start_run(run) };
        let of = undo.of;
        let undone = self.find_run(of)?.ok_or(StoreError::NoSuchRun { run: of })?;
        if undone.imported {
            return Err(StoreError::Imported { run: of });
        }
        let alert = run.began.alert.id;
        if !self.tree.has(&keys::numbered(Table::Alert, alert))? {
            return Err(StoreError::NoSuchAlert { alert });
        }
        let mut batch = Batch::default();
        let id = add_run(&mut batch, self.next_run, run, None);
        for step in undo.steps {
            let key = keys::undone(of, step.position);
            if let Some(by_run) = self.tree.number(&key)? {
                return Err(StoreError::Undone { run: of, position: step.position, by_run });
            }
            Tree::insert(&mut batch, key, &id.to_be_bytes());
        }
        if let Some(expiry) = expiry {
            batch.remove(keys::expiry(&expiry));
        }
        self.apply_runs(batch, id + 1)?;
        Ok(id)
    }

    pub(in crate::embedded) fn end_expiry(&mut self, expiry: Expiry) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.remove(keys::expiry(&expiry));
        self.tree.apply(batch)
    }
}
