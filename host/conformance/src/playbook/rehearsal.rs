//! A host that executes nothing, and tells a playbook how everything ended.
//!
//! Time stands still but for waits, which take no time at all: a day passes at once. What happens is written as entries of
//! a journal.

use std::{fmt, fmt::Display, path::PathBuf};

use palisade_engine::{AskPrompt, BoxFuture, RANDOM_BYTES, RunHost, Schema, StartAction, Stop};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    alert::{Alert, AlertChange, Note},
    earlier::Earlier,
    hex,
    journal::{ActionEnded, ActionStarted, By, ChildStarted, Event, LogLevel, PromptAsked, Waited},
    list::{self, Found, ListEntry},
    name::Name,
    plugin::{Need, PlaybookManifest},
    prompt::{Answers as Accepts, Prompt},
    run::{Position, RunStatus},
};
use serde_json::{Map, Value, json};

use super::{ends::Ends, record::Record, scene::Scene};
use crate::{
    cassette::FailureKind,
    generate::{self, Extent},
    random::Random,
};

/// Who does what a rehearsal does.
const AUTHOR: &str = "rehearsal";

/// What everything comes to.
#[derive(Clone, Debug)]
pub enum Answers {
    /// What the scene of this file says. Of what it does not say, an action stops the rehearsal with words on what to
    /// write, nobody answers a question, and there is no list and no earlier alert.
    Said(PathBuf),
    /// What the scene says. Of what it does not say, actions find what fits the schema of their need, people say something
    /// that they may, and the rest falls as it may; by this seed.
    Found(u64),
    /// Every action fails like this, and nobody answers a question.
    Fail(Failure),
    /// Every action reports that it did not do what its name says.
    Refuse,
}

impl Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(file) => write!(f, "as {} says", file.display()),
            Self::Found(seed) => write!(f, "with what seed {seed} finds"),
            Self::Fail(failure) => {
                write!(f, "when each action fails as `{}`", FailureKind::of(failure).name())
            }
            Self::Refuse => f.write_str("when each action reports `failed`"),
        }
    }
}

/// Something that the playbook started.
struct Step {
    /// When it ends, in milliseconds since 1970.
    ends_ms: u64,
    result: ActionResult,
    /// What is written when it does.
    event: Option<Event>,
}

/// The host of a rehearsal.
pub struct Rehearsal {
    manifest: PlaybookManifest,
    scene: Scene,
    answers: Answers,
    alert: Alert,
    configuration: Map<String, Value>,
    random: Random,
    /// Questions that were asked.
    asked: usize,
    /// In milliseconds since 1970.
    now_ms: u64,
    /// Steps by position, from 1.
    steps: Vec<Step>,
    record: Record,
}

impl Rehearsal {
    /// Begins when the alert is received; it is the scene's, or another in its place.
    pub fn new(
        manifest: &PlaybookManifest,
        scene: Scene,
        alert: Alert,
        configuration: Map<String, Value>,
        answers: Answers,
        record: Record,
    ) -> Self {
        let seed = if let Answers::Found(seed) = answers { seed } else { 0 };
        Self {
            manifest: manifest.clone(),
            now_ms: u64::try_from(alert.received.as_millisecond()).unwrap_or(0),
            scene,
            answers,
            alert,
            configuration,
            random: Random::new(seed ^ 0x5151),
            asked: 0,
            steps: Vec::new(),
            record,
        }
    }

    fn moment(&self) -> Timestamp {
        timestamp(self.now_ms)
    }

    /// Writes what a call was.
    fn call(&self, event: Event) -> Result<(), Stop> {
        self.record.call(self.moment(), event)
    }

    /// Whether what the scene does not say is made up.
    fn makes_up(&self) -> bool {
        !matches!(self.answers, Answers::Said(_))
    }

    fn next_step(&self) -> Position {
        (self.steps.len() + 1) as Position
    }

    /// Adds a step that ends at once.
    fn ends(&mut self, result: ActionResult, event: Event) {
        self.record.write(self.moment(), event);
        self.steps.push(Step { ends_ms: self.now_ms, result, event: None });
    }

    /// Lets time pass until this step has ended.
    fn end(&mut self, step: usize) {
        self.now_ms = self.now_ms.max(self.steps[step].ends_ms);
        if let Some(event) = self.steps[step].event.take() {
            self.record.write(self.moment(), event);
        }
    }

    fn broken(&self, why: impl Display) -> Stop {
        Stop::Broken(match &self.answers {
            Answers::Said(file) => format!("{}: {why}", file.display()),
            _ => why.to_string(),
        })
    }

