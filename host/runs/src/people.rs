//! What people do to runs: answer, decide, pause, resume, cancel, have one tried again.
//!
//! A run that is here is told; one that is not is claimed first, told, and then goes on from its journal. Either way
//! what a person did survives loss of power when the method returns, and is done once: whoever comes second is told so.

use std::sync::Arc;

use palisade_model::{
    journal::{ActionEnded, By, Decision, Event},
    run::{Position, Run, RunId},
};
use palisade_store::{Claim, StoreError};
use serde_json::Value;

use crate::{
    active::{ActiveRun, Gone},
    clock, history,
    journal::Written,
    runs::{Runs, RunsError},
    steps::{Halt, Open, Steps},
};

/// What a command did: the run was left before it could, or it was refused, or it is being written.
type Told<T> = Result<Result<T, RunsError>, Gone>;

impl Runs {
    /// Ends a run. What is under way is let end, a system with a pending job is told, and nothing new begins; when this
    /// returns, that is certain, and the conclusion follows.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`], [`RunsError::Conflict`] if the run has ended, or the store's.
    pub async fn cancel(self: &Arc<Self>, run: RunId, by: By) -> Result<Run, RunsError> {
        self.tell(run, |active, _state| {
            let written = active.journal.soon(Event::CancelAsked(by.clone())).map_err(|_| Gone)?;
            Ok(Ok((Some(Halt::Cancelled(by.clone())), written)))
        })
        .await
    }

    /// Stops a run for now. What is under way is let end; what waits is kept.
    ///
    /// # Errors
    ///
    /// As for [`cancel`](Self::cancel); [`RunsError::Conflict`] if it is paused already.
    pub async fn pause(self: &Arc<Self>, run: RunId, by: By) -> Result<Run, RunsError> {
        self.tell(run, |active, state| {
            if state.halt.is_some() {
                return Ok(Err(RunsError::Conflict(format!("run {run} is paused or cancelled already"))));
            }
            let written = active.journal.soon(Event::Paused(by.clone())).map_err(|_| Gone)?;
            Ok(Ok((Some(Halt::Paused), written)))
        })
        .await
    }

    /// Lets a paused run go on, or one that did not fit its journal try again.
    ///
    /// # Errors
    ///
    /// As for [`cancel`](Self::cancel); [`RunsError::Conflict`] if it is not paused.
    pub async fn resume(self: &Arc<Self>, run: RunId, by: By) -> Result<Run, RunsError> {
        loop {
            let claiming = self.claiming.lock().await;
            if let Some(active) = self.active(run) {
                drop(claiming);
                if !matches!(active.halted(), Some(Halt::Paused)) {
                    return Err(RunsError::Conflict(format!("run {run} is not paused")));
                }
                // It is about to be left, as soon as what is under way has ended.
                active.gone().await;
                continue;
            }
            let found = self.find(run)?;
            if !found.status.waits_for_resume() {
                return Err(RunsError::Conflict(format!("run {run} is not paused")));
            }
            let run = self.store.claim(run, Claim::Open).await?;
            let (run, mut history) = self.write_and_read(run, Event::Resumed(by)).await?;
            self.take_in(run, &mut history).await.go_on(history);
            break;
        }
        self.find(run)
    }

    /// Has a run that has ended go on from an action that failed: the named one, or the last.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if the run has not ended; [`RunsError::Invalid`] if there is no
    /// such action.
    pub async fn retry(
        self: &Arc<Self>,
        run: RunId,
        step: Option<Position>,
        by: By,
    ) -> Result<Run, RunsError> {
        loop {
            let claiming = self.claiming.lock().await;
            let found = self.find(run)?;
            if !found.status.is_final() {
                return Err(RunsError::Conflict(format!("run {run} has not ended")));
            }
            if let Some(active) = self.active(run) {
                drop(claiming);
                // It has just ended.
                active.gone().await;
                continue;
            }
            let position = self.history(&found)?.to_retry(step).map_err(RunsError::Invalid)?;
            let run = self.store.claim(run, Claim::Again).await?;
            let (run, mut history) = self.write_and_read(run, Event::Retried { position, by }).await?;
            self.take_in(run, &mut history).await.go_on(history);
            break;
        }
        self.find(run)
    }

