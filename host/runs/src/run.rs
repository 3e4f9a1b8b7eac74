//! One run: a playbook at work on an alert.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use palisade_engine::{BoxFuture, Fault, RunHost, StartAction, Stop};
use palisade_model::{
    action::{ActionResult, Failure},
    alert::{Alert, AlertChange},
    limits::{ACTIONS_PER_RUN, ALERT_ARTIFACTS, MANIFEST_ITEMS},
    run::{ActionEnded, Event, LogLevel, Position, RunStatus},
};
use tokio::sync::{Notify, Semaphore};

use crate::{
    action,
    catalogue::{Catalogue, LoadedPlaybook},
    journal::Journal,
};

/// Everything a run needs.
pub(crate) struct RunContext {
    pub(crate) alert: Alert,
    pub(crate) playbook: Arc<LoadedPlaybook>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) journal: Arc<Journal>,
    /// Bounds the actions at work over all runs.
    pub(crate) permits: Arc<Semaphore>,
    /// The same for every run of this installation, and for no other: part of each idempotency key.
    pub(crate) installation: String,
}

/// Lets the playbook run to its end, waits for what it started, and concludes the run.
pub(crate) async fn run(context: RunContext) {
    let (playbook, journal) = (Arc::clone(&context.playbook), Arc::clone(&context.journal));
    let actions = Arc::new(Actions::default());
    let running = Running { context, actions: Arc::clone(&actions), changes: 0 };
    let (status, message) = match playbook.playbook.run(Box::new(running)).await {
        Ok(Ok(message)) => (RunStatus::Succeeded, message),
        Ok(Err(message)) => (RunStatus::Failed, message),
        Err(Fault { plugin, cause }) => (RunStatus::Failed, format!("playbook {plugin} broke: {cause}")),
    };
    // A playbook may return without waiting for an action; what that did belongs to the record all the same.
    actions.until(|state| state.all_ended().then_some(())).await;
    if let Err(stop) = journal.durable(Event::Concluded { status, message }).await {
        tracing::error!(run = journal.run(), reason = %stop, "A run could not be concluded.");
    }
}

/// The run as its playbook sees it.
struct Running {
    context: RunContext,
    actions: Arc<Actions>,
    changes: usize,
}

/// The actions of one run: how many were started, and results as they come in.
#[derive(Default)]
struct Actions {
    state: Mutex<State>,
    more: Notify,
}

#[derive(Default)]
struct State {
    started: Position,
    /// In the order in which they ended.
    ended: Vec<Position>,
    results: HashMap<Position, ActionResult>,
}

impl State {
    fn all_ended(&self) -> bool {
        usize::try_from(self.started).is_ok_and(|started| started == self.ended.len())
    }
}

impl Actions {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The place of the next action.
    fn next(&self) -> Result<Position, Stop> {
        let mut state = self.lock();
        if state.started >= ACTIONS_PER_RUN {
            return Err(Stop(format!("it started more than {ACTIONS_PER_RUN} actions")));
        }
        state.started += 1;
        Ok(state.started)
    }

    fn end(&self, position: Position, result: ActionResult) {
        let mut state = self.lock();
        state.ended.push(position);
        state.results.insert(position, result);
        drop(state);
        self.more.notify_waiters();
    }

    /// Waits until `look` finds something. It is registered before it looks, so nothing that ends meanwhile is missed.
    async fn until<T>(&self, look: impl Fn(&State) -> Option<T>) -> T {
        loop {
            let more = self.more.notified();
            tokio::pin!(more);
            more.as_mut().enable();
            if let Some(found) = look(&self.lock()) {
                return found;
            }
            more.await;
        }
    }
}

/// An action at work. Whatever becomes of its task, the run learns that it ended.
struct AtWork {
    position: Position,
    actions: Arc<Actions>,
    result: Option<ActionResult>,
}

impl AtWork {
    /// Takes itself by value, and with it into the task: a field alone would leave the guard behind.
    fn end(mut self, result: ActionResult) {
        self.result = Some(result);
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let lost =
            || Err(Failure::Unavailable { message: "the host broke while it executed this action".into() });
        self.actions.end(self.position, self.result.take().unwrap_or_else(lost));
    }
}

