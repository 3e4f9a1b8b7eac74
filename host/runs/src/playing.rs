//! A run as its playbook sees it: calls that the journal has are answered from it, the others happen.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use palisade_engine::{AskPrompt, BoxFuture, Fault, Halt, RunHost, StartAction, Stop};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure},
    alert::{Alert, AlertChange, Note},
    earlier::Earlier,
    hex,
    journal::{ActionEnded, Began, ChildStarted, Divergence, Event, LogLevel, PromptAsked, Waited},
    limits::{
        ACTIONS_PER_RUN, ALERT_ARTIFACTS, CHILDREN_PER_RUN, LIST_ENTRIES, LOOKS_PER_RUN, MANIFEST_ITEMS,
        RUN_DEPTH,
    },
    list::{self, Found, ListEntry},
    name::Name,
    plugin::{ListUse, PlaybookManifest},
    prompt::Prompt,
    run::{Mode, Parent, Position, RunStatus, Seq},
    unhex,
};
use palisade_store::{NewChild, Store, StoreError};
use serde_json::{Map, Value};

use crate::{
    action,
    active::ActiveRun,
    catalogue::{Catalogue, LoadedPlaybook},
    clock, describe,
    effort::Effort,
    history::{self, History, Progress, Stage},
    journal, prompt,
    runs::How,
    steps::Open,
    take_up,
};

/// The run as its playbook sees it.
pub(crate) struct Playing {
    record: Arc<Mutex<Record>>,
    /// What the run began with, but for the alert.
    began: Began,
    alert: Alert,
    author: String,
    looks: usize,
    changes: usize,
    lines: usize,
    children: usize,
    /// How steps ended, if the run is not live; a live run knows it.
    results: HashMap<Position, ActionResult>,
    live: Option<Live>,
}

/// What makes calls happen that the journal does not have.
struct Live {
    run: Arc<ActiveRun>,
    playbook: Arc<LoadedPlaybook>,
    /// The steps of the journal that have not ended, until they are taken up.
    open: Option<History>,
}

/// What a replay has come to; it outlives the instance.
#[derive(Default)]
pub(crate) struct Record {
    /// Calls that the journal has and the playbook has not made again yet.
    pub(crate) calls: VecDeque<(Seq, Event)>,
    /// Calls that it made again.
    pub(crate) made: u64,
    /// It asked for something else.
    pub(crate) divergence: Option<Divergence>,
    /// It asked for more than the journal has, and nothing may happen.
    pub(crate) beyond: Option<String>,
    /// The open steps, if the playbook did not come so far that they were taken up.
    pub(crate) open: Option<History>,
}

impl Playing {
    /// A run that goes on behind its journal.
    pub(crate) fn live(
        run: &Arc<ActiveRun>,
        playbook: &Arc<LoadedPlaybook>,
        mut history: History,
    ) -> (Self, Arc<Mutex<Record>>) {
        let (mut playing, record) = Self::replay(run.run.id, &mut history);
        let (run, playbook) = (Arc::clone(run), Arc::clone(playbook));
        playing.live = Some(Live { run, playbook, open: Some(history) });
        (playing, record)
    }

    /// A run that ends where its journal does.
    pub(crate) fn replay(run: u64, history: &mut History) -> (Self, Arc<Mutex<Record>>) {
        let calls = std::mem::take(&mut history.calls);
        let record = Arc::new(Mutex::new(Record { calls, ..Record::default() }));
        let playing = Self {
            record: Arc::clone(&record),
            began: history.began.clone(),
            alert: history.began.alert.clone(),
            looks: 0,
            author: format!("run {run}"),
            changes: 0,
            lines: 0,
            children: 0,
            results: std::mem::take(&mut history.results),
            live: None,
        };
        (playing, record)
    }

