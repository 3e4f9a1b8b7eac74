//! What people do to alerts: take one over, close it.

use palisade_model::alert::{Alert, AlertChange, AlertId, AlertStatus, Note};

use crate::{
    clock,
    runs::{Runs, RunsError},
};

impl Runs {
    /// Takes an alert over: it has this owner, is being worked on, and waits for nobody any more.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`], or the store's.
    pub async fn take_alert(&self, alert: AlertId, owner: String, note: String) -> Result<Alert, RunsError> {
        let mut changes = vec![
            AlertChange::Owner(Some(owner.clone())),
            AlertChange::Status(AlertStatus::Open),
            AlertChange::Taken,
        ];
        changes.extend(remark(owner, "Taken over", note));
        self.change_alert(alert, changes).await
    }

    /// Closes an alert.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`], or the store's.
    pub async fn close_alert(&self, alert: AlertId, by: String, note: String) -> Result<Alert, RunsError> {
        let mut changes = vec![AlertChange::Status(AlertStatus::Closed), AlertChange::Taken];
        changes.extend(remark(by, "Closed", note));
        self.change_alert(alert, changes).await
    }

    async fn change_alert(&self, alert: AlertId, changes: Vec<AlertChange>) -> Result<Alert, RunsError> {
        Ok(self.store.change_alert(alert, changes).await?)
    }
}

/// What a person had to say about it, as a note on the alert.
fn remark(author: String, title: &str, text: String) -> Option<AlertChange> {
    let note = Note { at: clock::now(), author, title: title.to_owned(), text };
    (!note.text.is_empty()).then_some(AlertChange::Note(note))
}
