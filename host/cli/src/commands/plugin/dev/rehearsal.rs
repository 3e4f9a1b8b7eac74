//! A host that executes nothing, and tells a playbook how everything ended.
//!
//! Time stands still but for waits, which take no time at all: a day passes at once. What happens is written as entries of
//! a journal.

use std::{
    fmt::Display,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use palisade_engine::{AskPrompt, BoxFuture, RunHost, StartAction, Stop, random_bytes};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    alert::{Alert, AlertChange, Note},
    earlier::Earlier,
    hex,
    journal::{ActionEnded, ActionStarted, By, ChildStarted, Entry, Event, LogLevel, PromptAsked, Waited},
    list::{self, Found, ListEntry},
    name::Name,
    plugin::{Need, PlaybookManifest},
    prompt::Prompt,
    run::{Position, RunStatus},
};
use serde_json::{Map, Value, json};

use super::answers::{Answers, Ends};

/// Who does what a rehearsal does.
const AUTHOR: &str = "rehearsal";

/// Fields of the file of answers.
const ACTIONS: &str = "actions";
const PLAYBOOKS: &str = "playbooks";

/// Something that the playbook started.
struct Step {
    /// When it ends, in milliseconds since 1970.
    ends_ms: u64,
    result: ActionResult,
    /// What is written when it does.
    event: Option<Event>,
}

/// The host of a rehearsal.
pub(super) struct Rehearsal {
    manifest: PlaybookManifest,
    alert: Alert,
    configuration: Map<String, Value>,
    answers: Answers,
    /// The file that they are from.
    file: PathBuf,
    prompts: usize,
    /// In milliseconds since 1970.
    now_ms: u64,
    /// Steps by position, from 1.
    steps: Vec<Step>,
    journal: Journal,
}

/// What happened so far; outlives the host.
#[derive(Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Vec<Entry>>>);

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self, at: Timestamp, event: Event) {
        let mut entries = self.lock();
        let seq = entries.len() as u64 + 1;
        entries.push(Entry { seq, at, event });
    }

    pub(super) fn last(&self) -> Option<Timestamp> {
        self.lock().last().map(|entry| entry.at)
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }
}

impl Rehearsal {
    /// Begins when the alert is received. The answers are those of a file.
    pub(super) fn new(
        manifest: &PlaybookManifest,
        alert: Alert,
        configuration: Map<String, Value>,
        (file, answers): (PathBuf, Answers),
        journal: Journal,
    ) -> Self {
        Self {
            manifest: manifest.clone(),
            now_ms: u64::try_from(alert.received.as_millisecond()).unwrap_or(0),
            alert,
            configuration,
            answers,
            file,
            prompts: 0,
            steps: Vec::new(),
            journal,
        }
    }

    fn moment(&self) -> Timestamp {
        timestamp(self.now_ms)
    }

    fn write(&self, event: Event) {
        self.journal.write(self.moment(), event);
    }

    fn next_step(&self) -> Position {
        (self.steps.len() + 1) as Position
    }

    /// Adds a step that ends at once.
    fn ends(&mut self, result: ActionResult, event: Event) {
        self.write(event);
        self.steps.push(Step { ends_ms: self.now_ms, result, event: None });
    }

    /// Lets time pass until this step has ended.
    fn end(&mut self, step: usize) {
        self.now_ms = self.now_ms.max(self.steps[step].ends_ms);
        if let Some(event) = self.steps[step].event.take() {
            self.write(event);
        }
    }

    fn broken(&self, why: impl Display) -> Stop {
        Stop::Broken(format!("{}: {why}", self.file.display()))
    }

    /// What the file says of an action or a playbook: `kind` is the field that it is in.
    fn answer(&mut self, kind: &str, key: &str) -> Result<ActionResult, Stop> {
        let all = match kind {
            PLAYBOOKS => &mut self.answers.playbooks,
            _ => &mut self.answers.actions,
        };
        all.get_mut(key).and_then(Ends::next).ok_or_else(|| {
            let example = json!({ kind: { key: { "message": "…", "data": {} } } });
            self.broken(format!("it does not say how `{key}` ends: put something like {example} there"))
        })
    }

