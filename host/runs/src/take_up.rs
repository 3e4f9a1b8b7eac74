//! The open steps of a journal go on where they were.

use std::sync::Arc;

use palisade_engine::Stop;
use palisade_model::{
    action::{ActionResult, Failure},
    journal::{ActionEnded, Event},
    run::Position,
};

use crate::{
    action,
    active::ActiveRun,
    effort::Effort,
    history::{History, Kind, Progress, Stage, Step},
};

/// Lets every open step go on. Called once, when the playbook is where the journal ends.
pub(crate) fn take_up(run: &Arc<ActiveRun>, history: &History) -> Result<(), Stop> {
    for (position, step) in history.open() {
        match &step.kind {
            Kind::Action(..) => action(run, position, step)?,
            Kind::Child(Some(child)) => {
                // It may have ended while nobody was here to hear it.
                if let Ok(Some(child)) = run.runs.store.run(*child)
                    && child.status.is_final()
                {
                    run.child_ended(&child)?;
                }
            }
            // The crash came between the entry and its refusal.
            Kind::Child(None) => {
                let failure = Failure::NotFound { message: "the playbook could not be started".into() };
                run.refuse(position, failure)?;
            }
            Kind::Prompt(_) => {}
        }
    }
    Ok(())
}

fn action(run: &Arc<ActiveRun>, position: Position, step: &Step) -> Result<(), Stop> {
    let Kind::Action(started, progress) = &step.kind else { return Ok(()) };
    let released = run.is_released(position);
    let consent = match &progress.stage {
        Stage::Asked(approval) if released => Some(approval.rule.clone()),
        _ => None,
    };
    let stage = if released { Stage::Begun } else { progress.stage.clone() };
    let prepared = match action::prepare_again(started, &run.catalogue) {
        Ok(prepared) => prepared,
        Err(failure) => return without(run, position, started.mutates(), &stage, progress, failure),
    };
    let terms = started.terms.unwrap_or_else(|| prepared.terms());
    if terms.effect != prepared.terms().effect {
        // What was begun was judged by what it said of itself then.
        let message =
            format!("the action {} is another one in the connector that is installed now", started.action);
        let failure = Failure::InvalidParameters { message };
        return without(run, position, started.mutates(), &stage, progress, failure);
    }
    let mut effort = Effort::new(run, position, prepared, terms, step.at, progress);
    effort.consents.extend(consent);
    run.spawn(effort, stage);
    Ok(())
}

/// An action that cannot be executed any more: its asset or its connector is gone.
fn without(
    run: &Arc<ActiveRun>,
    position: Position,
    mutates: bool,
    stage: &Stage,
    progress: &Progress,
    failure: Failure,
) -> Result<(), Stop> {
    let result: ActionResult = match stage {
        Stage::InDoubt => return Ok(()),
        Stage::Sent | Stage::Pending { .. } if mutates => {
            let message = format!("it was sent, and the host stopped; now it cannot be asked for: {failure}");
            drop(run.journal.soon(Event::ActionInDoubt { position, message })?);
            run.undecided(position);
            return Ok(());
        }
        Stage::Decided(result) => (**result).clone(),
        Stage::Begun | Stage::Asked(_) | Stage::Sent | Stage::Retried(_) | Stage::Pending { .. } => {
            Err(failure)
        }
    };
    let ended = ActionEnded::uncalled(position, result.clone(), progress.attempts);
    run.end(position, Event::ActionEnded(ended), result, false)
}