    /// That the scene does not say what something comes to: `field` is where it would, `data` what might be found.
    fn unsaid(&self, field: &str, key: &str, data: &Value) -> Stop {
        let example = json!({ field: { key: { "message": "…", "data": data } } });
        self.broken(format!("it does not say how `{key}` ends: put something like {example} there"))
    }

    /// What a declared action comes to.
    fn act(&mut self, need: &Need) -> Result<ActionResult, Stop> {
        let key = format!("{}/{}", need.connector, need.action);
        let said = self.scene.answers.get_mut(&key).and_then(Ends::next);
        match &self.answers {
            Answers::Fail(failure) => return Ok(Err(failure.clone())),
            Answers::Refuse => return Ok(Ok(report(ReportStatus::Failed, self.found(need)))),
            Answers::Said(_) | Answers::Found(_) => {}
        }
        match said {
            Some(result) => Ok(result),
            None if self.makes_up() => Ok(Ok(report(ReportStatus::Success, self.found(need)))),
            None => {
                let data = self.found(need);
                Err(self.unsaid("answers", &key, &data))
            }
        }
    }

    /// Data that fits the schema of a need.
    fn found(&mut self, need: &Need) -> Value {
        let extent = if self.random.once_in(3) { Extent::Least } else { Extent::Most };
        let schema = need.data.as_ref();
        schema.and_then(|schema| generate::value(schema, extent, &mut self.random)).unwrap_or(json!({}))
    }

    /// Holds the parameters of an action against the schema of its need.
    fn check(&self, need: &Need, parameters: &Value) {
        let named = format!("`{}` of {}", need.action, need.connector);
        let checked = match (&need.parameters, parameters) {
            (_, parameters) if !parameters.is_object() => Err("its parameters are no JSON object".to_owned()),
            (Some(schema), parameters) => Schema::new("parameters", schema)
                .map_err(|error| error.to_string())
                .and_then(|schema| schema.check(parameters)),
            (None, _) => return,
        };
        self.record.note(|record| match checked {
            Ok(()) => record.fit += 1,
            Err(why) => record.unfit.push(format!("{named}: {why}")),
        });
    }

    /// What somebody answers to a question; None if nobody does.
    fn answer(&mut self, accepts: &Accepts) -> Option<Value> {
        let said = self.scene.prompts.as_ref().map(|prompts| prompts.get(self.asked).cloned());
        self.asked += 1;
        match (&self.answers, said) {
            (Answers::Fail(_), _) | (Answers::Said(_), None) => None,
            (_, Some(said)) => said.filter(|answer| !answer.is_null()),
            (_, None) => Some(match accepts {
                Accepts::Choice { choices } => json!(choices.get(self.random.below(choices.len()))),
                Accepts::Text => json!("As you like."),
                Accepts::Number { least, .. } => json!(least),
            }),
        }
    }

    fn undeclared(&self, what: String) {
        self.record.note(|record| record.undeclared.push(what));
    }

    fn uses(&self, list: &Name, adds: bool) -> bool {
        let uses = self.manifest.lists.iter().any(|used| used.name == *list && (used.adds || !adds));
        if !uses {
            let does = if adds { "adds to" } else { "looks into" };
            self.undeclared(format!("it {does} the list `{list}`"));
        }
        uses
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
        let uses = self.uses(&list, false);
        let makes_up = self.makes_up();
        let entry = match self.scene.lists.get(&list) {
            Some(entries) => list::covering(&value).into_iter().find(|value| entries.contains(value)),
            None if makes_up && self.random.once_in(2) => value.parse().ok(),
            None => None,
        };
        let found = match entry {
            _ if !uses => Found::Undeclared,
            Some(value) => Found::Entry(self.entry(value, "Put there for the rehearsal.".to_owned())),
            None if makes_up || self.scene.lists.contains_key(&list) => Found::Nothing,
            None => Found::NoList,
        };
        self.call(Event::AskedList { list, value, found: found.clone() })?;
        Ok(found)
    }

    fn add_to_list(&mut self, list: Name, value: list::Value, note: String) -> Result<Found, Stop> {
        let uses = self.uses(&list, true);
        if self.makes_up() {
            self.scene.lists.entry(list.clone()).or_default();
        }
        let refused = match self.scene.lists.get_mut(&list) {
            _ if !uses => Found::Undeclared,
            None => Found::NoList,
            Some(entries) => {
                entries.push(value.clone());
                let entry = self.entry(value, note);
                self.call(Event::ListChanged { list, entry: entry.clone() })?;
                return Ok(Found::Entry(entry));
            }
        };
        self.call(Event::AskedList { list, value: value.as_str().to_owned(), found: refused.clone() })?;
        Ok(refused)
    }

