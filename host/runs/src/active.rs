//! A run that this host owns at the moment: what its playbook, its actions and people share.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use palisade_engine::Stop;
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    alert::Severity,
    approval::AtDeadline,
    journal::{ActionEnded, By, Ended, Event, PromptAsked},
    run::{Position, Run, RunStatus},
};
use palisade_store::Leave;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use crate::{
    action::Prepared,
    catalogue::Catalogue,
    clock,
    effort::Effort,
    history::{self, Done, History, Stage},
    journal::{Journal, Written},
    runs::Runs,
    steps::{Halt, Look, Open, Steps, until},
};

/// The shortest time between two looks: who has just come due still has to begin.
const LOOK_MIN: Duration = Duration::from_millis(1);

/// A run that this host owns, from the claim until it is left or concluded.
pub(crate) struct ActiveRun {
    pub(crate) runs: Arc<Runs>,
    pub(crate) run: Run,
    /// What the policy may go by. As the alert was when the run began: a playbook must not talk the policy round.
    pub(crate) alert: AboutAlert,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) journal: Arc<Journal>,
    state: Mutex<Steps>,
    /// Rung when the state changes.
    more: Notify,
    /// The actions at work. They end with the run's stay here.
    tasks: Mutex<JoinSet<()>>,
    /// Whether it is still here.
    here: watch::Sender<bool>,
}

/// What the policy may go by of an alert.
pub(crate) struct AboutAlert {
    pub(crate) label: String,
    pub(crate) severity: Severity,
}

/// The run is not here any more.
#[derive(Debug)]
pub(crate) struct Gone;

impl ActiveRun {
    /// A run as its journal has it.
    pub(crate) fn new(
        runs: &Arc<Runs>,
        run: Run,
        catalogue: Arc<Catalogue>,
        journal: Arc<Journal>,
        history: &mut History,
    ) -> Arc<Self> {
        let content = &history.began.alert.content;
        let alert = AboutAlert { label: content.label.clone(), severity: content.severity };
        Arc::new(Self {
            runs: Arc::clone(runs),
            run,
            alert,
            catalogue,
            journal,
            state: Mutex::new(Steps::of(history)),
            more: Notify::new(),
            tasks: Mutex::default(),
            here: watch::Sender::new(true),
        })
    }

    /// Whether what it would change is planned and not sent, by its own mode or by a word of the operator since.
    pub(crate) fn plans_only(&self) -> bool {
        !self.run.mode.sends() || self.runs.is_safe(self.run.playbook.as_str())
    }

    /// The number of the next step, at most `most`.
    pub(crate) fn next_step(&self, most: Position) -> Result<Position, Stop> {
        let mut state = self.state();
        if state.last_step >= most {
            return Err(Stop::Broken(format!("it started more than {most} steps")));
        }
        state.last_step += 1;
        Ok(state.last_step)
    }

    /// Whether there is such a step.
    pub(crate) fn knows(&self, step: Position) -> bool {
        let state = self.state();
        state.open.contains_key(&step) || state.results.contains_key(&step)
    }

    /// How a step ended, if it has.
    pub(crate) fn result(&self, step: Position) -> Option<ActionResult> {
        self.state().results.get(&step).cloned()
    }

    /// Whether a step is open.
    pub(crate) fn has_open_steps(&self) -> bool {
        !self.state().open.is_empty()
    }

    /// An action that was done before and need not be done again, if there is one that asks for the same.
    pub(crate) fn take_done(&self, prepared: &Prepared) -> Option<Done> {
        let mut state = self.state();
        let same = state.done.iter().position(|done| prepared.is(&done.started))?;
        Some(state.done.remove(same))
    }

    /// Begins a step: the entry and the step are one.
    pub(crate) fn begin(&self, step: Position, event: Event, open: Open) -> Result<(), Stop> {
        let mut state = self.state();
        self.journal.buffered(event)?;
        state.open.insert(step, open);
        Ok(())
    }

    /// Begins an action that is taken back some time after its success, if there is such a time.
    pub(crate) fn begin_action(
        &self,
        step: Position,
        event: Event,
        undo_after: Option<Duration>,
    ) -> Result<(), Stop> {
        let mut state = self.state();
        self.journal.buffered(event)?;
        state.open.insert(step, Open::Turn);
        state.undo_after.extend(undo_after.map(|after| (step, after)));
        Ok(())
    }

