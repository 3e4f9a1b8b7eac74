//! A whole small store, key by key: what stands in every table, and under which keys.

use std::{
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

use palisade_model::{
    hex,
    journal::{Began, By, Decision, Entry, Event},
    run::{Parent, Run, RunId, RunStatus},
};
use palisade_store::{
    Append, Claim, Durability, Leave, NewChild, Page, RunFilter, SledStore, Store,
    contract::samples::{alert, append, at, digest, end, name, question, record, run},
};
use serde_json::json;
use tempfile::tempdir;

use crate::{golden, journal, runs};

const ALL: Page = Page { before: None, limit: usize::MAX };

/// Has something in every table.
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

fn foreign() -> Run {
    let count = entries().len() as u64;
    Run { status: RunStatus::Cancelled, finished: Some(at(1_767_330_000)), entries: count, ..runs::run() }
}

fn entries() -> Vec<Entry> {
    journal::entries().into_iter().map(|(seq, at, event)| Entry { seq, at, event }).collect()
}

/// What the store in this file was and does.
async fn look(store: &SledStore) {
    assert_eq!((store.waiting(9).unwrap(), store.waiting_count()), (vec![2], 1));
    assert_eq!(store.alert(1).unwrap().unwrap().content, alert("a"));
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

#[tokio::test]
async fn a_store_of_format_1() {
    let directory = tempdir().unwrap();
    let store = SledStore::open(&directory.path().join("new")).unwrap();
    fill(&store).await;
    drop(store);
    let written = dump(&directory.path().join("new"));
    let golden = golden("store-1.txt", &written);
    load(&directory.path().join("old"), &golden);
    look(&SledStore::open(&directory.path().join("old")).unwrap()).await;
    let differ = written.lines().zip(golden.lines()).position(|(written, golden)| written != golden);
    assert!(written == golden, "the store would be written in another way, from line {differ:?}");
}
