//! Custom lists.

use palisade_model::{
    journal::Event,
    limits::LISTS,
    list::{self, CustomList, Found, ListEntry},
    name::Name,
};

use super::{
    samples::{at, log, name},
    started, write,
};
use crate::{error::StoreError, store::Store};

/// An entry with this value.
pub(super) fn entry(value: &str) -> ListEntry {
    ListEntry { value: value.parse().unwrap(), note: "Ours.".to_owned(), by: "Ada".to_owned(), at: at(50) }
}

/// What a run journals when it adds to a list.
pub(super) fn added(list: &str, entry: ListEntry) -> Event {
    Event::ListChanged { list: name(list), entry }
}

async fn put(store: &dyn Store, list: &str, values: &[&str]) {
    store.put_list(name(list)).await.unwrap();
    for value in values {
        store.put_list_entry(name(list), entry(value)).await.unwrap();
    }
}

fn values(store: &dyn Store, list: &str) -> Vec<String> {
    let entries = store.list_entries(&name(list), None, usize::MAX).unwrap();
    entries.into_iter().map(|entry| entry.value.into()).collect()
}

fn counts(store: &dyn Store) -> Vec<(Name, u64)> {
    store.lists().unwrap().into_iter().map(|CustomList { name, entries }| (name, entries)).collect()
}

fn found(store: &dyn Store, list: &str, value: &str) -> Found {
    store.find_in_list(&name(list), value).unwrap()
}

pub(super) async fn are_there_from_when_they_are_made(store: &dyn Store) {
    assert_eq!(counts(store), []);
    let missing = store.put_list_entry(name("care"), entry("kim")).await;
    assert!(matches!(&missing, Err(StoreError::NoSuchList { list }) if list == "care"), "{missing:?}");
    let missing = store.remove_list_entry(name("care"), entry("kim").value).await;
    assert!(matches!(missing, Err(StoreError::NoSuchList { .. })), "{missing:?}");
    assert_eq!(found(store, "care", "kim"), Found::NoList);
    assert!(!store.remove_list(name("care")).await.unwrap());
    assert!(store.put_list(name("care")).await.unwrap());
    assert_eq!(found(store, "care", "kim"), Found::Nothing, "an empty list is one");
    assert_eq!(found(store, "car", "kim"), Found::NoList);
    put(store, "care", &["kim"]).await;
    assert!(!store.put_list(name("care")).await.unwrap());
    assert_eq!(values(store, "care"), ["kim"], "a list that is there stays as it is");
    put(store, "access", &[]).await;
    assert_eq!(counts(store), [(name("access"), 0), (name("care"), 1)]);
}

pub(super) async fn have_one_entry_of_each_value(store: &dyn Store) {
    store.put_list(name("care")).await.unwrap();
    let put = |entry| store.put_list_entry(name("care"), entry);
    let first = ListEntry { note: "\u{1}".repeat(1_024), ..entry("Kim") };
    assert!(put(first.clone()).await.unwrap());
    assert_eq!(found(store, "care", " KIM"), Found::Entry(first));
    let second = ListEntry { note: String::new(), by: "run 7".to_owned(), at: at(60), ..entry("kim") };
    assert!(!put(second.clone()).await.unwrap());
    assert!(put(entry("lee")).await.unwrap());
    assert_eq!(store.list_entries(&name("care"), None, 9).unwrap(), [second, entry("lee")]);
    assert_eq!(counts(store), [(name("care"), 2)]);
    let remove = |value: &str| store.remove_list_entry(name("care"), value.parse::<list::Value>().unwrap());
    assert!(remove("KIM").await.unwrap());
    assert!(!remove("kim").await.unwrap());
    assert!(!remove("le").await.unwrap());
    assert_eq!((values(store, "care"), counts(store)), (vec!["lee".to_owned()], vec![(name("care"), 1)]));
}

