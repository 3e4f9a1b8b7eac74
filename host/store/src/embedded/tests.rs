//! What only the embedded store does. Crashes and the disk are in `tests/durability`, the format on disk in `tests/golden`.

use std::fs;

use palisade_model::{
    alert::{AlertChange, Note},
    audit::What,
    journal::Event,
    limits::{LIST_ENTRIES, WRITES_WAITING},
};
use tempfile::{TempDir, tempdir};

use super::{batch::Batch, *};
use crate::{
    audit::verify_store,
    contract::{
        self,
        samples::{alert, append, at, name, run},
    },
};

fn open(directory: &TempDir) -> SledStore {
    SledStore::open(&directory.path().join("store")).unwrap()
}

#[tokio::test]
async fn keeps_the_contract() {
    let directory = tempdir().unwrap();
    let count = AtomicU64::new(0);
    contract::all(|| {
        let name = count.fetch_add(1, Relaxed).to_string();
        Arc::new(SledStore::open(&directory.path().join(name)).unwrap())
    })
    .await;
}

#[tokio::test]
async fn is_what_it_was_when_it_is_opened_again() {
    let directory = tempdir().unwrap();
    for round in 1..=5 {
        let store = open(&directory);
        assert_eq!(store.waiting_count(), round - 1);
        // The write of the second is not waited for: closing the store does.
        store.append_alert(at(1), alert(&format!("{round} handled"))).await.unwrap();
        drop(store.append_alert(at(2), alert(&format!("{round} waiting"))));
        assert_eq!(
            store.handle_alert(2 * round - 1, vec![run("triage", 2 * round - 1)]).await.unwrap(),
            [round]
        );
        drop(store);
    }
    let store = open(&directory);
    assert_eq!(store.waiting(9).unwrap(), [2, 4, 6, 8, 10]);
    assert_eq!(store.append_alert(at(3), alert("3 waiting")).await.unwrap(), Appended::Duplicate(6));
    assert_eq!(store.running(1, 9).unwrap().len(), 5);
}

#[tokio::test]
async fn large_values_never_go_to_files_that_nobody_syncs() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    let mut large = alert("large");
    large.description = "x".repeat(1 << 20);
    store.append_alert(at(1), large).await.unwrap();
    let runs = store.handle_alert(1, vec![run("triage", 1)]).await.unwrap();
    store.put_component(contract::samples::digest(1), vec![7; 3 << 20]).await.unwrap();
    // Rewriting the values is what makes sled write whole pages.
    for expected in 1..=30 {
        let note = Note {
            at: at(1),
            author: String::new(),
            title: String::new(),
            text: expected.to_string().repeat(2_000),
        };
        let change = Event::AlertChanged(AlertChange::Note(note));
        store.append(append(runs[0], expected, vec![change])).await.unwrap();
    }
    let blobs = fs::read_dir(directory.path().join("store/blobs")).unwrap().count();
    assert_eq!(blobs, 0);
}

#[tokio::test]
async fn a_long_record_without_one_of_its_pieces_is_a_break_where_it_is() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    // In JSON each of these characters takes six bytes.
    for version in ["1", &"\u{7}".repeat(1_000), "2"] {
        let started = What::HostStarted { version: version.into() };
        store.record(Record::new(at(1), "palisade", started), Buffered).await.unwrap();
    }
    assert_eq!(verify_store(&store, None).unwrap().unwrap().seq, 3);
    let mut batch = Batch::default();
    batch.remove_piece(keys::piece(&keys::numbered(Table::Audit, 2), 1));
    store.tree.apply(batch).unwrap();
    assert_eq!(verify_store(&store, None).unwrap().unwrap_err().seq, 2);
}

fn entry(value: &str) -> ListEntry {
    ListEntry { value: value.parse().unwrap(), note: String::new(), by: "Ada".to_owned(), at: at(1) }
}

