//! What people do to alerts: take one over, close it.

use palisade_model::{
    alert::{Alert, AlertChange, AlertId, AlertStatus, Note, Severity},
    audit::{Record, What},
    journal::By,
};

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
    pub async fn take_alert(&self, alert: AlertId, by: By) -> Result<Alert, RunsError> {
        let mut changes = vec![
            AlertChange::Owner(Some(by.by.clone())),
            AlertChange::Status(AlertStatus::Open),
            AlertChange::Taken,
        ];
        changes.extend(remark(&by, "Taken over"));
        let what = What::AlertTaken { alert, note: by.note.as_str().into() };
        self.change_alert(alert, changes, &by, what).await
    }

    /// Closes an alert. A false alarm is informational from then on, and no longer counts as an earlier alert.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`], or the store's.
    pub async fn close_alert(&self, alert: AlertId, false_alarm: bool, by: By) -> Result<Alert, RunsError> {
        let mut changes = vec![AlertChange::Status(AlertStatus::Closed), AlertChange::Taken];
        changes.extend(false_alarm.then_some(AlertChange::Severity(Severity::Informational)));
        changes.extend(remark(&by, if false_alarm { "Closed as a false alarm" } else { "Closed" }));
        let what = What::AlertClosed { alert, note: by.note.as_str().into(), false_alarm };
        self.change_alert(alert, changes, &by, what).await
    }

    async fn change_alert(
        &self,
        alert: AlertId,
        changes: Vec<AlertChange>,
        by: &By,
        what: What,
    ) -> Result<Alert, RunsError> {
        if self.store.alert(alert)?.is_none() {
            return Err(RunsError::Missing { what: "alert", name: alert.to_string() });
        }
        self.put_on_record(Record::said(clock::now(), by, what)).await?;
        Ok(self.store.change_alert(alert, changes).await?)
    }
}

/// What a person had to say about it, as a note on the alert.
fn remark(By { by, note, .. }: &By, title: &str) -> Option<AlertChange> {
    let note = Note { at: clock::now(), author: by.clone(), title: title.to_owned(), text: note.clone() };
    (!note.text.is_empty()).then_some(AlertChange::Note(note))
}
