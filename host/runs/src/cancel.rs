//! The end of a run that a person cancelled.

use std::sync::Arc;

use palisade_engine::Stop;
use palisade_model::{
    action::ActionResult,
    journal::{ActionEnded, By, Event},
    run::Position,
};

use crate::{
    action,
    active::ActiveRun,
    effort::Effort,
    history::{self, History, Kind, Stage, Step},
};

/// Ends every step that is open: a system that works on a job is told, runs that were started are cancelled too, and of
/// what nobody knows the end the conclusion says so. Returns the conclusion. Nothing is under way when this is called.
pub(crate) async fn end_steps(run: &Arc<ActiveRun>, by: &By) -> Result<String, Stop> {
    run.drop_tasks();
    run.journal.sync().await?;
    let history = run.runs.history(&run.run).map_err(|error| {
        tracing::error!(
            run = run.run.id,
            error = &error as &dyn std::error::Error,
            "A journal cannot be read."
        );
        Stop::Aside
    })?;
    let mut doubts = Vec::new();
    for (position, step) in history.open() {
        if let Some(doubt) = end_step(run, position, step, by).await? {
            doubts.push(doubt);
        }
    }
    let note = if by.note.is_empty() { String::new() } else { format!(": {}", by.note) };
    let doubts = match doubts.as_slice() {
        [] => String::new(),
        doubts => format!("; check by hand whether this happened: {}", doubts.join(", ")),
    };
    Ok(format!("{} cancelled it{note}{doubts}", by.by))
}

/// Ends one step; returns what must be checked by hand.
async fn end_step(
    run: &Arc<ActiveRun>,
    position: Position,
    step: &Step,
    by: &By,
) -> Result<Option<String>, Stop> {
    let failure = history::cancelled(by);
    let (started, progress) = match &step.kind {
        Kind::Action(started, progress) => (started, progress),
        Kind::Prompt(_) | Kind::Child(_) => {
            if let Kind::Child(Some(child)) = &step.kind {
                run.runs.cancel_later(*child, by.clone());
            }
            run.refuse(position, failure)?;
            return Ok(None);
        }
    };
    if let (Stage::Pending { token, .. }, Some(terms), Ok(prepared)) =
        (&progress.stage, started.terms, action::prepare_again(started, &run.catalogue))
    {
        let effort = Effort::new(run, position, prepared, terms, step.at, progress);
        effort.cancel(token, failure).await;
        return Ok(None);
    }
    let unknown = started.mutates() && matches!(progress.stage, Stage::Sent | Stage::InDoubt);
    let result: ActionResult = match &progress.stage {
        Stage::Decided(result) => (**result).clone(),
        _ => Err(failure),
    };
    let ended = ActionEnded::uncalled(position, result.clone(), progress.attempts);
    run.end(position, Event::ActionEnded(ended), result, true)?;
    Ok(unknown.then(|| format!("`{}` of {}", started.action, started.connector)))
}

impl History {
    /// Whether the action that a person names, or else the last that failed, can be tried again.
    pub(crate) fn to_retry(&self, step: Option<Position>) -> Result<Position, String> {
        let position = match step {
            Some(position) => position,
            None => self.last_failed().ok_or("no action of it failed")?,
        };
        match self.steps.get(&position) {
            Some(Step { kind: Kind::Action(..), ended: Some(_), .. }) => {}
            Some(_) => return Err(format!("step {position} is no action that has ended")),
            None => return Err(format!("there is no step {position}")),
        }
        match self.results.get(&position) {
            Some(Ok(report)) if report.status == palisade_model::action::ReportStatus::Success => {
                Err(format!("step {position} did not fail"))
            }
            _ => Ok(position),
        }
    }
}