#[tokio::test]
async fn what_a_crash_leaves_of_a_list_is_on_no_other() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    store.put_list(name("care")).await.unwrap();
    store.put_list_entry(name("care"), entry("kim")).await.unwrap();
    // As far as a removal comes that a crash cuts short.
    let mut batch = Batch::default();
    batch.remove(keys::named(Table::List, &name("care")));
    store.tree.apply(batch).unwrap();
    assert!(store.list_entries(&name("care"), None, 9).unwrap().is_empty());
    assert_eq!(store.find_in_list(&name("care"), "kim").unwrap(), Found::NoList);
    assert!(store.put_list(name("care")).await.unwrap());
    assert!(store.list_entries(&name("care"), None, 9).unwrap().is_empty());
    assert_eq!(store.find_in_list(&name("care"), "kim").unwrap(), Found::Nothing);
}

#[tokio::test]
async fn a_full_list_takes_only_what_it_has() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    store.append_alert(at(1), alert("a")).await.unwrap();
    store.handle_alert(1, vec![run("triage", 1)]).await.unwrap();
    store.put_list(name("care")).await.unwrap();
    store.put_list_entry(name("care"), entry("kim")).await.unwrap();
    // As if there were all others but one.
    let mut batch = Batch::default();
    Tree::insert(&mut batch, keys::named(Table::List, &name("care")), &(LIST_ENTRIES - 1).to_be_bytes());
    store.tree.apply(batch).unwrap();
    let added = |value| Event::ListChanged { list: name("care"), entry: entry(value) };
    let events = ["lee", "kim", "max"].map(added).to_vec();
    store.append(append(1, 1, events)).await.unwrap();
    assert_eq!(store.lists().unwrap()[0].entries, LIST_ENTRIES);
    let entries = store.list_entries(&name("care"), None, 9).unwrap();
    assert_eq!(entries, [entry("kim"), entry("lee")], "what a run adds beyond that is not kept");
    let full = store.put_list_entry(name("care"), entry("max")).await;
    assert!(matches!(full, Err(StoreError::Full { what: "entries of this list", .. })), "{full:?}");
    assert!(!store.put_list_entry(name("care"), entry("kim")).await.unwrap());
    assert!(store.remove_list_entry(name("care"), entry("kim").value).await.unwrap());
    assert!(store.put_list_entry(name("care"), entry("max")).await.unwrap());
}

#[tokio::test]
async fn one_process_at_a_time() {
    let directory = tempdir().unwrap();
    let _first = open(&directory);
    let second = SledStore::open(&directory.path().join("store"));
    assert!(matches!(second, Err(StoreError::AlreadyOpen { .. })));
}

#[tokio::test]
async fn refuses_what_a_newer_palisade_wrote() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    let mut batch = Batch::default();
    Tree::insert(&mut batch, keys::meta("format"), &(upgrade::FORMAT + 1).to_be_bytes());
    store.tree.apply(batch).unwrap();
    drop(store);
    let newer = SledStore::open(&directory.path().join("store"));
    assert!(matches!(newer, Err(StoreError::NewerFormat { found: 3, known: 2, .. })));
}

#[tokio::test]
async fn says_that_it_is_busy_and_recovers() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    let stopped = store.tree.still();
    // One more than the queue holds may be in the writer's hands.
    let accepted: Vec<_> =
        (0..=WRITES_WAITING + 1).map(|id| store.append_alert(at(1), alert(&id.to_string()))).collect();
    drop(stopped);
    let mut busy = 0;
    for write in accepted {
        match write.await {
            Ok(_) => {}
            Err(StoreError::Busy) => busy += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!((1..=2).contains(&busy), "{busy} writes were refused");
    store.append_alert(at(1), alert("later")).await.unwrap();
    let health = store.health();
    assert!(health.syncs < 20, "{} syncs for {} writes", health.syncs, health.writes);
}

#[tokio::test]
async fn a_panic_of_the_writer_leaves_nobody_waiting() {
    let directory = tempdir().unwrap();
    let store = open(&directory);
    let panics = store.writer.submit(Durable, |_| -> Result<(), StoreError> { panic!("on purpose") });
    let behind = store.append_alert(at(1), alert("a"));
    assert!(matches!(panics.await, Err(StoreError::Stopped)));
    assert!(matches!(behind.await, Err(StoreError::Stopped)));
    assert!(matches!(store.put_setting(name("a"), Value::Null).await, Err(StoreError::Stopped)));
    assert!(store.alert(1).unwrap().is_none());
    drop(store);
    open(&directory);
}
