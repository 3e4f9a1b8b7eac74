//! A host that plays everything a playbook can start, and writes down what it is asked.

use std::{
    collections::BTreeMap,
    fmt, mem,
    sync::{Arc, Mutex, PoisonError},
};

use palisade_engine::{AskPrompt, BoxFuture, RunHost, Schema, StartAction, Stop};
use palisade_model::{
    action::{ActionResult, Failure, Report, ReportStatus},
    alert::{Alert, AlertChange, Note},
    earlier::Earlier,
    journal::LogLevel,
    list::{self, Found, ListEntry},
    name::Name,
    plugin::{Need, PlaybookManifest},
    prompt::Answers as Accepts,
    run::Position,
};
use serde_json::{Map, Value, json};

use super::scene::Scene;
use crate::{
    generate::{self, Extent},
    limits::PLAYBOOK_CALLS,
    random::Random,
};

/// What the steps of a run come to.
#[derive(Clone, Debug)]
pub(super) enum Answers {
    /// Actions find what fits the schema of the need, and people say the first thing they may; by this seed.
    Found(u64),
    /// Every action fails like this, and nobody answers a prompt.
    Fail(Failure),
    /// Every action reports that it did not do what its name says.
    Refuse,
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(seed) => write!(f, "with what seed {seed} finds"),
            Self::Fail(failure) => {
                write!(f, "when each action fails as `{}`", crate::cassette::FailureKind::of(failure).name())
            }
            Self::Refuse => f.write_str("when each action reports `failed`"),
        }
    }
}

/// What a playbook asked for.
#[derive(Default)]
pub(super) struct Record {
    /// Calls so far.
    calls: usize,
    /// Actions that it started and declares, as `connector/action`.
    pub(super) started: Vec<String>,
    /// Calls whose parameters were held against a schema and fit it.
    pub(super) fit: usize,
    pub(super) undeclared: Vec<String>,
    pub(super) unfit: Vec<String>,
    /// What it said to people.
    pub(super) said: Vec<String>,
    /// It made more calls than any run has.
    pub(super) endless: bool,
}

/// Where a record is found after the run.
pub(super) struct Shared(Arc<Mutex<Record>>);