    /// The recorded answer to a call; none if the run is to go on live. `fits` looks whether the recorded call is the one
    /// that was made, which `actual` describes.
    fn recorded<T>(
        &mut self,
        fits: impl FnOnce(&Event) -> Option<T>,
        actual: impl FnOnce() -> String,
    ) -> Result<Option<T>, Stop> {
        let mut record = lock(&self.record);
        let Some((seq, event)) = record.calls.pop_front() else {
            if self.live.is_none() {
                record.beyond = Some(actual());
                return Err(Stop::Aside);
            }
            drop(record);
            self.take_up_open_steps()?;
            return Ok(None);
        };
        if let Some(answer) = fits(&event) {
            record.made += 1;
            return Ok(Some(answer));
        }
        let (expected, actual) = (describe::call(&event), actual());
        record.divergence = Some(Divergence { at_entry: seq, expected, actual });
        record.calls.push_front((seq, event));
        Err(Stop::Aside)
    }

    /// The journal is at its end, and everything in it was found as it says: its open steps go on.
    fn take_up_open_steps(&mut self) -> Result<(), Stop> {
        match &mut self.live {
            Some(live) => live.open.take().map_or(Ok(()), |history| take_up::take_up(&live.run, &history)),
            None => Ok(()),
        }
    }

    fn live_part(&self) -> &Live {
        self.live.as_ref().expect("a call that the journal does not have is made in a live run only")
    }

    fn run(&self) -> &Arc<ActiveRun> {
        &self.live_part().run
    }

    fn manifest(&self) -> &PlaybookManifest {
        &self.live_part().playbook.manifest
    }

    /// Counts a look into lists and history.
    fn look(&mut self) -> Result<(), Stop> {
        self.looks += 1;
        if self.looks > LOOKS_PER_RUN {
            return Err(Stop::Broken(format!(
                "it looks into lists and history more than {LOOKS_PER_RUN} times"
            )));
        }
        Ok(())
    }

    /// How the playbook declares that it uses a list, if it does.
    fn uses(&self, list: &Name) -> Option<&ListUse> {
        self.manifest().lists.iter().find(|used| used.name == *list)
    }

    /// Reads from the store. What cannot be read sets the run aside: it is no answer to the playbook.
    fn read<T>(&self, read: impl FnOnce(&dyn Store) -> Result<T, StoreError>) -> Result<T, Stop> {
        read(self.run().runs.store()).map_err(|error| {
            tracing::error!(
                run = self.run().run.id,
                error = &error as &dyn std::error::Error,
                "The store cannot be read."
            );
            Stop::Aside
        })
    }

    /// Changes the alert as this run sees it.
    fn apply(&mut self, change: AlertChange) -> Result<(), Stop> {
        self.changes += 1;
        if self.changes > MANIFEST_ITEMS || self.alert.content.artifacts.len() > ALERT_ARTIFACTS {
            return Err(Stop::Broken(format!("it changed its alert more than {MANIFEST_ITEMS} times")));
        }
        self.alert.apply(change);
        Ok(())
    }

    /// Why this playbook cannot be started, or the run that it will be.
    fn child(&self, catalogue: &Catalogue, name: &str, position: Position) -> Result<NewChild, Failure> {
        let denied = |message: String| Err(Failure::Denied { message });
        let parent = &self.run().run;
        if !self.manifest().starts.iter().any(|one| one == name) {
            let own = &self.manifest().identity.name;
            return denied(format!("playbook {own} does not declare that it starts `{name}`"));
        }
        let depth = parent.parent.map_or(0, |above| above.depth) + 1;
        if depth > RUN_DEPTH {
            return denied(format!("there are {RUN_DEPTH} runs above this one already"));
        }
        if self.children > CHILDREN_PER_RUN {
            return denied(format!("the run has started {CHILDREN_PER_RUN} playbooks already"));
        }
        let Some(playbook) = catalogue.playbook(name) else {
            return Err(Failure::NotFound { message: format!("there is no playbook `{name}`") });
        };
        if catalogue.is_disabled(name) {
            return denied(format!("playbook {name} is disabled"));
        }
        let how = How { mode: self.began.mode, assumed: self.began.assumed.clone() };
        let run = self.run().runs.new_run(catalogue, playbook, self.alert.clone(), how);
        let parent = Parent { run: parent.id, position, depth };
        Ok(NewChild { run, parent, playbook: name.to_owned() })
    }
}

impl RunHost for Playing {
    fn alert(&self) -> &Alert {
        &self.alert
    }

    fn configuration(&self) -> &Map<String, Value> {
        &self.began.configuration
    }

