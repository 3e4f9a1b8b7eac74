//! A whole small store, key by key: what stands in every table, and under which keys.

use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use palisade_model::{
    alert::{AlertChange, Escalation, Severity},
    earlier::Earlier,
    hex,
    journal::{ActionEnded, Began, By, Decision, Entry, Event},
    list::{CustomList, Found},
    playbook::PlaybookSettings,
    prompt::ESCALATION,
    run::{Mode, Parent, Run, RunId, RunStatus},
    undo::{Expiry, Undo, UndoStep, Undone},
};
use palisade_store::{
    Append, Claim, Durability, Leave, NewChild, NewRun, Page, RunFilter, SledStore, Store,
    contract::samples::{alert, append, at, digest, end, name, question, record, run},
};
use serde_json::json;
use tempfile::tempdir;

use crate::{golden, journal, registry, runs};

const ALL: Page = Page { before: None, limit: usize::MAX };

/// Has something in every table that there was in format 1.
async fn fill(store: &SledStore) {
    for id in ["a", "b"] {
        store.append_alert(at(1), alert(id)).await.unwrap();
    }
    // Run 1 waits for a time and for an answer; run 2, which it started, has ended; run 3 came from elsewhere.
    store.handle_alert(1, vec![run("triage", 1)]).await.unwrap();
    let child = NewChild {
        run: run("isolate", 1),
        parent: Parent { run: 1, position: 2, depth: 1 },
        playbook: "isolate".to_owned(),
    };
    store.start_child(append(1, 1, vec![question(1)]), child).await.unwrap();
    store.append(append(2, 1, vec![end(RunStatus::Succeeded)])).await.unwrap();
    store.claim(1, Claim::Open).await.unwrap();
    let leave = Leave { status: RunStatus::Waiting, due: Some(at(3_600)), children: vec![] };
    let doubt = Event::ActionInDoubt { position: 3, message: "The connection broke.".to_owned() };
    let left = Append { epoch: 2, leave: Some(leave), ..append(1, 3, vec![doubt]) };
    store.append(left).await.unwrap();
    store.import_run(foreign(), entries()).await.unwrap();
    store.put_setting(name("installation"), json!("0f")).await.unwrap();
    store.put_component(digest(1), vec![7; 5_000]).await.unwrap();
}

/// Has something in every table that has come since.
async fn fill_later(store: &SledStore) {
    store.import_run(planned(), later_entries()).await.unwrap();
    store.put_list(name("access-list")).await.unwrap();
    store.put_list(name("empty")).await.unwrap();
    for entry in registry::list_entries() {
        store.put_list_entry(name("access-list"), entry).await.unwrap();
    }
    store.put_playbook_settings(settings()).await.unwrap();
    // Run 5 has blocked something for a while, waits for consent to more, and for a person to take its alert over.
    store.start_run(run("contain", 2)).await.unwrap();
    let blocked = ActionEnded { undo_at: Some(at(7_200)), ..journal::ended(4, journal::report()) };
    let mut events = vec![
        Event::ActionEnded(blocked),
        Event::AlertChanged(AlertChange::Escalated(escalation())),
        Event::AlertChanged(AlertChange::Severity(Severity::Critical)),
    ];
    events.extend(journal::approvals_asked());
    store.append(append(5, 1, events)).await.unwrap();
    // Run 6 takes back what else it did.
    store.start_undo(undo(3), None).await.unwrap();
}

/// A run of the mode and the beginning that have come since.
fn planned() -> Run {
    let entries = later_entries().len() as u64;
    Run { mode: Mode::Safe, undoes: Some(16), entries, ..foreign() }
}

fn later_entries() -> Vec<Entry> {
    journal::later_entries().into_iter().map(|(seq, at, event)| Entry { seq, at, event }).collect()
}

fn settings() -> PlaybookSettings {
    PlaybookSettings { safe_mode: true, ..PlaybookSettings::of(name("contain")) }
}

fn escalation() -> Escalation {
    Escalation { to: Some("tier 2".to_owned()), summary: "Two hosts, one relay.".to_owned() }
}