    fn count_earlier(&mut self, which: Earlier) -> Result<u32, Stop> {
        let made_up = self.makes_up().then(|| u32::try_from(self.random.below(4)).unwrap_or(0));
        let count = self.scene.earlier.or(made_up).unwrap_or(0);
        self.call(Event::AskedHistory { which, count })?;
        Ok(count)
    }

    fn change(&mut self, change: AlertChange) -> Result<(), Stop> {
        self.alert.apply(change.clone());
        self.call(Event::AlertChanged(change))
    }

    fn note(&mut self, title: String, text: String) -> Result<(), Stop> {
        self.change(AlertChange::Note(Note { at: self.moment(), author: AUTHOR.to_owned(), title, text }))
    }

    fn start(&mut self, action: StartAction) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let position = self.next_step();
            let parameters = serde_json::from_str(&action.parameters).unwrap_or(Value::Null);
            let needed =
                |need: &&Need| (&need.connector, &need.action) == (&action.connector, &action.action);
            let result = match self.manifest.needs.iter().find(needed).cloned() {
                Some(need) => {
                    self.check(&need, &parameters);
                    self.act(&need)?
                }
                None => {
                    let named = format!("`{}` of {}", action.action, action.connector);
                    self.undeclared(format!("it starts {named}"));
                    Err(Failure::Denied { message: format!("The playbook does not declare {named}.") })
                }
            };
            // An asset of the connector's name stands for its default one.
            let asset = action.asset.as_ref().unwrap_or(&action.connector).parse().ok();
            self.call(Event::ActionStarted(ActionStarted {
                position,
                asset,
                connector: action.connector,
                action: action.action,
                wanted: action.asset,
                terms: None,
                parameters,
                undo: None,
                undo_after_ms: action.undo_after_ms,
            }))?;
            self.ends(result.clone(), Event::ActionEnded(ActionEnded::uncalled(position, result, 1)));
            Ok(position)
        })
    }

    fn ask(&mut self, asked: AskPrompt) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            let position = self.next_step();
            let default: Value = serde_json::from_str(&asked.default)
                .map_err(|error| Stop::Broken(format!("the default answer is not JSON: {error}")))?;
            asked
                .answer
                .check(&default)
                .map_err(|why| Stop::Broken(format!("the default cannot stand: {why}")))?;
            let said = self.answer(&asked.answer);
            if let Some(answer) = &said {
                asked.answer.check(answer).map_err(|why| self.broken(why))?;
            }
            let deadline_ms = self.now_ms.saturating_add(asked.time_limit_ms);
            self.call(Event::PromptAsked(PromptAsked {
                position,
                prompt: Prompt {
                    to: asked.to,
                    question: asked.question,
                    answer: asked.answer,
                    deadline: timestamp(deadline_ms),
                    default: default.clone(),
                },
            }))?;
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
            let said = self.scene.playbooks.get_mut(&name).and_then(Ends::next);
            let result = if !self.manifest.starts.contains(&name) {
                self.undeclared(format!("it starts the playbook `{name}`"));
                Err(Failure::Denied {
                    message: format!("The playbook does not declare that it starts `{name}`."),
                })
            } else if let Some(said) = said {
                said
            } else if self.makes_up() {
                Ok(report(ReportStatus::Success, Value::Null))
            } else {
                return Err(self.unsaid("playbooks", &name, &Value::Null));
            };
            self.call(Event::ChildStarted(ChildStarted { position, playbook: name, run: None }))?;
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
            self.call(Event::Waited(Waited { steps, until, ended }))?;
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
        self.call(Event::Log { action: None, level, message })
    }

    fn now(&mut self) -> Result<u64, Stop> {
        self.call(Event::AskedTime { ms: self.now_ms })?;
        Ok(self.now_ms)
    }

    fn random(&mut self, count: u32) -> Result<Vec<u8>, Stop> {
        if count > RANDOM_BYTES {
            return Err(Stop::Broken(format!(
                "it asked for {count} random bytes; at most {RANDOM_BYTES} at a time"
            )));
        }
        let bytes: Vec<u8> = (0..count).map(|_| self.random.next().to_le_bytes()[0]).collect();
        self.call(Event::AskedRandom { bytes: hex(&bytes) })?;
        Ok(bytes)
    }
}

fn report(status: ReportStatus, data: Value) -> Report {
    let message = match status {
        ReportStatus::Success => "It is done.",
        ReportStatus::Failed => "The system says no.",
    };
    Report { status, message: message.to_owned(), summary: json!({}), data }
}

fn timestamp(ms: u64) -> Timestamp {
    let ms = i64::try_from(ms).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MAX)
}