    fn find_in_list(&mut self, list: Name, value: String) -> Result<Found, Stop> {
        self.look()?;
        let fits = |event: &Event| match event {
            Event::AskedList { list: one, value: other, found } if (one, other) == (&list, &value) => {
                Some(found.clone())
            }
            _ => None,
        };
        if let Some(found) = self.recorded(fits, || describe::look(&list, &value))? {
            return Ok(found);
        }
        let found = match self.uses(&list) {
            Some(_) => self.read(|store| store.find_in_list(&list, &value))?,
            None => Found::Undeclared,
        };
        self.run().journal.buffered(Event::AskedList { list, value, found: found.clone() })?;
        Ok(found)
    }

    fn add_to_list(&mut self, list: Name, value: list::Value, note: String) -> Result<Found, Stop> {
        self.look()?;
        let fits = |event: &Event| match event {
            Event::ListChanged { list: one, entry } if one == &list && entry.value == value => {
                Some(Found::Entry(entry.clone()))
            }
            Event::AskedList { list: one, value: other, found }
                if one == &list && other == value.as_str() && !matches!(found, Found::Nothing) =>
            {
                Some(found.clone())
            }
            _ => None,
        };
        if let Some(found) = self.recorded(fits, || describe::addition(&list, value.as_str()))? {
            return Ok(found);
        }
        let room = match self.uses(&list) {
            Some(ListUse { adds: true, .. }) => self.read(|store| room(store, &list, &value))?,
            _ => Found::Undeclared,
        };
        if room != Found::Nothing {
            let value = value.into();
            self.run().journal.buffered(Event::AskedList { list, value, found: room.clone() })?;
            return Ok(room);
        }
        let entry = ListEntry { value, note, by: self.author.clone(), at: clock::now() };
        self.run().journal.buffered(Event::ListChanged { list, entry: entry.clone() })?;
        Ok(Found::Entry(entry))
    }

    fn count_earlier(&mut self, which: Earlier) -> Result<u32, Stop> {
        self.look()?;
        let fits = |event: &Event| match event {
            Event::AskedHistory { which: one, count } if *one == which => Some(*count),
            _ => None,
        };
        if let Some(count) = self.recorded(fits, || describe::earlier(&which))? {
            return Ok(count);
        }
        let alert = self.alert.id;
        let count = self.read(|store| store.count_earlier(&which, alert))?;
        self.run().journal.buffered(Event::AskedHistory { which, count })?;
        Ok(count)
    }

    fn change(&mut self, change: AlertChange) -> Result<(), Stop> {
        let fits = |event: &Event| matches!(event, Event::AlertChanged(one) if *one == change).then_some(());
        let recorded = self.recorded(fits, || describe::call(&Event::AlertChanged(change.clone())))?;
        self.apply(change.clone())?;
        match recorded {
            Some(()) => Ok(()),
            None => self.run().journal.buffered(Event::AlertChanged(change)),
        }
    }

    fn note(&mut self, title: String, text: String) -> Result<(), Stop> {
        let author = self.author.clone();
        let fits = |event: &Event| match event {
            Event::AlertChanged(AlertChange::Note(note)) if (&note.title, &note.text) == (&title, &text) => {
                Some(note.clone())
            }
            _ => None,
        };
        match self.recorded(fits, || describe::note(&title))? {
            Some(note) => self.apply(AlertChange::Note(note)),
            None => {
                let change = AlertChange::Note(Note { at: clock::now(), author, title, text });
                self.apply(change.clone())?;
                self.run().journal.buffered(Event::AlertChanged(change))
            }
        }
    }

