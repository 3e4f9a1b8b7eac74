//! What became of one alert, and what of that must be the same however often the host crashed on the way.

use std::collections::{BTreeMap, BTreeSet};

use palisade_model::{
    alert::{Alert, AlertChange},
    journal::{Ended, Entry, Event},
    run::{Parent, Position, Run, RunId, RunStatus},
};
use palisade_runs::Replayed;
use palisade_torture::{Ledger, actuator::Came};
use script::{Kind, Program};
use serde_json::{Value, json};

use crate::host::INSTALLATION;

/// Everything that is left of an alert when all is quiet.
#[derive(Debug)]
pub(crate) struct Record {
    /// Of its runs, by number.
    pub(crate) journals: Vec<Journal>,
    pub(crate) alert: Alert,
    pub(crate) ledger: Ledger,
}

/// A run with its journal, and what came of its replay.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
    pub(crate) replayed: Replayed,
}

/// What a run came to, without what may be different each time: times, random bytes, who was first of those at work at
/// the same time, the numbers of tickets, attempts, doubts and their decisions.
///
/// A program's calls do not depend on what it was told, so their order is compared as a whole. What it was told is in
/// the sum `seen` of its next calls, as a value that is different each time. That such a sum is new in the same places
/// is compared here; that each is the sum of what the journal says is what a replay finds out, as it executes the
/// program on the journal and compares every call. What takes effect is no part of this: it is checked to be exactly what
/// the calls say.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    parent: Option<Parent>,
    calls: Vec<Value>,
    results: BTreeMap<Position, Value>,
    end: (RunStatus, String),
}

/// What stands in front of a sum within a text.
const SEEN: &str = "seen ";

/// Hexadecimal digits of a sum.
const SUM_DIGITS: usize = 16;

/// The sums of a run in the order in which they come.
#[derive(Default)]
struct Sums(Vec<String>);

impl Record {
    /// What every run came to.
    pub(crate) fn told(&self) -> BTreeMap<RunId, Told> {
        self.journals.iter().map(|journal| (journal.run.id, journal.told())).collect()
    }

    /// What must hold whatever happened.
    pub(crate) fn check(&self, program: &Program) {
        for Journal { run, entries, replayed } in &self.journals {
            assert_eq!(replayed.divergence, None, "run {} replays: {entries:#?}", run.id);
            let calls = entries.iter().filter(|entry| entry.event.is_call()).count();
            assert_eq!(replayed.calls, calls as u64, "run {}: {entries:#?}", run.id);
        }
        self.check_effects(program);
        self.check_alert();
    }

    /// Every action of the program took effect exactly once, as its journal says, and nothing else did.
    fn check_effects(&self, program: &Program) {
        let asked: BTreeSet<_> = program.actions().into_iter().map(|(_, tag)| tag).collect();
        let mut started = BTreeSet::new();
        for Journal { run, entries, .. } in &self.journals {
            for entry in entries {
                let Event::ActionStarted(action) = &entry.event else { continue };
                let tag = action.parameters["tag"].as_str().unwrap();
                assert!(started.insert(tag), "{tag} was started twice: {:#?}", self.journals);
                let calls: Vec<_> = self.ledger.of(tag).collect();
                let effects = self.ledger.effects(tag);
                assert_eq!(effects, usize::from(action.mutates()), "{tag}: {calls:#?}, {entries:#?}");
                assert!(!calls.is_empty(), "{tag} was never asked for: {entries:#?}");
                let key = format!("palisade-{INSTALLATION}-{}-{}", run.id, action.position);
                for call in calls {
                    let seen = action.parameters["seen"].as_str();
                    assert!(
                        !action.mutates() || call.seen.as_deref() == seen,
                        "{tag}: {call:?}, {entries:#?}"
                    );
                    assert!(call.key.as_ref().is_none_or(|one| *one == key), "{tag}: {call:?}, {entries:#?}");
                }
            }
        }
        assert_eq!(started, asked, "{:#?}", self.journals);
        for entry in self.ledger.entries().iter().filter(|entry| entry.came == Came::Effect) {
            assert!(started.contains(entry.tag.as_str()), "nobody asked for this: {entry:?}");
        }
    }