    fn uses(&self, list: &Name, adds: bool) -> bool {
        self.manifest.lists.iter().any(|used| used.name == *list && (used.adds || !adds))
    }

    fn entry(&self, value: list::Value, note: String) -> ListEntry {
        ListEntry { value, note, by: AUTHOR.to_owned(), at: self.moment() }
    }
}

impl RunHost for Rehearsal {
    fn alert(&self) -> &Alert {
        &self.alert
    }

    fn configuration(&self) -> &Map<String, Value> {
        &self.configuration
    }

    fn find_in_list(&mut self, list: Name, value: String) -> Result<Found, Stop> {
        let found = match self.answers.lists.get(&list) {
            _ if !self.uses(&list, false) => Found::Undeclared,
            None => Found::NoList,
            Some(entries) => match list::covering(&value).into_iter().find(|value| entries.contains(value)) {
                Some(value) => Found::Entry(self.entry(value, String::new())),
                None => Found::Nothing,
            },
        };
        self.write(Event::AskedList { list, value, found: found.clone() });
        Ok(found)
    }

    fn add_to_list(&mut self, list: Name, value: list::Value, note: String) -> Result<Found, Stop> {
        let adds = self.uses(&list, true);
        match self.answers.lists.get_mut(&list).filter(|_| adds) {
            Some(entries) => entries.push(value.clone()),
            None => return Ok(if adds { Found::NoList } else { Found::Undeclared }),
        }
        let entry = self.entry(value, note);
        self.write(Event::ListChanged { list, entry: entry.clone() });
        Ok(Found::Entry(entry))
    }

    fn count_earlier(&mut self, which: Earlier) -> Result<u32, Stop> {
        let count = self.answers.earlier;
        self.write(Event::AskedHistory { which, count });
        Ok(count)
    }

    fn change(&mut self, change: AlertChange) -> Result<(), Stop> {
        self.alert.apply(change.clone());
        self.write(Event::AlertChanged(change));
        Ok(())
    }

    fn note(&mut self, title: String, text: String) -> Result<(), Stop> {
        self.change(AlertChange::Note(Note { at: self.moment(), author: AUTHOR.to_owned(), title, text }))
    }

