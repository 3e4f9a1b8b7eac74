//! Every journal, cut at any place, goes on from there to the same end.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
    sync::Mutex,
    thread,
    time::Duration,
};

use palisade_e2e::Request;
use palisade_model::{
    Timestamp,
    journal::{ActionEnded, Began, Entry, Event},
    run::{Parent, RunId},
};
use palisade_store::{Append, Durability, NewChild, NewRun, Store};
use palisade_torture::{
    Mishaps,
    actuator::{Came, Entry as Arrived},
};
use script::{End, Kind, Operation, Program, Severity};
use serde_json::json;

use crate::{
    SIDE_BY_SIDE,
    crashing::CrashingStore,
    host::{World, runtime},
    record::{Journal, Record},
};

#[test]
fn a_journal_that_was_cut_at_any_place_goes_on_to_the_same_end() {
    let mut met = BTreeSet::new();
    for (program, seed) in [(one_by_one(), 1), (all_at_once(), 2)] {
        let mishaps = Mishaps {
            reset_before: 15,
            reset_after: 20,
            unknown: 50,
            latency: Duration::from_millis(10),
            seed,
        };
        let record = World::new(&program, mishaps).live(&[]);
        record.check(&program);
        met.extend(record.journals.iter().flat_map(|journal| &journal.entries).map(name));
        let story = story(&record);
        let cuts = Mutex::new((0..=story.len()).flat_map(|cut| [(cut, false), (cut, true)]));
        thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE {
                scope.spawn(|| {
                    let next = || cuts.lock().unwrap().next();
                    for (cut, arrived) in iter::from_fn(next) {
                        Cut { record: &record, story: &story[..cut], arrived }.goes_on(&program);
                    }
                });
            }
        });
    }
    // Else it is no longer what this test is for.
    let all = [
        "began",
        "asked-time",
        "asked-random",
        "log",
        "alert-changed",
        "action-started",
        "prompt-asked",
        "child-started",
        "waited",
        "returned",
        "action-sent",
        "action-retried",
        "action-pending",
        "action-in-doubt",
        "action-decided",
        "action-ended",
        "prompt-answered",
        "child-ended",
        "concluded",
    ];
    assert!(all.iter().all(|event| met.contains(*event)), "only {met:?}");
}

fn name(entry: &Entry) -> String {
    json!(entry)["event"].as_str().unwrap().to_owned()
}

/// Every operation there is, mostly one after the other.
fn one_by_one() -> Program {
    let act = |action, tag: &str| Operation::Act { action, tag: tag.to_owned() };
    let ask = |to: Option<&str>, time_limit_ms| Operation::Ask {
        to: to.map(str::to_owned),
        question: "Go on?".to_owned(),
        time_limit_ms,
    };
    let grandchild = Program { operations: vec![Operation::Now, act(Kind::Ticket, "g.0")], end: End::Failed };
    let child = Program {
        operations: vec![
            act(Kind::Page, "c.0"),
            Operation::Child { program: grandchild },
            Operation::Wait { step: 0 },
            Operation::Note { text: "a note".to_owned() },
            Operation::Wait { step: 1 },
        ],
        end: End::Succeeded,
    };
    let operations = vec![
        act(Kind::Switch, "p.0"),
        Operation::Wait { step: 0 },
        Operation::Now,
        act(Kind::Page, "p.1"),
        Operation::Wait { step: 1 },
        Operation::Random { count: 8 },
        act(Kind::Note, "p.2"),
        Operation::Wait { step: 2 },
        act(Kind::Facts, "p.3"),
        Operation::WaitUntil { steps: vec![3], ms: 2_000 },
        Operation::Log { line: "a line".to_owned() },
        ask(Some("somebody"), 24 * 60 * 60 * 1_000),
        Operation::Wait { step: 4 },
        ask(None, 30),
        Operation::Wait { step: 5 },
        Operation::Severity { severity: Severity::High },
        Operation::WaitUntil { steps: Vec::new(), ms: 20 },
        Operation::Child { program: child },
        act(Kind::Job, "p.7"),
        Operation::Wait { step: 6 },
        // It is still at work when the playbook ends.
        act(Kind::Page, "p.8"),
    ];
    Program { operations, end: End::Succeeded }
}

/// Every action, all at work at the same time.
fn all_at_once() -> Program {
    let act = |(number, action)| Operation::Act { action, tag: format!("p.{number}") };
    let mut operations: Vec<_> = Kind::ALL.into_iter().enumerate().map(act).collect();
    operations.push(Operation::WaitAny { steps: (0..6).collect() });
    operations.extend((0..3).map(|step| Operation::Wait { step }));
    Program { operations, end: End::Failed }
}

/// The entries of all runs in the order in which they were written, but for those that come with the runs themselves.
fn story(record: &Record) -> Vec<(RunId, &Entry)> {
    let mut story = Vec::new();
    for Journal { run, entries, .. } in &record.journals {
        story.extend(entries[1..].iter().map(|entry| (run.id, entry)));
    }
    // Of two at the same time, the parent's comes first: a child has nothing to write before it is started.
    story.sort_by_key(|(_, entry)| entry.at);
    story
}

