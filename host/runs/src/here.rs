//! The runs that are here: this host owns each from the moment when it begins or is claimed until it is left or concluded.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError, atomic::Ordering},
};

use palisade_model::{
    journal::{Entry, Event},
    limits::PAGE_ITEMS,
    run::{Parent, Run, RunId, RunStatus},
};
use palisade_store::{Append, Claim, Durability, NewRun};

use crate::{
    active::ActiveRun,
    audit::Audit,
    catalogue::Catalogue,
    clock, drive,
    history::{History, NotAJournal},
    journal::Journal,
    runs::{Runs, RunsError},
    steps::Halt,
    work::Work,
};

impl Runs {
    /// Lets a run that was just created go, as soon as there is room.
    pub(crate) fn begin(
        self: &Arc<Self>,
        id: RunId,
        new: NewRun,
        parent: Option<Parent>,
        catalogue: &Arc<Catalogue>,
    ) {
        let NewRun { playbook, started, began } = new;
        let run = Run {
            id,
            alert: began.alert.id,
            playbook,
            digest: began.digest.clone(),
            parent,
            mode: began.mode,
            undoes: began.undo.as_ref().map(|undo| undo.of),
            status: RunStatus::Running,
            due: None,
            attention: 0,
            started,
            finished: None,
            message: String::new(),
            entries: 1,
            epoch: 1,
            imported: false,
        };
        let mut history = History::of_new(began, started);
        let journal = Journal::new(&run, &history, Arc::clone(&self.store), self.changed.clone());
        let active = ActiveRun::new(self, run, Arc::clone(catalogue), journal, &mut history);
        self.put(&active);
        active.go_on(history);
    }

    /// Claims a run and lets it go on from its journal, unless it is here already. A run that cannot be read is logged.
    pub(crate) async fn go_on(self: &Arc<Self>, run: RunId) {
        match self.take(run).await {
            Ok((active, Some(history))) => active.go_on(history),
            Ok((_, None)) | Err(RunsError::Conflict(_)) => {}
            Err(error) => {
                tracing::error!(run, error = &error as &dyn std::error::Error, "A run cannot go on.");
            }
        }
    }

    /// The run, claimed if it was not here; then its history comes with it, and the caller must let it go on.
    pub(crate) async fn take(
        self: &Arc<Self>,
        run: RunId,
    ) -> Result<(Arc<ActiveRun>, Option<History>), RunsError> {
        let _claiming = self.claiming.lock().await;
        if let Some(active) = self.active(run) {
            return Ok((active, None));
        }
        let run = self.store.claim(run, Claim::Open).await?;
        let mut history = self.history(&run)?;
        Ok((self.take_in(run, &mut history).await, Some(history)))
    }

    /// Writes an entry to a run that was just claimed, durably, and reads its journal.
    pub(crate) async fn write_and_read(&self, run: Run, event: Event) -> Result<(Run, History), RunsError> {
        let at = clock::now();
        let append = Append {
            run: run.id,
            epoch: run.epoch,
            expected: run.entries,
            audit: Audit::of(&run).record(at, &event).into_iter().collect(),
            events: vec![(at, event)],
            leave: None,
            durability: Durability::Durable,
        };
        let entries = self.store.append(append).await?;
        let run = Run { entries, ..run };
        let history = self.history(&run)?;
        Ok((run, history))
    }

    /// Puts a run that was just claimed among those that are here.
    pub(crate) async fn take_in(self: &Arc<Self>, run: Run, history: &mut History) -> Arc<ActiveRun> {
        let catalogue = self.catalogue_of(&history.began).await;
        let journal = Journal::new(&run, history, Arc::clone(&self.store), self.changed.clone());
        let active = ActiveRun::new(self, run, catalogue, journal, history);
        self.put(&active);
        active
    }

    fn put(&self, run: &Arc<ActiveRun>) {
        self.here().insert(run.run.id, Arc::clone(run));
        // Put first and then looked: a stop either sees this run or is seen by it.
        if self.stopping.load(Ordering::SeqCst) {
            run.halt(Halt::HostStops);
        }
    }

    /// Takes a run off the list of those that are here.
    pub(crate) fn leave(&self, run: &ActiveRun) {
        self.here().remove(&run.run.id);
        run.go();
        self.due.notify_one();
        self.changed.send_modify(|version| *version += 1);
    }

    /// A run has ended: the one that started it hears of it, if it is here. If not, the store has made it due.
    pub(crate) fn concluded(&self, run: &Run, status: RunStatus, message: &str) {
        let Some(parent) = run.parent else { return };
        if let Some(parent) = self.active(parent.run) {
            let ended = Run { status, message: message.to_owned(), ..run.clone() };
            // A journal that cannot be written sets the run aside by itself.
            parent.child_ended(&ended).ok();
        }
        self.due.notify_one();
    }

    /// A run, if it is here.
    pub(crate) fn active(&self, run: RunId) -> Option<Arc<ActiveRun>> {
        self.here().get(&run).cloned()
    }

    pub(crate) fn here(&self) -> MutexGuard<'_, HashMap<RunId, Arc<ActiveRun>>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the journal of a run says.
    pub(crate) fn history(&self, run: &Run) -> Result<History, RunsError> {
        let damaged = |source| RunsError::Journal { run: run.id, source };
        let mut entries: Vec<Entry> = Vec::new();
        while (entries.len() as u64) < run.entries {
            let page = self.store.journal(run.id, entries.len() as u64 + 1, PAGE_ITEMS)?;
            if page.is_empty() {
                return Err(damaged("it is shorter than it should be".into()));
            }
            entries.extend(page);
        }
        let mut history = History::read(entries).map_err(|error: NotAJournal| damaged(error.into()))?;
        if !history.done.is_empty() {
            history.forget(&self.store.undone(run.id)?);
        }
        Ok(history)
    }
}

impl ActiveRun {
    /// Lets the run go on from its journal, in a task of its own.
    pub(crate) fn go_on(self: &Arc<Self>, history: History) {
        let work = Work::begin(&self.runs.at_work);
        tokio::spawn(drive::drive(Arc::clone(self), history, work));
    }
}
