use palisade_sdk::{
    Failure, Status, log,
    playbook::{Action, Run, Started},
};
use serde::de::DeserializeOwned;

use crate::text::line;

/// A look-up that has been started.
pub struct Lookup {
    /// What is looked up where, for the log and for people.
    title: String,
    started: Started,
}

/// Why a look-up has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// One line that says what was looked up where, and why nothing came of it.
    pub line: String,
    /// Whether the system answered, and knows nothing of it.
    pub is_unknown: bool,
}

impl Lookup {
    /// Starts an action with one parameter, if there is a value for it.
    pub fn start(
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

    /// What was found.
    ///
    /// # Errors
    ///
    /// Why nothing was. The log has it too.
    pub fn wait<T: DeserializeOwned>(self) -> Result<T, Gap> {
        let title = self.title;
        let gap = match self.started.wait() {
            Ok(report) if report.status == Status::Success => match report.data() {
                // The run's timeline has the report; a line of log would only say it again.
                Ok(found) => return Ok(found),
                Err(error) => {
                    let line = format!("{title}: the answer cannot be read: {}", line(&error.to_string()));
                    Gap { line, is_unknown: false }
                }
            },
            Ok(report) => Gap::unknown(&title, &report.message),
            Err(Failure::NotFound(message)) => Gap::unknown(&title, &message),
            Err(failure) => {
                Gap { line: format!("{title}: failed: {}", line(&failure.sentence())), is_unknown: false }
            }
        };
        log::warn(&gap.line);
        Err(gap)
    }
}

impl Gap {
    fn unknown(title: &str, words: &str) -> Self {
        Self { line: format!("{title}: found nothing: {}", line(words)), is_unknown: true }
    }
}