    fn start(&mut self, action: StartAction) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let position = self.next_step();
            let key = format!("{}/{}", action.connector, action.action);
            let needed = |need: &Need| (&need.connector, &need.action) == (&action.connector, &action.action);
            let result = match self.manifest.needs.iter().any(needed) {
                true => self.answer(ACTIONS, &key)?,
                false => Err(Failure::Denied { message: format!("the playbook does not declare {key}") }),
            };
            let parameters = serde_json::from_str(&action.parameters).unwrap_or(Value::Null);
            // An asset of the connector's name stands for its default one.
            let asset = action.asset.as_ref().unwrap_or(&action.connector).parse().ok();
            self.write(Event::ActionStarted(ActionStarted {
                position,
                asset,
                connector: action.connector,
                action: action.action,
                wanted: action.asset,
                terms: None,
                parameters,
                undo: None,
                undo_after_ms: action.undo_after_ms,
            }));
            self.ends(result.clone(), Event::ActionEnded(ActionEnded::uncalled(position, result, 1)));
            Ok(position)
        })
    }

    fn ask(&mut self, asked: AskPrompt) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let position = self.next_step();
            let said = self.answers.prompts.get(self.prompts).cloned().filter(|answer| !answer.is_null());
            self.prompts += 1;
            let default: Value = serde_json::from_str(&asked.default)
                .map_err(|error| Stop::Broken(format!("the default answer is not JSON: {error}")))?;
            asked
                .answer
                .check(&default)
                .map_err(|why| Stop::Broken(format!("the default cannot stand: {why}")))?;
            if let Some(answer) = &said {
                asked.answer.check(answer).map_err(|why| self.broken(why))?;
            }
            let deadline_ms = self.now_ms.saturating_add(asked.time_limit_ms);
            self.write(Event::PromptAsked(PromptAsked {
                position,
                prompt: Prompt {
                    to: asked.to,
                    question: asked.question,
                    answer: asked.answer,
                    deadline: timestamp(deadline_ms),
                    default: default.clone(),
                },
            }));
            let by = said.is_some().then(|| AUTHOR.to_owned());
            let ends_ms = if said.is_some() { self.now_ms } else { deadline_ms };
            let answer = said.unwrap_or(default);
            let report = Report {
                status: ReportStatus::Success,
                message: format!("The answer is {answer}."),
                summary: json!({ "answer": answer, "by": by }),
                data: json!({ "answer": answer, "by": by }),
            };
            let by = by.map(|by| By { by, note: String::new(), by_admin: false });
            let event = Event::PromptAnswered { position, answer, by };
            self.steps.push(Step { ends_ms, result: Ok(report), event: Some(event) });
            Ok(position)
        })
    }

    fn start_playbook(&mut self, name: String) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let position = self.next_step();
            let result = match self.manifest.starts.contains(&name) {
                true => self.answer(PLAYBOOKS, &name)?,
                false => Err(Failure::Denied {
                    message: format!("the playbook does not declare that it starts {name}"),
                }),
            };
            self.write(Event::ChildStarted(ChildStarted { position, playbook: name, run: None }));
            match result {
                Ok(report) => {
                    let status = match report.status {
                        ReportStatus::Success => RunStatus::Succeeded,
                        ReportStatus::Failed => RunStatus::Failed,
                    };
                    let message = report.message.clone();
                    // As a host tells it: the number of the run, and its status.
                    let data = json!({ "run": position, "status": status });
                    let report = Report { summary: data.clone(), data, ..report };
                    self.ends(Ok(report), Event::ChildEnded { position, status, message });
                }
                Err(failure) => {
                    self.ends(Err(failure.clone()), Event::StepRefused { position, failure });
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
            let place = |position: &Position| {
                let step = usize::try_from(*position).ok().and_then(|position| position.checked_sub(1));
                step.filter(|step| *step < self.steps.len()).ok_or_else(|| {
                    Stop::Broken(format!("it waits for step {position}, which it never started"))
                })
            };
            let places = steps.iter().map(place).collect::<Result<Vec<_>, _>>()?;
            // Of those that have ended by now the first in the list; else the one that ends first.
            let ended = places.iter().copied().min_by_key(|step| self.steps[*step].ends_ms.max(self.now_ms));
            let in_time =
                |step: &usize| until.is_none_or(|until| self.steps[*step].ends_ms <= until.max(self.now_ms));
            let ended = ended.filter(in_time);
            match (ended, until) {
                (Some(step), _) => self.end(step),
                (None, Some(until)) => self.now_ms = self.now_ms.max(until),
                (None, None) => return Err(Stop::Broken("it waits for nothing, and for ever".to_owned())),
            }
            let ended = ended.map(|step| (step + 1) as Position);
            self.write(Event::Waited(Waited { steps, until, ended }));
            Ok(ended)
        })
    }

    fn result(&mut self, step: Position) -> Result<ActionResult, Stop> {
        let place = usize::try_from(step).ok().and_then(|step| step.checked_sub(1));
        match place.and_then(|place| self.steps.get(place)) {
            Some(step) if step.ends_ms <= self.now_ms => Ok(step.result.clone()),
            _ => Err(Stop::Broken(format!("it asks how step {step} ended, which has not"))),
        }
    }

    fn log(&mut self, level: LogLevel, message: String) -> Result<(), Stop> {
        self.write(Event::Log { action: None, level, message });
        Ok(())
    }

    fn now(&mut self) -> Result<u64, Stop> {
        self.write(Event::AskedTime { ms: self.now_ms });
        Ok(self.now_ms)
    }

    fn random(&mut self, count: u32) -> Result<Vec<u8>, Stop> {
        let bytes = random_bytes(count)?;
        self.write(Event::AskedRandom { bytes: hex(&bytes) });
        Ok(bytes)
    }
}

fn timestamp(ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}