pub(super) async fn give_the_closest_entry(store: &dyn Store) {
    put(store, "care", &["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "2001:db8::/32", "::/0"]).await;
    put(store, "care", &["*.example", "*.acme.example", "acme.example", "a/b"]).await;
    for (value, closest) in [
        ("10.1.2.3", Some("10.1.2.3")),
        ("::ffff:10.1.2.4", Some("10.1.0.0/16")),
        ("10.2.0.1", Some("10.0.0.0/8")),
        ("10.1.0.0/16", Some("10.1.0.0/16")),
        ("10.1.2.0/24", Some("10.1.0.0/16")),
        ("11.0.0.1", None),
        ("2001:DB8::1", Some("2001:db8::/32")),
        ("2001:db9::1", Some("::/0")),
        ("acme.example", Some("acme.example")),
        ("www.Acme.Example.", Some("*.acme.example")),
        ("notacme.example", Some("*.example")),
        ("example", None),
        ("https://evil.test/?.acme.example", None),
        ("A/B", Some("a/b")),
        ("a", None),
        ("\n", None),
        ("", None),
    ] {
        let closest = closest.map_or(Found::Nothing, |closest| Found::Entry(entry(closest)));
        assert_eq!(found(store, "care", value), closest, "{value:?}");
    }
}

pub(super) async fn are_read_in_pages_by_value(store: &dyn Store) {
    let sorted =
        ["*.acme.example", "10.0.0.0/8", "10.0.0.1", "2001:db8::/32", "a/b", "kim", "kim lee", "ünï"];
    put(store, "care", &sorted.into_iter().rev().collect::<Vec<_>>()).await;
    // Names that begin alike, on both sides.
    for neighbour in ["car", "care-a", "care0", "cared"] {
        put(store, neighbour, &["kim"]).await;
    }
    let mut read = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_entries(&name("care"), after.as_ref(), 3).unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(last.value.clone());
        read.extend(page.into_iter().map(|entry| String::from(entry.value)));
    }
    assert_eq!(read, sorted);
    let behind = store.list_entries(&name("care"), Some(&entry("kim l").value), 1).unwrap();
    assert_eq!(behind, [entry("kim lee")], "behind a value that is not there");
    assert_eq!(store.list_entries(&name("none"), None, 9).unwrap(), []);
}

pub(super) async fn go_with_all_their_entries(store: &dyn Store) {
    for list in ["car", "care", "care-a"] {
        put(store, list, &["kim"]).await;
    }
    for index in 0..600 {
        drop(store.put_list_entry(name("care"), entry(&format!("host-{index}"))));
    }
    assert!(store.remove_list(name("care")).await.unwrap());
    assert!(!store.remove_list(name("care")).await.unwrap());
    assert_eq!((found(store, "care", "kim"), values(store, "care")), (Found::NoList, vec![]));
    assert_eq!(counts(store), [(name("car"), 1), (name("care-a"), 1)]);
    assert!(store.put_list(name("care")).await.unwrap());
    assert_eq!(values(store, "care"), [""; 0], "what was on a list is not on the next one of its name");
    assert_eq!((found(store, "care", "kim"), counts(store)[1].1), (Found::Nothing, 0));
    assert_eq!((values(store, "car"), values(store, "care-a")), (vec!["kim".into()], vec!["kim".into()]));
}

pub(super) async fn are_added_to_by_runs(store: &dyn Store) {
    started(store, 1).await;
    put(store, "care", &["kim"]).await;
    put(store, "offenders", &[]).await;
    let long = ListEntry { note: "\u{1}".repeat(1_024), ..entry("10.0.0.1") };
    let last = ListEntry { note: String::new(), ..entry("10.0.0.1") };
    let events = vec![
        added("offenders", long),
        added("offenders", entry("10.0.0.2")),
        log("between"),
        added("offenders", last.clone()),
        added("care", ListEntry { by: "run 1".to_owned(), ..entry("kim") }),
        added("gone", entry("kim")),
    ];
    write(store, 1, 1, events.clone()).await.unwrap();
    assert_eq!(counts(store), [(name("care"), 1), (name("offenders"), 2)], "each value counts once");
    assert_eq!(store.list_entries(&name("offenders"), None, 9).unwrap(), [last, entry("10.0.0.2")]);
    let Found::Entry(kim) = found(store, "care", "kim") else { panic!("it is there") };
    assert_eq!(kim.by, "run 1", "the one that was there is replaced");
    assert_eq!(found(store, "gone", "kim"), Found::NoList, "a list that is not there is not made");
    let journal: Vec<_> = store.journal(1, 2, 9).unwrap().into_iter().map(|entry| entry.event).collect();
    assert!(journal == events, "the journal says what the run wanted");
    let refused = write(store, 1, 1, vec![added("care", entry("lee"))]).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    assert_eq!(values(store, "care"), ["kim"], "a refused append adds nothing");
}

pub(super) async fn are_bounded(store: &dyn Store) {
    for index in 1..LISTS {
        drop(store.put_list(name(&format!("l{index}"))));
    }
    assert!(store.put_list(name("last")).await.unwrap());
    let full = store.put_list(name("one-more")).await;
    assert!(matches!(full, Err(StoreError::Full { what: "custom lists", max: LISTS })), "{full:?}");
    assert!(!store.put_list(name("last")).await.unwrap());
    assert!(store.remove_list(name("l1")).await.unwrap());
    assert!(store.put_list(name("one-more")).await.unwrap());
}