/// A run that takes this step of run 5 back.
fn undo(position: u32) -> NewRun {
    let NewRun { began, started, .. } = run("undo", 2);
    let step = UndoStep {
        position,
        connector: "firewall".to_owned(),
        action: "block ip".to_owned(),
        undo: "unblock ip".to_owned(),
        asset: name("edge"),
        parameters: json!({}),
    };
    let undo = Some(Undo { of: 5, by: None, steps: vec![step] });
    NewRun { playbook: name("undo"), started, began: Began { undo, ..began } }
}

fn earlier(severity: Severity) -> Earlier {
    let (label, field, value) = ("c2".to_owned(), "destinationAddress".to_owned(), "203.0.113.7".to_owned());
    Earlier { label, field, value, since: at(1), severity }
}

fn foreign() -> Run {
    let count = entries().len() as u64;
    Run { status: RunStatus::Cancelled, finished: Some(at(1_767_330_000)), entries: count, ..runs::run() }
}

fn entries() -> Vec<Entry> {
    journal::entries().into_iter().map(|(seq, at, event)| Entry { seq, at, event }).collect()
}

/// What the store in the first file was and does.
async fn look(store: &SledStore) {
    assert_eq!((store.waiting(9).unwrap(), store.waiting_count()), (vec![2], 1));
    assert_eq!(store.alert(1).unwrap().unwrap().content, alert("a"));
    assert_eq!(store.count_earlier(&earlier(Severity::Low), 3).unwrap(), 2, "its alerts are found again");
    let found =
        |filter| -> Vec<RunId> { store.runs(filter, ALL).unwrap().iter().map(|run| run.id).collect() };
    assert_eq!(found(RunFilter::default()), [3, 2, 1]);
    assert_eq!(found(RunFilter { alert: Some(1), ..RunFilter::default() }), [2, 1]);
    assert_eq!(found(RunFilter { parent: Some(1), ..RunFilter::default() }), [2]);
    for (run, status) in [(1, RunStatus::Waiting), (2, RunStatus::Succeeded), (3, RunStatus::Cancelled)] {
        assert_eq!(found(RunFilter { status: Some(status), ..RunFilter::default() }), [run]);
    }
    assert_eq!(store.run(3).unwrap(), Some(Run { id: 3, imported: true, ..foreign() }));
    assert_eq!(store.journal(3, 1, 500).unwrap(), entries());
    let began = Event::Began(Box::new(run("triage", 1).began));
    assert_eq!(store.journal(1, 1, 9).unwrap()[0].event, began);
    assert_eq!((store.due(at(3_600), 9).unwrap(), store.next_due().unwrap()), (vec![1], Some(at(3_600))));
    let tasks = store.tasks(None, 9).unwrap();
    assert_eq!(tasks.iter().map(|task| (task.run, task.position)).collect::<Vec<_>>(), [(1, 1), (1, 3)]);
    assert_eq!(store.setting(&name("installation")).unwrap(), Some(json!("0f")));
    assert_eq!(store.component(&digest(1)).unwrap(), Some(vec![7; 5_000]));
    // It was written before there was an audit log, or a user.
    assert_eq!((store.audit(1, 9).unwrap(), store.audit_head().seq), (vec![], 0));
    assert_eq!(store.users().unwrap(), []);

    // It goes on where it was.
    assert_eq!(store.claim(1, Claim::Open).await.unwrap().epoch, 3);
    let by = By { by: "Ada".to_owned(), note: String::new(), by_admin: false };
    let decided = Event::ActionDecided { position: 3, decision: Decision::Done, by };
    store.append(Append { epoch: 3, ..append(1, 4, vec![decided]) }).await.unwrap();
    assert_eq!((store.next_due().unwrap(), store.tasks(None, 9).unwrap().len()), (None, 1));
    assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), 4);
    assert_eq!(store.record(record("anna", 1), Durability::Buffered).await.unwrap(), 1);
}