    fn start(&mut self, request: StartAction) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let fits = |event: &Event| match event {
                Event::ActionStarted(started) if action::same_request(started, &request) => {
                    Some(started.position)
                }
                _ => None,
            };
            if let Some(position) = self.recorded(fits, || describe::start(&request))? {
                return Ok(position);
            }
            let run = self.run();
            run.may_begin().await?;
            run.journal.reserve(request.parameters.len())?;
            let position = run.next_step(ACTIONS_PER_RUN)?;
            let prepared = action::prepare(&request, self.manifest(), &run.catalogue);
            let started = action::started(position, &request, prepared.as_ref().ok());
            let undo_after = prepared.as_ref().ok().and(request.undo_after_ms).map(Duration::from_millis);
            run.begin_action(position, Event::ActionStarted(started), undo_after)?;
            let (result, done_by): (ActionResult, _) = match prepared {
                Err(failure) => (Err(failure), None),
                Ok(prepared) => match run.take_done(&prepared) {
                    Some(done) => (Ok(done.report), Some(done.position)),
                    None => {
                        let (terms, began) = (prepared.terms(), clock::now());
                        let effort = Effort::new(run, position, prepared, terms, began, &Progress::default());
                        run.spawn(effort, Stage::Begun);
                        return Ok(position);
                    }
                },
            };
            let ended = ActionEnded { done_by, ..ActionEnded::uncalled(position, result.clone(), 0) };
            run.end(position, Event::ActionEnded(ended), result, false)?;
            Ok(position)
        })
    }

    fn ask(&mut self, asked: AskPrompt) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let fits = |event: &Event| match event {
                Event::PromptAsked(one) if prompt::same_question(&one.prompt, &asked) => Some(one.position),
                _ => None,
            };
            if let Some(position) = self.recorded(fits, || describe::question(&asked.question))? {
                return Ok(position);
            }
            let run = self.run();
            run.may_begin().await?;
            run.journal.reserve(asked.question.len() + asked.default.len())?;
            let position = run.next_step(ACTIONS_PER_RUN)?;
            match prompt::prepare(&asked) {
                // A plan asks nobody.
                Ok(prompt) if run.run.mode == Mode::Plan => {
                    let assumed =
                        self.began.assumed.clone().filter(|answer| prompt.answer.check(answer).is_ok());
                    let answer = assumed.unwrap_or_else(|| prompt.default.clone());
                    let report = history::answered(&answer, None);
                    run.begin(position, Event::PromptAsked(PromptAsked { position, prompt }), Open::Turn)?;
                    run.end(
                        position,
                        Event::PromptAnswered { position, answer, by: None },
                        Ok(report),
                        false,
                    )?;
                }
                Ok(prompt) => {
                    let asked = PromptAsked { position, prompt };
                    run.begin(position, Event::PromptAsked(asked.clone()), Open::Answer(Box::new(asked)))?;
                }
                Err(failure) => {
                    let asked = PromptAsked { position, prompt: unasked(asked) };
                    run.begin(position, Event::PromptAsked(asked), Open::Turn)?;
                    run.refuse(position, failure)?;
                }
            }
            Ok(position)
        })
    }

    fn start_playbook(&mut self, name: String) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let fits = |event: &Event| match event {
                Event::ChildStarted(child) if child.playbook == name => Some(child.position),
                _ => None,
            };
            let recorded = self.recorded(fits, || describe::playbook(&name))?;
            self.children += 1;
            if let Some(position) = recorded {
                return Ok(position);
            }
            let run = self.run();
            run.may_begin().await?;
            run.journal.reserve(name.len())?;
            let position = run.next_step(ACTIONS_PER_RUN)?;
            // It is what is installed now, whatever this run began with.
            let _starting = run.runs.starting.read().await;
            let catalogue = run.runs.catalogue();
            match self.child(&catalogue, &name, position) {
                Ok(child) => {
                    let new = child.run.clone();
                    let parent = child.parent;
                    let id = run.journal.start_child(child).await?;
                    run.begun(position, Open::Child(id));
                    run.runs.begin(id, new, Some(parent), &catalogue);
                }
                Err(failure) => {
                    let child = ChildStarted { position, playbook: name, run: None };
                    run.begin(position, Event::ChildStarted(child), Open::Turn)?;
                    run.refuse(position, failure)?;
                }
            }
            Ok(position)
        })
    }

    fn wait(
        &mut self,
        steps: Vec<Position>,
        until: Option<u64>,
    ) -> BoxFuture<'_, Result<Option<Position>, Stop>> {
        Box::pin(async move {
            let fits = |event: &Event| match event {
                Event::Waited(waited) if waited.steps == steps && waited.until == until => Some(waited.ended),
                _ => None,
            };
            if let Some(ended) = self.recorded(fits, || describe::wait(&steps, until))? {
                return Ok(ended);
            }
            // Each look goes through the whole list.
            if steps.len() > ACTIONS_PER_RUN as usize {
                return Err(Stop::Broken(format!("it waits for any of more than {ACTIONS_PER_RUN} steps")));
            }
            let run = self.run();
            if let Some(unknown) = steps.iter().find(|step| !run.knows(**step)) {
                return Err(Stop::Broken(format!("it waits for step {unknown}, which it never started")));
            }
            let deadline = until.map(|ms| {
                let ms = i64::try_from(ms).unwrap_or(i64::MAX);
                Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
            });
            // A plan does not wait for time to pass.
            let deadline = match deadline {
                Some(_) if steps.is_empty() && run.run.mode == Mode::Plan => Some(clock::now()),
                deadline => deadline,
            };
            let write =
                |ended| run.journal.buffered(Event::Waited(Waited { steps: steps.clone(), until, ended }));
            run.wait(&steps, deadline, write).await
        })
    }

    fn result(&mut self, step: Position) -> Result<ActionResult, Stop> {
        let known = self.results.get(&step).cloned();
        let known = known.or_else(|| self.live.as_ref().and_then(|live| live.run.result(step)));
        known.ok_or_else(|| Stop::Broken(format!("it asks how step {step} ended, which has not")))
    }

    fn log(&mut self, level: LogLevel, message: String) -> Result<(), Stop> {
        self.lines += 1;
        let Some((level, message)) = journal::bounded(self.lines, level, message) else { return Ok(()) };
        let event = Event::Log { action: None, level, message };
        let recorded = self.recorded(|one| (*one == event).then_some(()), || describe::call(&event))?;
        match recorded {
            Some(()) => Ok(()),
            None => self.run().journal.buffered(event),
        }
    }

    fn now(&mut self) -> Result<u64, Stop> {
        let fits = |event: &Event| if let Event::AskedTime { ms } = event { Some(*ms) } else { None };
        if let Some(ms) = self.recorded(fits, || describe::call(&Event::AskedTime { ms: 0 }))? {
            return Ok(ms);
        }
        let ms = clock::now_ms();
        self.run().journal.buffered(Event::AskedTime { ms })?;
        Ok(ms)
    }

    fn random(&mut self, count: u32) -> Result<Vec<u8>, Stop> {
        let fits = |event: &Event| match event {
            Event::AskedRandom { bytes } => unhex(bytes).filter(|bytes| bytes.len() == count as usize),
            _ => None,
        };
        if let Some(bytes) = self.recorded(fits, || describe::random(count))? {
            return Ok(bytes);
        }
        let bytes = palisade_engine::random_bytes(count)?;
        self.run().journal.buffered(Event::AskedRandom { bytes: hex(&bytes) })?;
        Ok(bytes)
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if let Some(live) = &mut self.live {
            lock(&self.record).open = live.open.take();
        }
    }
}