impl Running {
    fn known(&self, position: Position) -> Result<(), Stop> {
        if (1..=self.actions.lock().started).contains(&position) {
            return Ok(());
        }
        Err(Stop(format!("it waits for action {position}, which it never started")))
    }

    /// Starts an action that can be executed; it goes on by itself.
    fn spawn(&self, position: Position, request: &StartAction, prepared: action::Prepared) {
        let start = Event::ActionStarted(action::started(position, request, Some(&prepared)));
        let key = format!("palisade-{}-{}-{position}", self.context.installation, self.context.journal.run());
        let (journal, permits) = (Arc::clone(&self.context.journal), Arc::clone(&self.context.permits));
        let at_work = AtWork { position, actions: Arc::clone(&self.actions), result: None };
        tokio::spawn(async move {
            let result = action::execute(position, prepared, key, journal, permits, start).await;
            at_work.end(result);
        });
    }

    /// Writes down an action that cannot be executed; that is its result.
    fn refuse(&self, position: Position, request: &StartAction, failure: Failure) -> Result<(), Stop> {
        let journal = &self.context.journal;
        journal.buffered(Event::ActionStarted(action::started(position, request, None)))?;
        let result: ActionResult = Err(failure);
        journal.buffered(Event::ActionEnded(ActionEnded {
            position,
            result: result.clone().into(),
            attempts: 0,
            took_us: 0,
            upstream_us: 0,
        }))?;
        self.actions.end(position, result);
        Ok(())
    }
}

impl RunHost for Running {
    fn alert(&self) -> &Alert {
        &self.context.alert
    }

    fn author(&self) -> String {
        format!("run {}", self.context.journal.run())
    }

    fn change(&mut self, change: AlertChange) -> BoxFuture<'_, Result<(), Stop>> {
        Box::pin(async move {
            self.changes += 1;
            if self.changes > MANIFEST_ITEMS || self.context.alert.content.artifacts.len() > ALERT_ARTIFACTS {
                return Err(Stop(format!("it changed its alert more than {MANIFEST_ITEMS} times")));
            }
            self.context.alert.apply(change.clone());
            self.context.journal.buffered(Event::AlertChanged(change))
        })
    }

    fn start(&mut self, request: StartAction) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            self.context.journal.reserve(request.parameters.len())?;
            let position = self.actions.next()?;
            match action::prepare(&request, &self.context.playbook.manifest, &self.context.catalogue) {
                Ok(prepared) => self.spawn(position, &request, prepared),
                Err(failure) => self.refuse(position, &request, failure)?,
            }
            Ok(position)
        })
    }

    fn wait(&mut self, position: Position) -> BoxFuture<'_, Result<ActionResult, Stop>> {
        Box::pin(async move {
            self.known(position)?;
            Ok(self.actions.until(|state| state.results.get(&position).cloned()).await)
        })
    }

    fn wait_any(
        &mut self,
        positions: Vec<Position>,
        deadline: Option<u64>,
    ) -> BoxFuture<'_, Result<Option<Position>, Stop>> {
        Box::pin(async move {
            // Each look goes through the whole list.
            if positions.len() > ACTIONS_PER_RUN as usize {
                return Err(Stop(format!("it waits for any of more than {ACTIONS_PER_RUN} actions")));
            }
            positions.iter().try_for_each(|position| self.known(*position))?;
            let first =
                self.actions.until(|state| state.ended.iter().find(|one| positions.contains(one)).copied());
            let Some(deadline) = deadline else {
                return Ok(Some(first.await));
            };
            let left = deadline.saturating_sub(palisade_engine::now());
            Ok(tokio::time::timeout(Duration::from_millis(left), first).await.ok())
        })
    }

    fn log(&mut self, level: LogLevel, message: String) -> Result<(), Stop> {
        self.context.journal.log(None, level, message)
    }

    fn now(&mut self) -> BoxFuture<'_, Result<u64, Stop>> {
        Box::pin(async { Ok(palisade_engine::now()) })
    }

    fn random(&mut self, count: u32) -> BoxFuture<'_, Result<Vec<u8>, Stop>> {
        Box::pin(async move { palisade_engine::random_bytes(count) })
    }
}
