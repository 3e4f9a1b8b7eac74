//! Alerts: taken in once, waiting, listed.

use palisade_model::alert::{AlertChange, AlertStatus, Artifact, Note, Severity};

use super::{
    samples::{alert, at, run},
    started,
};
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

pub(super) async fn change_by_a_persons_word(store: &dyn Store) {
    started(store, 1).await;
    let before = store.alert(1).unwrap().unwrap();
    let note =
        Note { at: at(60), author: "Ada".to_owned(), title: "Mine".to_owned(), text: "x".repeat(9_000) };
    let artifact = Artifact { id: 2, ..before.content.artifacts[0].clone() };
    let changes = vec![
        AlertChange::Status(AlertStatus::Open),
        AlertChange::Owner(Some("Ada".to_owned())),
        AlertChange::Severity(Severity::Critical),
        AlertChange::Note(note),
        AlertChange::Artifact(artifact),
        AlertChange::Status(AlertStatus::Closed),
    ];
    let mut expected = before;
    changes.iter().cloned().for_each(|change| expected.apply(change));
    let changed = store.change_alert(1, changes).await.unwrap();
    assert_eq!((changed.status, changed.owner.as_deref()), (AlertStatus::Closed, Some("Ada")));
    assert!(changed == expected, "they are made in their order");
    assert_eq!(store.alert(1).unwrap(), Some(changed));
    let same = store.change_alert(1, vec![]).await.unwrap();
    assert!(same == expected, "nothing changes nothing");
    assert_eq!(store.run(1).unwrap().unwrap().entries, 1, "no run is concerned");
    let missing = store.change_alert(2, vec![AlertChange::Taken]).await;
    assert!(matches!(missing, Err(StoreError::NoSuchAlert { alert: 2 })), "{missing:?}");
}
