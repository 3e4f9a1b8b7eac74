use super::{Step, StepId};
use crate::{Failure, Report, Status, host};

/// Another playbook that this run has started on the same alert, in a run of its own.
///
/// ```
/// use palisade_sdk::{Status, playbook::Run};
///
/// fn handle(run: &Run) -> Result<String, String> {
///     let conclusion = run.start_playbook("block-address").wait()?;
///     match conclusion.status {
///         Status::Success => Ok(conclusion.message),
///         Status::Failed => Err(format!("Run {} could not: {}", conclusion.run, conclusion.message)),
///     }
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Child {
    id: StepId,
}

impl Step for Child {
    fn id(&self) -> StepId {
        self.id
    }
}

impl Child {
    pub(super) fn start(name: &str) -> Self {
        Self { id: host::playbooks::start(name) }
    }

    /// Waits until its run has ended. Waiting again returns the same.
    ///
    /// # Errors
    ///
    /// Why it could not be started: no such playbook, not declared with [`Playbook::starts`](super::Playbook::starts), too
    /// many runs.
    pub fn wait(&self) -> Result<Conclusion, Failure> {
        let report = Report::from(host::steps::wait(self.id)?);
        let run = report.data["run"].as_u64();
        let run = run.ok_or_else(|| Failure::upstream("the host did not say which run it was"))?;
        Ok(Conclusion { status: report.status, message: report.message, run })
    }
}

/// How the run of another playbook ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conclusion {
    /// Whether that playbook came to the end it wanted.
    pub status: Status,
    /// Its own sentence on how it ended.
    pub message: String,
    /// Number of its run.
    pub run: u64,
}
