use palisade_sdk::{
    Failure, Status, log,
    playbook::{Action, Run, Started},
};
use serde::de::DeserializeOwned;

use crate::text::line;

/// A look-up that has been started.
pub(crate) struct Lookup {
    /// What is looked up where, for the log and the ticket.
    title: String,
    started: Started,
}

impl Lookup {
    /// Starts an action with one parameter, if there is a value for it.
    pub(crate) fn start(
        run: &Run,
        connector: &'static str,
        action: &'static str,
        parameter: &str,
        subject: Option<impl AsRef<str>>,
    ) -> Option<Self> {
        let subject = subject?;
        let subject = subject.as_ref();
        Some(Self {
            title: format!("{connector}, {action} {}", line(subject)),
            started: run.start(Action::new(connector, action).parameter(parameter, subject)),
        })
    }

    /// What was found, or one line on why nothing was.
    pub(crate) fn wait<T: DeserializeOwned>(self) -> Result<T, String> {
        let title = self.title;
        let gap = match self.started.wait() {
            Ok(report) if report.status == Status::Success => match report.data() {
                // The run's timeline has the report; a line of log would only say it again.
                Ok(found) => return Ok(found),
                Err(error) => format!("{title}: the answer cannot be read: {}", line(&error.to_string())),
            },
            Ok(report) => format!("{title}: found nothing: {}", line(&report.message)),
            Err(Failure::NotFound(message)) => format!("{title}: found nothing: {}", line(&message)),
            Err(failure) => format!("{title}: failed: {}", line(&failure.sentence())),
        };
        log::warn(&gap);
        Err(gap)
    }
}