impl Shared {
    pub(super) fn take(self) -> Record {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One run.
pub(super) struct Rehearsal {
    needs: Vec<Need>,
    starts: Vec<String>,
    lists: Vec<(Name, bool)>,
    scene: Scene,
    alert: Alert,
    configuration: Map<String, Value>,
    answers: Answers,
    random: Random,
    steps: BTreeMap<Position, ActionResult>,
    now_ms: u64,
    record: Arc<Mutex<Record>>,
}

impl Rehearsal {
    pub(super) fn new(
        manifest: &PlaybookManifest,
        scene: Scene,
        alert: Alert,
        configuration: Map<String, Value>,
        answers: Answers,
    ) -> (Self, Shared) {
        let record = Arc::<Mutex<Record>>::default();
        let seed = if let Answers::Found(seed) = answers { seed } else { 0 };
        let rehearsal = Self {
            needs: manifest.needs.clone(),
            starts: manifest.starts.clone(),
            lists: manifest.lists.iter().map(|list| (list.name.clone(), list.adds)).collect(),
            now_ms: u64::try_from(alert.received.as_millisecond()).unwrap_or(0) + 1_000,
            scene,
            alert,
            configuration,
            answers,
            random: Random::new(seed ^ 0x5151),
            steps: BTreeMap::new(),
            record: Arc::clone(&record),
        };
        (rehearsal, Shared(record))
    }

    /// Counts a call.
    fn call(&mut self) -> Result<(), Stop> {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.calls += 1;
        if record.calls <= PLAYBOOK_CALLS {
            return Ok(());
        }
        record.endless = true;
        Err(Stop::Broken(format!("it made more than {PLAYBOOK_CALLS} calls")))
    }

    fn keep(&self, note: impl FnOnce(&mut Record)) {
        note(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn step(&mut self, result: ActionResult) -> Position {
        let position = Position::try_from(self.steps.len() + 1).unwrap_or(Position::MAX);
        self.steps.insert(position, result);
        position
    }

    fn act(&mut self, request: &StartAction) -> ActionResult {
        let named = format!("`{}` of {}", request.action, request.connector);
        let need = self
            .needs
            .iter()
            .find(|need| need.connector == request.connector && need.action == request.action)
            .cloned();
        let Some(need) = need else {
            self.keep(|record| record.undeclared.push(format!("it starts {named}")));
            return Err(Failure::Denied { message: format!("The playbook does not declare {named}.") });
        };
        self.keep(|record| record.started.push(format!("{}/{}", request.connector, request.action)));
        match (serde_json::from_str::<Value>(&request.parameters), &need.parameters) {
            (Ok(Value::Object(parameters)), Some(schema)) => {
                let checked = Schema::new("parameters", schema).map_err(|error| error.to_string());
                self.keep(|record| match checked.and_then(|schema| schema.check(&parameters.into())) {
                    Ok(()) => record.fit += 1,
                    Err(why) => record.unfit.push(format!("{named}: {why}")),
                });
            }
            (Ok(Value::Object(_)), None) => {}
            _ => self.keep(|record| record.unfit.push(format!("{named}: its parameters are no JSON object"))),
        }
        let data = |random: &mut Random| {
            let extent = if random.once_in(3) { Extent::Least } else { Extent::Most };
            need.data.as_ref().and_then(|schema| generate::value(schema, extent, random)).unwrap_or(json!({}))
        };
        let told = self.scene.answer(&request.connector, &request.action);
        match &self.answers {
            Answers::Found(_) => {
                told.unwrap_or_else(|| Ok(report(ReportStatus::Success, data(&mut self.random))))
            }
            Answers::Refuse => Ok(report(ReportStatus::Failed, data(&mut self.random))),
            Answers::Fail(failure) => Err(failure.clone()),
        }
    }

    fn answer(&mut self, prompt: &AskPrompt) -> ActionResult {
        let default = serde_json::from_str(&prompt.default).unwrap_or(Value::Null);
        let (answer, by) = match (&self.answers, &prompt.answer) {
            (Answers::Fail(_), _) => (default, Value::Null),
            (_, Accepts::Choice { choices }) => {
                (json!(choices.get(self.random.below(choices.len()))), json!("somebody"))
            }
            (_, Accepts::Text) => (json!("As you like."), json!("somebody")),
            (_, Accepts::Number { least, .. }) => (json!(least), json!("somebody")),
        };
        Ok(report(ReportStatus::Success, json!({ "answer": answer, "by": by })))
    }

    fn uses(&self, list: &Name, adds: bool) -> bool {
        let declared = self.lists.iter().any(|(name, may_add)| name == list && (*may_add || !adds));
        if !declared {
            let does = if adds { "adds to" } else { "looks into" };
            self.keep(|record| record.undeclared.push(format!("it {does} the list `{list}`")));
        }
        declared
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
        self.call()?;
        if !self.uses(&list, false) {
            return Ok(Found::Undeclared);
        }
        let entry = match self.scene.lists.get(&list) {
            Some(entries) => list::covering(&value)
                .into_iter()
                .find(|one| entries.iter().any(|entry| entry == one.as_str())),
            None if self.random.once_in(2) => None,
            None => value.parse().ok(),
        };
        Ok(entry.map_or(Found::Nothing, |value| {
            Found::Entry(ListEntry {
                value,
                note: "Put there for the rehearsal.".to_owned(),
                by: "somebody".to_owned(),
                at: self.alert.received,
            })
        }))
    }

    fn add_to_list(&mut self, list: Name, value: list::Value, note: String) -> Result<Found, Stop> {
        self.call()?;
        if !self.uses(&list, true) {
            return Ok(Found::Undeclared);
        }
        Ok(Found::Entry(ListEntry { value, note, by: "run 1".to_owned(), at: self.alert.received }))
    }

    fn count_earlier(&mut self, _: Earlier) -> Result<u32, Stop> {
        self.call()?;
        Ok(self.scene.earlier.unwrap_or_else(|| u32::try_from(self.random.below(4)).unwrap_or(0)))
    }

    fn change(&mut self, change: AlertChange) -> Result<(), Stop> {
        self.call()?;
        if let AlertChange::Escalated(escalation) = &change {
            self.keep(|record| record.said.push(escalation.summary.clone()));
        }
        self.alert.apply(change);
        Ok(())
    }

    fn note(&mut self, title: String, text: String) -> Result<(), Stop> {
        self.call()?;
        self.alert.notes.push(Note { at: self.alert.received, author: "run 1".to_owned(), title, text });
        Ok(())
    }

    fn start(&mut self, action: StartAction) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            self.call()?;
            let result = self.act(&action);
            Ok(self.step(result))
        })
    }

    fn ask(&mut self, prompt: AskPrompt) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            self.call()?;
            let question = prompt.question.clone();
            self.keep(|record| record.said.push(question));
            let result = self.answer(&prompt);
            Ok(self.step(result))
        })
    }

    fn start_playbook(&mut self, name: String) -> BoxFuture<'_, Result<Position, Stop>> {
        Box::pin(async move {
            self.call()?;
            let result = if self.starts.contains(&name) {
                Ok(report(ReportStatus::Success, json!({ "run": 2 })))
            } else {
                self.keep(|record| record.undeclared.push(format!("it starts the playbook `{name}`")));
                Err(Failure::Denied { message: format!("The playbook does not declare `{name}`.") })
            };
            Ok(self.step(result))
        })
    }

    fn wait(
        &mut self,
        steps: Vec<Position>,
        deadline: Option<u64>,
    ) -> BoxFuture<'_, Result<Option<Position>, Stop>> {
        Box::pin(async move {
            self.call()?;
            let first = steps.into_iter().find(|step| self.steps.contains_key(step));
            if let (None, Some(deadline)) = (first, deadline) {
                self.now_ms = self.now_ms.max(deadline);
            }
            Ok(first)
        })
    }

    fn result(&mut self, step: Position) -> Result<ActionResult, Stop> {
        let result = self.steps.get(&step).cloned();
        result.ok_or_else(|| Stop::Broken(format!("it waits for step {step}, which it did not start")))
    }

    fn log(&mut self, _: LogLevel, _: String) -> Result<(), Stop> {
        self.call()
    }

    fn now(&mut self) -> Result<u64, Stop> {
        self.call()?;
        self.now_ms += 10;
        Ok(self.now_ms)
    }

    fn random(&mut self, count: u32) -> Result<Vec<u8>, Stop> {
        self.call()?;
        let random = &mut self.random;
        Ok((0..count).map(|_| random.next().to_le_bytes()[0]).collect())
    }
}

fn report(status: ReportStatus, data: Value) -> Report {
    let message = match status {
        ReportStatus::Success => "It is done.",
        ReportStatus::Failed => "The system says no.",
    };
    Report { status, message: message.to_owned(), summary: json!({}), data }
}
