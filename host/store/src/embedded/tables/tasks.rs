//! What waits for a person: it follows from the journals, and is kept beside them so that it can be listed.

use std::collections::BTreeMap;

use crate::embedded::batch::Batch;
use palisade_model::{
    Timestamp,
    alert::AlertChange,
    journal::{ActionEnded, Event},
    prompt::{ESCALATION, Task, ToDo},
    run::{Mode, Position, Run},
};

use super::Tables;
use crate::{
    embedded::{
        keys,
        tree::{self, Tree},
    },
    error::StoreError,
};

/// The place of what waits for a person in the run as a whole: no step has it.
const WHOLE_RUN: Position = 0;

/// What is to be done at the steps of a run from now on, and since when; none where nothing is any more.
#[derive(Default)]
pub(super) struct TaskChanges(BTreeMap<Position, Option<(Timestamp, ToDo)>>);

impl TaskChanges {
    /// Notes what an event of this run changes.
    pub(super) fn note(&mut self, run: &Run, at: Timestamp, event: &Event) {
        let (position, what) = match event {
            Event::PromptAsked(asked) => (asked.position, Some(ToDo::Answer(asked.prompt.clone()))),
            Event::ActionInDoubt { position, message } => {
                (*position, Some(ToDo::Decide { message: message.clone() }))
            }
            Event::Diverged(divergence) => (WHOLE_RUN, Some(ToDo::Look(divergence.clone()))),
            Event::ApprovalAsked(asked) => (asked.position, Some(ToDo::Approve(asked.approval.clone()))),
            Event::AlertChanged(AlertChange::Escalated(escalation)) if run.mode != Mode::Plan => {
                (ESCALATION, Some(ToDo::TakeOver(escalation.clone())))
            }
            Event::PromptAnswered { position, .. }
            | Event::StepRefused { position, .. }
            | Event::ActionDecided { position, .. }
            | Event::ApprovalGiven { position, .. }
            | Event::ActionEnded(ActionEnded { position, .. }) => (*position, None),
            _ => return,
        };
        // Most steps end without anybody having been asked: no reason to look.
        if what.is_some() || run.attention > 0 || !self.0.is_empty() {
            self.0.insert(position, what.map(|what| (at, what)));
        }
    }
}

impl TaskChanges {
    /// Only what outlives the run.
    pub(super) fn outliving(mut self) -> Self {
        self.0.retain(|position, _| *position == ESCALATION);
        self
    }
}

impl Tables {
    /// Adds the changes to a batch, and counts what waits in the run. An escalation waits outside of it.
    pub(super) fn change_tasks(
        &self,
        batch: &mut Batch,
        run: &mut Run,
        changes: TaskChanges,
    ) -> Result<(), StoreError> {
        for (position, what) in changes.0 {
            let key = keys::task(run.id, position);
            if self.tree.remove(batch, &key)? && position != ESCALATION {
                run.attention = run.attention.saturating_sub(1);
            }
            if let Some((since, what)) = what {
                let (playbook, alert) = (run.playbook.clone(), run.alert);
                let task = Task { run: run.id, position, playbook, alert, since, what };
                Tree::insert(batch, key, &tree::serialize(&task));
                run.attention += u32::from(position != ESCALATION);
            }
        }
        Ok(())
    }

    /// Takes back that somebody is to look at the run as a whole: it is being gone on with.
    pub(super) fn stop_looking(&self, batch: &mut Batch, run: &mut Run) -> Result<(), StoreError> {
        if run.attention == 0 {
            return Ok(());
        }
        self.change_tasks(batch, run, TaskChanges([(WHOLE_RUN, None)].into()))
    }

    /// Removes everything of a run that has ended, and leaves its escalation.
    pub(super) fn remove_tasks(&self, batch: &mut Batch, run: &mut Run) -> Result<(), StoreError> {
        if run.attention > 0 {
            for key in self.tree.keys(&keys::tasks_of_run(run.id)) {
                let key = key?;
                if *key != *keys::task(run.id, ESCALATION) {
                    self.tree.remove(batch, &key)?;
                }
            }
            run.attention = 0;
        }
        Ok(())
    }
}
