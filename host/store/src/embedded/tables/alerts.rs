//! Alerts: what a person says of them, and how they are found again.

use palisade_model::{
    alert::{Alert, AlertChange, AlertId},
    earlier,
    prompt::ESCALATION,
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
    pub(in crate::embedded) fn change_alert(
        &mut self,
        id: AlertId,
        changes: Vec<AlertChange>,
    ) -> Result<Alert, StoreError> {
        let key = keys::numbered(Table::Alert, id);
        let mut alert: Alert = self.tree.record(&key)?.ok_or(StoreError::NoSuchAlert { alert: id })?;
        let mut batch = Batch::default();
        for change in changes {
            if change == AlertChange::Taken {
                self.end_escalations(&mut batch, id)?;
            }
            alert.apply(change);
        }
        self.tree.put(&mut batch, key, &tree::serialize(&alert))?;
        self.tree.apply(batch)?;
        Ok(alert)
    }

    /// Ends the wait for a person to take an alert, whichever of its runs asked for one.
    fn end_escalations(&self, batch: &mut Batch, alert: AlertId) -> Result<(), StoreError> {
        for key in self.tree.keys(&keys::runs_of_alert(alert)) {
            let key = key?;
            let run = keys::number(&key).ok_or_else(|| tree::damaged(&key))?;
            self.tree.remove(batch, &keys::task(run, ESCALATION))?;
        }
        Ok(())
    }
}

/// Adds the keys to a batch under which an alert is kept for those that follow it.
pub(in crate::embedded) fn add_alert_keys(batch: &mut Batch, alert: &Alert) {
    for (field, value) in earlier::keys(&alert.content.artifacts) {
        let key = keys::alert_keys(&alert.content.label, field, &value);
        Tree::insert(batch, keys::alert_key(key, alert.id, alert.received), &[]);
    }
}