/// Whether a list has room for a value: then it is not in the way of anything.
fn room(store: &dyn Store, list: &Name, value: &list::Value) -> Result<Found, StoreError> {
    match store.find_in_list(list, value.as_str())? {
        Found::NoList => Ok(Found::NoList),
        Found::Entry(entry) if entry.value == *value => Ok(Found::Nothing),
        _ => {
            let full = store.lists()?.iter().any(|one| one.name == *list && one.entries >= LIST_ENTRIES);
            Ok(if full { Found::Full } else { Found::Nothing })
        }
    }
}

/// A prompt that is refused, as it was asked.
fn unasked(asked: AskPrompt) -> Prompt {
    Prompt {
        to: asked.to,
        question: asked.question,
        answer: asked.answer,
        deadline: clock::now(),
        default: serde_json::from_str(&asked.default).unwrap_or(Value::String(asked.default)),
    }
}

/// The end that a playbook came to, in the words of a conclusion; none if it was set aside.
pub(crate) fn end(result: Result<Result<String, String>, Halt>) -> Option<(RunStatus, String)> {
    match result {
        Ok(Ok(message)) => Some((RunStatus::Succeeded, message)),
        Ok(Err(message)) => Some((RunStatus::Failed, message)),
        Err(Halt::Fault(Fault { plugin, cause })) => {
            Some((RunStatus::Failed, format!("playbook {plugin} broke: {cause}")))
        }
        Err(Halt::Aside) => None,
    }
}

pub(crate) fn lock(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}