    /// Milliseconds from the success of an action until it is taken back, if it is not for good.
    pub(crate) fn undo_after(&self, step: Position) -> Option<u64> {
        let after = self.state().undo_after.get(&step).copied()?;
        u64::try_from(after.as_millis()).ok()
    }

    /// Takes note of a step whose entry is written.
    pub(crate) fn begun(&self, step: Position, open: Open) {
        self.state().open.insert(step, open);
    }

    /// Lets an action that was begun go on from this stage, in a task of its own.
    pub(crate) fn spawn(self: &Arc<Self>, effort: Effort, stage: Stage) {
        let at_work = AtWork { run: Arc::clone(self), step: effort.step };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            let _at_work = at_work;
            effort.go_on(stage).await;
        });
    }

    /// Waits until the playbook may begin something: while the run is halted it may not, and the run is left as soon as
    /// nothing is under way.
    pub(crate) async fn may_begin(&self) -> Result<(), Stop> {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            {
                let mut state = self.state();
                if state.halt.is_none() {
                    return Ok(());
                }
                if !state.is_busy() {
                    state.leave(Some(clock::now()));
                    return Err(Stop::Aside);
                }
            }
            more.await;
        }
    }

    /// Waits until one of these steps has ended, or until the deadline, or until the run is better left. What came of it
    /// is handed to `write` before anything else can happen.
    pub(crate) async fn wait(
        self: &Arc<Self>,
        steps: &[Position],
        deadline: Option<Timestamp>,
        write: impl Fn(Option<Position>) -> Result<(), Stop> + Send + Sync,
    ) -> Result<Option<Position>, Stop> {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            let look = {
                let mut state = self.state();
                self.meet_deadlines(&mut state)?;
                let look = state.look(steps, deadline);
                match look {
                    Look::Ended(step) => write(Some(step))?,
                    Look::TimeUp => write(None)?,
                    Look::Leave | Look::Not(_) => {}
                }
                look
            };
            match look {
                Look::Ended(step) => return Ok(Some(step)),
                Look::TimeUp => return Ok(None),
                Look::Leave => return Err(Stop::Aside),
                Look::Not(None) => more.await,
                Look::Not(Some(then)) => {
                    let _ = tokio::time::timeout(until(then).max(LOOK_MIN), more).await;
                }
            }
        }
    }

    /// Waits until every step has ended.
    pub(crate) async fn settle(self: &Arc<Self>) -> Result<(), Stop> {
        loop {
            let open: Vec<_> = self.state().open.keys().copied().collect();
            if open.is_empty() {
                return Ok(());
            }
            self.wait(&open, None, |_| Ok(())).await?;
        }
    }

    /// Ends a step, unless it has ended: the entry and the end are one, so their orders are the same. An end that must
    /// not be lost is `lasting`.
    pub(crate) fn end(
        &self,
        step: Position,
        event: Event,
        result: ActionResult,
        lasting: bool,
    ) -> Result<(), Stop> {
        let mut state = self.state();
        if !state.open.contains_key(&step) {
            return Ok(());
        }
        // The playbook need not wait for the disk. Were the end lost in a crash, so would be everything after it, and what
        // the playbook does next that cannot be taken back is durable only with it.
        if lasting {
            drop(self.last(&state, event)?);
        } else {
            self.journal.buffered(event)?;
        }
        self.close(&mut state, step, result);
        Ok(())
    }

    /// Ends a step that is not begun in earnest, or not waited for any more.
    pub(crate) fn refuse(&self, position: Position, failure: Failure) -> Result<(), Stop> {
        self.end(position, Event::StepRefused { position, failure: failure.clone() }, Err(failure), false)
    }

    /// Ends an open step with an end that must not be lost; what it returns waits until it cannot be.
    pub(crate) fn end_in(
        &self,
        state: &mut Steps,
        step: Position,
        event: Event,
        result: ActionResult,
    ) -> Result<Written, Stop> {
        let written = self.last(state, event)?;
        self.close(state, step, result);
        Ok(written)
    }

    /// Writes the end of a step so that it is not lost. If the host is to take the action back, that is known from then on.
    fn last(&self, state: &Steps, event: Event) -> Result<Written, Stop> {
        let event = dated(state, event);
        let expires = matches!(event, Event::ActionEnded(ActionEnded { undo_at: Some(_), .. }));
        let written = self.journal.soon(event)?;
        if !expires {
            return Ok(written);
        }
        let runs = Arc::clone(&self.runs);
        let rung = tokio::spawn(async move {
            let end = written.await;
            runs.expiries.notify_one();
            end
        });
        Ok(Box::pin(async move { rung.await.unwrap_or(Err(Stop::Aside)) }))
    }

    fn close(&self, state: &mut Steps, step: Position, result: ActionResult) {
        state.open.remove(&step);
        state.held.remove(&step);
        state.undo_after.remove(&step);
        state.ended.push(step);
        state.results.insert(step, result);
        self.more.notify_waiters();
    }

    /// Says what an open step waits for. `false` if it must not go on to that: the run was left or is halted.
    pub(crate) fn set(&self, step: Position, open: Open) -> bool {
        let mut state = self.state();
        let refused = state.left || (matches!(open, Open::Busy) && state.halt.is_some());
        if let Some(at) = state.open.get_mut(&step) {
            *at = if refused { Open::Turn } else { open };
        }
        self.more.notify_waiters();
        !refused
    }

    /// Holds an action until a person has said how it goes on: one that nobody knows the end of, or one that needs
    /// consent.
    pub(crate) fn hold(self: &Arc<Self>, mut effort: Effort, until: Open) {
        let mut state = self.state();
        // A person was faster.
        if state.released.remove(&effort.step) {
            effort.consents.extend(until.rule());
            effort.doubtful = false;
            return self.spawn(effort, Stage::Begun);
        }
        if let Some(at) = state.open.get_mut(&effort.step) {
            *at = until;
            state.held.insert(effort.step, effort);
        }
        self.more.notify_waiters();
    }

    /// Lets an action go on that was held, or will be.
    pub(crate) fn release(self: &Arc<Self>, state: &mut Steps, step: Position) {
        // From now on the run must not be left for it.
        let waited_for = state.open.insert(step, Open::Turn);
        match state.held.remove(&step) {
            Some(mut effort) => {
                effort.consents.extend(waited_for.and_then(|open| open.rule()));
                effort.doubtful = false;
                self.spawn(effort, Stage::Begun);
            }
            // It is taken up when the playbook is here.
            None => {
                state.released.insert(step);
            }
        }
    }

    /// Writes down whether an action may happen, and lets it go on or ends it.
    pub(crate) fn consent(
        self: &Arc<Self>,
        state: &mut Steps,
        position: Position,
        approved: bool,
        by: Option<By>,
    ) -> Result<Written, Stop> {
        let failure = history::refused(by.as_ref());
        let written = self.journal.soon(Event::ApprovalGiven { position, approved, by })?;
        if approved {
            self.release(state, position);
            return Ok(written);
        }
        let ended = ActionEnded::uncalled(position, Err(failure.clone()), 0);
        self.end_in(state, position, Event::ActionEnded(ended), Err(failure))
    }

    /// Takes note that a run which it started has ended.
    pub(crate) fn child_ended(&self, child: &Run) -> Result<(), Stop> {
        let Some(parent) = child.parent else { return Ok(()) };
        let (position, status, message) = (parent.position, child.status, child.message.clone());
        let report = history::child_report(child.id, status, message.clone());
        let mut state = self.state();
        // The store is told what a run waits for that is left, and makes it due if that has ended.
        if state.left || !state.open.contains_key(&position) {
            return Ok(());
        }
        self.journal.buffered(Event::ChildEnded { position, status, message })?;
        self.close(&mut state, position, Ok(report));
        Ok(())
    }

    /// Takes note of an action that nobody knows the end of and that cannot be sent again.
    pub(crate) fn undecided(&self, step: Position) {
        self.state().open.insert(step, Open::Decision);
    }

    /// Whether a person had an action go on before the playbook was here.
    pub(crate) fn is_released(&self, step: Position) -> bool {
        self.state().released.remove(&step)
    }

    /// What stands when nobody has said anything in time.
    fn meet_deadlines(self: &Arc<Self>, state: &mut Steps) -> Result<(), Stop> {
        let now = clock::now();
        let late: Vec<_> = state
            .open
            .iter()
            .filter_map(|(position, open)| match open {
                Open::Consent(approval) if approval.deadline <= now => {
                    Some((*position, approval.at_deadline))
                }
                _ => None,
            })
            .collect();
        for (position, at_deadline) in late {
            drop(self.consent(state, position, at_deadline == AtDeadline::Allow, None)?);
        }
        let late: Vec<PromptAsked> = state
            .open
            .values()
            .filter_map(|open| match open {
                Open::Answer(asked) if asked.prompt.deadline <= now => Some((**asked).clone()),
                _ => None,
            })
            .collect();
        for PromptAsked { position, prompt } in late {
            let report = history::answered(&prompt.default, None);
            let event = Event::PromptAnswered { position, answer: prompt.default, by: None };
            drop(self.end_in(state, position, event, Ok(report))?);
        }
        Ok(())
    }

    /// Keeps the run from going on; what is under way is let end.
    pub(crate) fn halt(&self, halt: Halt) {
        let mut state = self.state();
        // A cancellation is not taken back by something less.
        if !matches!(state.halt, Some(Halt::Cancelled(_))) {
            state.halt = Some(halt);
        }
        self.more.notify_waiters();
    }

    /// Why it does not go on although it could.
    pub(crate) fn halted(&self) -> Option<Halt> {
        self.state().halt.clone()
    }

    /// How the run is left.
    pub(crate) fn leave(&self) -> Leave {
        let mut state = self.state();
        let due = state.due;
        state.leave(due);
        let in_doubt = state.open.values().any(|open| matches!(open, Open::Decision));
        let status = match &state.halt {
            Some(Halt::Paused) => RunStatus::Paused,
            _ if in_doubt => RunStatus::InDoubt,
            _ => RunStatus::Waiting,
        };
        let due = if status == RunStatus::Paused { None } else { due };
        Leave { status, due, children: state.children() }
    }

    /// Ends the tasks of its actions. Nothing of them may be under way outside.
    pub(crate) fn drop_tasks(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Says that the run is not here any more.
    pub(crate) fn go(&self) {
        {
            let mut state = self.state();
            state.left = true;
            // They hold the run itself.
            state.held.clear();
        }
        self.drop_tasks();
        self.here.send_replace(false);
    }

    /// Resolves when the run is not here any more.
    pub(crate) async fn gone(&self) {
        // It fails only when the sender is gone, and that is `self`.
        let _ = self.here.subscribe().wait_for(|here| !here).await;
    }

    /// The state, for what a person does; not once the run is left.
    pub(crate) fn for_a_person(&self) -> Result<MutexGuard<'_, Steps>, Gone> {
        let state = self.state();
        if state.left { Err(Gone) } else { Ok(state) }
    }

    /// Rings for whoever waits.
    pub(crate) fn ring(&self) {
        self.more.notify_waiters();
    }

    fn state(&self) -> MutexGuard<'_, Steps> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of an action with the time at which it is taken back, if that is set for it and it took effect by itself.
fn dated(state: &Steps, event: Event) -> Event {
    match event {
        Event::ActionEnded(
            ended @ ActionEnded {
                result: Ended::Report(Report { status: ReportStatus::Success, .. }),
                done_by: None,
                ..
            },
        ) => {
            let after = state.undo_after.get(&ended.position);
            let undo_at = after.and_then(|after| clock::now().checked_add(*after).ok());
            Event::ActionEnded(ActionEnded { undo_at, ..ended })
        }
        other => other,
    }
}

/// An action at work. If its task panics, the run learns that it ended.
struct AtWork {
    run: Arc<ActiveRun>,
    step: Position,
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let result: ActionResult = Err(Failure::Unavailable {
            message: "the host broke while it executed this action; check by hand whether it took effect"
                .into(),
        });
        let ended = ActionEnded::uncalled(self.step, result.clone(), 1);
        self.run.end(self.step, Event::ActionEnded(ended), result, true).ok();
    }
}