/// What the store in the second file was and does, beyond that.
async fn look_later(store: &SledStore) {
    let lists =
        [("access-list", 5), ("empty", 0)].map(|(text, entries)| CustomList { name: name(text), entries });
    assert_eq!(store.lists().unwrap(), lists);
    assert_eq!(store.list_entries(&name("access-list"), None, 9).unwrap().len(), 5);
    let found = store.find_in_list(&name("access-list"), "www.acme.example").unwrap();
    assert_eq!(found, Found::Entry(registry::list_entries().remove(4)));
    assert_eq!(store.playbook_settings().unwrap(), [settings()]);
    assert_eq!(store.run(4).unwrap(), Some(Run { id: 4, imported: true, ..planned() }));
    assert_eq!(store.journal(4, 1, 500).unwrap(), later_entries());
    assert_eq!(store.alert(2).unwrap().unwrap().escalation, Some(escalation()));
    assert_eq!(store.count_earlier(&earlier(Severity::Critical), 3).unwrap(), 1);
    let tasks = store.tasks(Some((5, 0)), 9).unwrap();
    let places: Vec<_> = tasks.iter().map(|task| (task.run, task.position)).collect();
    assert_eq!(places, [(5, 10), (5, 11), (5, ESCALATION)]);
    let expiry = Expiry { at: at(7_200), run: 5, position: 4 };
    assert_eq!(store.expired(at(7_200), 9).unwrap(), [expiry]);
    assert_eq!(store.undone(5).unwrap(), [Undone { position: 3, by_run: 6 }]);
    assert_eq!(store.run(6).unwrap().unwrap().undoes, Some(5));

    // It goes on where it was.
    store.start_undo(undo(3), None).await.unwrap_err();
    assert_eq!(store.start_undo(undo(4), Some(expiry)).await.unwrap(), 7);
    assert_eq!(store.next_expiry().unwrap(), None);
    store.change_alert(2, vec![AlertChange::Taken]).await.unwrap();
    assert_eq!(store.tasks(Some((5, 0)), 9).unwrap().len(), 2);
}

/// All keys and values in hexadecimal, one a line.
pub(crate) fn dump(directory: &Path) -> String {
    let db = open(directory);
    let mut text = String::new();
    for pair in db.iter() {
        let (key, value) = pair.unwrap();
        writeln!(text, "{} {}", hex(&key), hex(&value)).unwrap();
    }
    text
}

pub(crate) fn load(directory: &Path, text: &str) {
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
        pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
    };
    let db = open(directory);
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap();
        db.insert(bytes(key), bytes(value)).unwrap();
    }
    db.flush().unwrap();
}

/// Opens the database below the store. Its last user may be just leaving.
fn open(directory: &Path) -> sled::Db {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match sled::open(directory) {
            Ok(db) => return db,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    }
}

fn assert_same(written: &str, golden: &str, what: &str) {
    let differ = written.lines().zip(golden.lines()).position(|(written, golden)| written != golden);
    assert!(written == golden, "{what}, from line {differ:?}");
}

#[tokio::test]
async fn a_store_of_format_1_becomes_one_of_format_2() {
    let directory = tempdir().unwrap();
    let [new, old] = ["new", "old"].map(|name| directory.path().join(name));
    let store = SledStore::open(&new).unwrap();
    fill(&store).await;
    drop(store);
    load(&old, &golden("store-1.txt", ""));
    drop(SledStore::open(&old).unwrap());
    assert_same(&dump(&old), &dump(&new), "it is not what it would be if it were written today");
    look(&SledStore::open(&old).unwrap()).await;
}

#[tokio::test]
async fn a_store_of_format_2() {
    let directory = tempdir().unwrap();
    let [new, old] = ["new", "old"].map(|name| directory.path().join(name));
    let store = SledStore::open(&new).unwrap();
    fill(&store).await;
    fill_later(&store).await;
    drop(store);
    let written = dump(&new);
    let golden = golden("store-2.txt", &written);
    load(&old, &golden);
    look_later(&SledStore::open(&old).unwrap()).await;
    assert_same(&written, &golden, "the store would be written in another way");
}