    /// Answers a prompt, once, if this person `may` answer what is asked of somebody, or of nobody in particular.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if it was answered before, by a person or by its default, or if its
    /// time is over; [`RunsError::Forbidden`]; [`RunsError::Invalid`] if this is no answer to it.
    pub async fn answer(
        self: &Arc<Self>,
        run: RunId,
        step: Position,
        answer: Value,
        by: By,
        may: impl Fn(Option<&str>) -> bool + Sync,
    ) -> Result<Run, RunsError> {
        self.tell(run, |active, state| {
            let asked = match state.open.get(&step) {
                // The default is written as soon as the run goes on.
                Some(Open::Answer(asked)) if asked.prompt.deadline <= clock::now() => {
                    let words = format!("the time to answer step {step} of run {run} is over");
                    return Ok(Err(RunsError::Conflict(words)));
                }
                Some(Open::Answer(asked)) => asked.clone(),
                None if state.results.contains_key(&step) => {
                    return Ok(Err(RunsError::Conflict(format!(
                        "step {step} of run {run} has been answered"
                    ))));
                }
                _ => return Ok(Err(no_step("prompt", run, step))),
            };
            let to = asked.prompt.to.as_deref();
            if !may(to) {
                let to = to.unwrap_or("nobody in particular");
                return Ok(Err(RunsError::Forbidden(format!("step {step} of run {run} asks {to}"))));
            }
            if let Err(why) = asked.prompt.answer.check(&answer) {
                return Ok(Err(RunsError::Invalid(why)));
            }
            let report = history::answered(&answer, Some(&by));
            let answered =
                Event::PromptAnswered { position: step, answer: answer.clone(), by: Some(by.clone()) };
            active
                .end_in(state, step, answered, Ok(report))
                .map(|written| Ok((None, written)))
                .map_err(|_| Gone)
        })
        .await
    }

    /// Says what became of an action in doubt.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if it is not in doubt.
    pub async fn decide(
        self: &Arc<Self>,
        run: RunId,
        step: Position,
        decision: Decision,
        by: By,
    ) -> Result<Run, RunsError> {
        self.tell(run, |active, state| {
            match state.open.get(&step) {
                Some(Open::Decision) => {}
                Some(_) => {
                    return Ok(Err(RunsError::Conflict(format!("step {step} of run {run} is not in doubt"))));
                }
                None if state.results.contains_key(&step) => {
                    return Ok(Err(RunsError::Conflict(format!("step {step} of run {run} has ended"))));
                }
                None => return Ok(Err(no_step("action", run, step))),
            }
            let decided = Event::ActionDecided { position: step, decision, by: by.clone() };
            let written = active.journal.soon(decided).map_err(|_| Gone)?;
            let Some(result) = history::decided(decision, &by) else {
                active.release(state, step);
                return Ok(Ok((None, written)));
            };
            let ended = Event::ActionEnded(ActionEnded::uncalled(step, result.clone(), 0));
            active.end_in(state, step, ended, result).map(|written| Ok((None, written))).map_err(|_| Gone)
        })
        .await
    }

