//! Alerts: taken in once, waiting, listed.

use super::samples::{alert, at, run};
use crate::{
    error::StoreError,
    store::{Appended, Page, Store},
};

pub(super) async fn same_source_and_id_are_one_alert(store: &dyn Store) {
    // Handed over together, so that they may meet in one commit.
    let first = store.append_alert(at(1), alert("a"));
    let again = store.append_alert(at(2), alert("a"));
    let other_id = store.append_alert(at(3), alert("b"));
    let mut elsewhere = alert("a");
    elsewhere.source = "edr".to_owned();
    let other_source = store.append_alert(at(4), elsewhere);
    assert_eq!(first.await.unwrap(), Appended::New(1));
    assert_eq!(again.await.unwrap(), Appended::Duplicate(1));
    assert_eq!(other_id.await.unwrap(), Appended::New(2));
    assert_eq!(other_source.await.unwrap(), Appended::New(3));
    assert_eq!(store.append_alert(at(5), alert("a")).await.unwrap(), Appended::Duplicate(1));
    assert_eq!(store.alert(1).unwrap().unwrap().received, at(1), "a duplicate changes nothing");
    assert_eq!(store.waiting_count(), 3);
}

pub(super) async fn wait_until_they_are_handled(store: &dyn Store) {
    for id in ["a", "b", "c"] {
        store.append_alert(at(1), alert(id)).await.unwrap();
    }
    assert_eq!(store.waiting(2).unwrap(), [1, 2], "oldest first");
    assert_eq!(store.handle_alert(2, vec![run("triage", 2), run("block", 2)]).await.unwrap(), [1, 2]);
    assert!(store.handle_alert(1, vec![]).await.unwrap().is_empty());
    assert_eq!(store.waiting(9).unwrap(), [3]);
    assert_eq!(store.waiting_count(), 1);
    assert_eq!(store.health().waiting, 1);
    assert!(store.alert(1).unwrap().is_some(), "an alert that no playbook matched stays");
    for handled in [2, 99] {
        let again = store.handle_alert(handled, vec![run("triage", handled)]).await;
        assert!(matches!(again, Err(StoreError::NotWaiting { alert }) if alert == handled), "{again:?}");
    }
    assert!(store.run(3).unwrap().is_none(), "a refused write leaves nothing behind");
    assert_eq!(store.append_alert(at(1), alert("b")).await.unwrap(), Appended::Duplicate(2));
    assert_eq!(store.waiting_count(), 1, "a duplicate of a handled alert does not wait again");
}

pub(super) async fn come_back_as_they_were(store: &dyn Store) {
    let mut large = alert("large");
    large.description = "0123456789abcdef".repeat(64 * 1024);
    for content in [alert("small"), large, alert(&"long id ".repeat(10_000)), alert("")] {
        let Appended::New(id) = store.append_alert(at(42), content.clone()).await.unwrap() else {
            panic!("it is new");
        };
        let back = store.alert(id).unwrap().unwrap();
        assert_eq!((back.id, back.received, back.notes.len()), (id, at(42), 0));
        assert!(back.content == content, "alert {id} came back changed");
    }
    assert!(store.alert(0).unwrap().is_none());
    assert!(store.alert(u64::MAX).unwrap().is_none());
}

pub(super) async fn are_listed_newest_first_in_pages(store: &dyn Store) {
    for id in 1..=300 {
        drop(store.append_alert(at(id), alert(&id.to_string())));
    }
    store.append_alert(at(301), alert("301")).await.unwrap();
    let page = |before, limit| -> Vec<u64> {
        store.alerts(Page { before, limit }).unwrap().iter().map(|alert| alert.id).collect()
    };
    assert_eq!(page(None, 2), [301, 300]);
    assert_eq!(page(Some(300), 3), [299, 298, 297]);
    assert_eq!(page(Some(2), 10), [1]);
    assert!(page(Some(1), 10).is_empty());
    assert!(page(None, 0).is_empty());
    assert_eq!(page(None, 1_000).len(), 301);
}