/// What a host that crashed at this place left behind.
struct Cut<'a> {
    record: &'a Record,
    story: &'a [(RunId, &'a Entry)],
    /// Whether that which was sent, and of which nothing more is known, has arrived.
    arrived: bool,
}

impl Cut<'_> {
    fn goes_on(&self, program: &Program) {
        let unknown = self.sent();
        if self.arrived && unknown.is_empty() {
            return;
        }
        let mut world = World::new(program, Mishaps::none());
        runtime().block_on(self.write(&mut world));
        let address = world.actuator.url().replace("http://", "");
        for arrived in self.arrived(&unknown) {
            let answer = again(arrived).try_send(&address).unwrap();
            assert_eq!(answer.status, 200, "{arrived:?}");
        }
        let record = world.live(&[]);
        record.check(program);
        let (last, arrived) = (self.story.last(), self.arrived);
        assert_eq!(record.told(), self.record.told(), "behind {last:?}, arrived: {arrived}: {record:#?}");
    }

    /// Writes what is there of the journals, as runs that were at work.
    async fn write(&self, world: &mut World) {
        let store = CrashingStore::open(std::mem::take(&mut world.writes), None).await;
        let (root, began, _) = self.new_run(1);
        store.append_alert(began.alert.received, began.alert.content).await.unwrap();
        store.handle_alert(began.alert.id, vec![root]).await.unwrap();
        for (run, entry) in self.story {
            let mut append = Append {
                run: *run,
                epoch: 1,
                expected: entry.seq - 1,
                events: Vec::new(),
                audit: Vec::new(),
                leave: None,
                durability: Durability::Buffered,
            };
            match &entry.event {
                Event::ChildStarted(started) => {
                    let child = started.run.unwrap();
                    let (run, _, parent) = self.new_run(child);
                    let child = NewChild { run, parent: parent.unwrap(), playbook: started.playbook.clone() };
                    store.start_child(append, child).await.unwrap();
                }
                event => {
                    append.events.push((entry.at, event.clone()));
                    store.append(append).await.unwrap();
                }
            }
        }
        world.writes = store.close();
        world.acknowledged = Some(1);
    }

    /// A run as it was when it began.
    fn new_run(&self, run: RunId) -> (NewRun, Began, Option<Parent>) {
        let journal = self.record.journals.iter().find(|journal| journal.run.id == run).unwrap();
        let Event::Began(began) = journal.entries[0].event.clone() else { unreachable!() };
        let playbook = journal.run.playbook.clone();
        let new = NewRun { playbook, started: journal.run.started, began: (*began).clone() };
        (new, *began, journal.run.parent)
    }

    /// The actions of which the last that is known is that they were sent, with the time of that.
    fn sent(&self) -> BTreeMap<&str, Timestamp> {
        let mut tags = BTreeMap::new();
        let mut sent = BTreeMap::new();
        for (run, entry) in self.story {
            match &entry.event {
                Event::ActionStarted(started) => {
                    tags.insert((*run, started.position), started.parameters["tag"].as_str().unwrap());
                }
                Event::ActionSent { position, .. } => {
                    sent.insert(tags[&(*run, *position)], entry.at);
                }
                Event::ActionEnded(ActionEnded { position, .. })
                | Event::ActionRetried { position, .. }
                | Event::ActionPending { position, .. }
                | Event::ActionInDoubt { position, .. } => {
                    sent.remove(tags[&(*run, *position)]);
                }
                _ => {}
            }
        }
        sent
    }

    /// What had arrived at the system acted on.
    fn arrived(&self, unknown: &BTreeMap<&str, Timestamp>) -> Vec<&Arrived> {
        let Some((_, last)) = self.story.last() else { return Vec::new() };
        let until = |arrived: &Arrived| *unknown.get(arrived.tag.as_str()).unwrap_or(&last.at);
        let arrived = |arrived: &&Arrived| match arrived.came {
            Came::Nothing | Came::Unknown => false,
            Came::Effect if self.arrived && unknown.contains_key(arrived.tag.as_str()) => true,
            _ => arrived.at <= until(arrived),
        };
        self.record.ledger.entries().iter().filter(arrived).collect()
    }
}

/// The request that arrived.
fn again(arrived: &Arrived) -> Request {
    let Arrived { kind, method, tag, key, seen, .. } = arrived;
    let path = match (kind, method.as_str()) {
        (Kind::Switch | Kind::Off, _) => format!("/switches/{tag}"),
        (Kind::Ticket, _) => "/tickets".to_owned(),
        (Kind::Page, _) => "/pages".to_owned(),
        (Kind::Note, "GET") => format!("/notes?key={tag}"),
        (Kind::Note, _) => "/notes".to_owned(),
        (Kind::Job, "GET") => format!("/jobs/{tag}"),
        (Kind::Job, _) => "/jobs".to_owned(),
        (Kind::Facts, _) => format!("/facts/{tag}"),
    };
    let request = Request::new(method, &path);
    if method == "GET" {
        return request;
    }
    // Of a note the key is in the body.
    let mut body = json!({ "tag": tag, "seen": seen });
    match key {
        Some(key) if *kind == Kind::Note => body["key"] = json!(key),
        Some(key) => return request.header("idempotency-key", key).body(body.to_string()),
        None => {}
    }
    request.body(body.to_string())
}