    /// Says whether an action may happen that waits for consent, once. `may` tells whether who says it may say so for the
    /// role that is asked.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`]; [`RunsError::Conflict`] if it does not wait for consent any more; [`RunsError::Forbidden`].
    pub async fn approve(
        self: &Arc<Self>,
        run: RunId,
        step: Position,
        approved: bool,
        by: By,
        may: impl Fn(Option<&str>) -> bool + Sync,
    ) -> Result<Run, RunsError> {
        self.tell(run, |active, state| {
            let asked = match state.open.get(&step) {
                // What stands then is written as soon as the run goes on.
                Some(Open::Consent(approval)) if approval.deadline <= clock::now() => {
                    let words = format!("the time to consent to step {step} of run {run} is over");
                    return Ok(Err(RunsError::Conflict(words)));
                }
                Some(Open::Consent(approval)) => approval.to.clone(),
                Some(_) => {
                    let words = format!("step {step} of run {run} does not wait for consent");
                    return Ok(Err(RunsError::Conflict(words)));
                }
                None if state.results.contains_key(&step) => {
                    return Ok(Err(RunsError::Conflict(format!("step {step} of run {run} has ended"))));
                }
                None => return Ok(Err(no_step("action", run, step))),
            };
            if !may(asked.as_deref()) {
                let asked = asked.unwrap_or_else(|| "nobody in particular".to_owned());
                return Ok(Err(RunsError::Forbidden(format!("step {step} of run {run} asks {asked}"))));
            }
            let written = active.consent(state, step, approved, Some(by.clone()));
            written.map(|written| Ok((None, written))).map_err(|_| Gone)
        })
        .await
    }

    /// Cancels a run without waiting for it.
    pub(crate) fn cancel_later(self: &Arc<Self>, run: RunId, by: By) {
        let runs = Arc::clone(self);
        tokio::spawn(async move {
            match runs.cancel(run, by).await {
                // It may have come to its own end.
                Ok(_) | Err(RunsError::Conflict(_)) => {}
                Err(error) => {
                    tracing::error!(
                        run,
                        error = &error as &dyn std::error::Error,
                        "A run cannot be cancelled."
                    );
                }
            }
        });
    }

    /// Tells a run something, which may halt it, and waits until that is durable.
    async fn tell(
        self: &Arc<Self>,
        id: RunId,
        command: impl Fn(&Arc<ActiveRun>, &mut Steps) -> Told<(Option<Halt>, Written)> + Sync,
    ) -> Result<Run, RunsError> {
        let tell = |active: &Arc<ActiveRun>| -> Told<Written> {
            let (halt, written) = {
                let mut state = active.for_a_person()?;
                match command(active, &mut state)? {
                    Ok(done) => done,
                    Err(refused) => return Ok(Err(refused)),
                }
            };
            halt.map_or_else(|| active.ring(), |halt| active.halt(halt));
            Ok(Ok(written))
        };
        loop {
            let (active, fresh) = self.take(id).await?;
            let told = tell(&active);
            if let Some(history) = fresh {
                active.go_on(history);
            }
            match told {
                Ok(Ok(written)) => match written.await {
                    Ok(()) => return self.find(id),
                    Err(_) => match active.journal.failure() {
                        Some(
                            StoreError::RunEnded { .. }
                            | StoreError::Conflict { .. }
                            | StoreError::Fenced { .. },
                        )
                        | None => active.gone().await,
                        Some(failed) => return Err(failed.into()),
                    },
                },
                Ok(Err(refused)) => return Err(refused),
                Err(Gone) => active.gone().await,
            }
        }
    }

    /// The run of this number.
    pub(crate) fn find(&self, run: RunId) -> Result<Run, RunsError> {
        self.store.run(run)?.ok_or_else(|| RunsError::Missing { what: "run", name: run.to_string() })
    }
}

fn no_step(what: &'static str, run: RunId, step: Position) -> RunsError {
    RunsError::Missing { what, name: format!("{step} in run {run}") }
}

impl From<StoreError> for RunsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoSuchAlert { alert } => Self::Missing { what: "alert", name: alert.to_string() },
            StoreError::NoSuchList { list } => Self::Missing { what: "list", name: list },
            StoreError::NoSuchRun { run } => Self::Missing { what: "run", name: run.to_string() },
            ended @ (StoreError::RunEnded { .. } | StoreError::Imported { .. }) => {
                Self::Conflict(ended.to_string())
            }
            other => Self::Store(other),
        }
    }
}