    /// What the runs changed of the alert is changed, and that once.
    fn check_alert(&self) {
        let changes = self.journals.iter().flat_map(|journal| &journal.entries).filter_map(|entry| {
            match &entry.event {
                Event::AlertChanged(change) => Some(change),
                _ => None,
            }
        });
        let (mut notes, mut artifacts) = (Vec::new(), 1);
        for change in changes {
            match change {
                AlertChange::Note(note) => notes.push(&note.text),
                AlertChange::Artifact(_) => artifacts += 1,
                _ => {}
            }
        }
        let mut there: Vec<_> = self.alert.notes.iter().map(|note| &note.text).collect();
        notes.sort();
        there.sort();
        assert_eq!((there, self.alert.content.artifacts.len()), (notes, artifacts), "{:#?}", self.journals);
    }
}

impl Journal {
    fn told(&self) -> Told {
        let mut sums = Sums::default();
        let calls = self.entries.iter().filter(|entry| entry.event.is_call());
        let calls = calls.map(|entry| sums.call(&entry.event)).collect();
        let results = self.entries.iter().filter_map(|entry| self.result(&entry.event)).collect();
        Told { parent: self.run.parent, calls, results, end: (self.run.status, sums.text(&self.run.message)) }
    }

    /// How a step ended.
    fn result(&self, event: &Event) -> Option<(Position, Value)> {
        Some(match event {
            Event::ActionEnded(ended) => (ended.position, self.action_result(ended.position, &ended.result)),
            Event::PromptAnswered { position, answer, by } => {
                (*position, json!([answer, by.as_ref().map(|by| &by.by)]))
            }
            Event::StepRefused { position, failure } => (*position, json!(failure)),
            // The sentence is the child's, and compared there.
            Event::ChildEnded { position, status, .. } => (*position, json!(status)),
            _ => return None,
        })
    }

    fn action_result(&self, step: Position, ended: &Ended) -> Value {
        let Ended::Report(report) = ended else { return json!(ended) };
        let action = self.entries.iter().find_map(|entry| match &entry.event {
            Event::ActionStarted(started) if started.position == step => Some(started.action.as_str()),
            _ => None,
        });
        let kind = Kind::ALL.into_iter().find(|kind| Some(kind.action()) == action).unwrap();
        match kind {
            // A person may have said that they are done, who knows no more than that.
            Kind::Page | Kind::Note => json!(report.status),
            // They are numbered in the order in which they are opened.
            Kind::Ticket => json!([report.status, report.message]),
            Kind::Switch | Kind::Off | Kind::Job | Kind::Facts => json!(report),
        }
    }
}

impl Sums {
    fn call(&mut self, event: &Event) -> Value {
        match event {
            Event::AskedTime { .. } => json!("time"),
            Event::AskedRandom { bytes } => json!(["random", bytes.len()]),
            Event::Log { level, message, .. } => json!(["log", level, self.text(message)]),
            Event::AlertChanged(AlertChange::Note(note)) => {
                json!(["note", note.author, note.title, self.text(&note.text)])
            }
            Event::ActionStarted(started) => {
                let mut started = started.clone();
                let seen = started.parameters["seen"].as_str().unwrap().to_owned();
                started.parameters["seen"] = self.number(&seen).into();
                json!(started)
            }
            Event::PromptAsked(asked) => {
                let prompt = &asked.prompt;
                json!([asked.position, prompt.to, self.text(&prompt.question), prompt.answer, prompt.default])
            }
            Event::Waited(waited) => {
                let only = waited.steps.len() == 1 && waited.until.is_none();
                json!([waited.steps, waited.until.is_some(), waited.ended.filter(|_| only)])
            }
            other => json!(other),
        }
    }

    /// A text with the numbers of sums in place of the sums.
    fn text(&mut self, text: &str) -> String {
        let Some((before, rest)) = text.split_once(SEEN) else { return text.to_owned() };
        let (sum, after) = rest.split_at(SUM_DIGITS);
        format!("{before}{SEEN}{}{after}", self.number(sum))
    }

    fn number(&mut self, sum: &str) -> usize {
        self.0.iter().position(|one| one == sum).unwrap_or_else(|| {
            self.0.push(sum.to_owned());
            self.0.len() - 1
        })
    }
}
