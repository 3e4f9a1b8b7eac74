//! What is to be taken back, and what was.

use palisade_model::{
    Timestamp,
    action::{Report, ReportStatus},
    journal::{ActionEnded, Began, Event},
    run::{Position, RunId, RunStatus},
    undo::{Expiry, Undo, UndoStep, Undone},
};
use serde_json::{Value, json};

use super::{
    finish, record,
    samples::{at, end, name, run},
    started, write,
};
use crate::{
    error::StoreError,
    store::{NewRun, Store},
};

/// The end of an action that is to be taken back at this second.
fn blocked(position: Position, undo_at: Option<i64>) -> Event {
    let report = Report {
        status: ReportStatus::Success,
        message: "Blocked.".to_owned(),
        summary: Value::Null,
        data: Value::Null,
    };
    let ended = ActionEnded::uncalled(position, Ok(report), 1);
    Event::ActionEnded(ActionEnded { undo_at: undo_at.map(at), ..ended })
}

fn expiry(second: i64, run: RunId, position: Position) -> Expiry {
    Expiry { at: at(second), run, position }
}

/// A run that takes back these steps of a run.
fn taking_back(of: RunId, positions: &[Position]) -> NewRun {
    let step = |position: &Position| UndoStep {
        position: *position,
        connector: "panos".to_owned(),
        action: "block ip".to_owned(),
        undo: "unblock ip".to_owned(),
        asset: name("edge"),
        parameters: json!({ "ip": "203.0.113.7" }),
    };
    let undo = Some(Undo { of, by: None, steps: positions.iter().map(step).collect() });
    let new = run("undo", 1);
    NewRun { began: Began { undo, ..new.began }, ..new }
}

fn all_expiries(store: &dyn Store) -> Vec<Expiry> {
    store.expired(Timestamp::MAX, 99).unwrap()
}

pub(super) async fn is_due_from_the_end_of_the_action(store: &dyn Store) {
    started(store, 2).await;
    assert_eq!((store.next_expiry().unwrap(), all_expiries(store)), (None, vec![]));
    write(store, 2, 1, vec![blocked(1, Some(30)), blocked(2, Some(20)), blocked(3, None)]).await.unwrap();
    // It outlives its run.
    write(store, 1, 1, vec![blocked(7, Some(20)), end(RunStatus::Succeeded)]).await.unwrap();
    let refused = write(store, 2, 1, vec![blocked(4, Some(10))]).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    let sorted = [expiry(20, 1, 7), expiry(20, 2, 2), expiry(30, 2, 1)];
    assert_eq!(all_expiries(store), sorted);
    assert_eq!(store.expired(at(19), 9).unwrap(), []);
    assert_eq!(store.expired(at(20), 9).unwrap(), sorted[..2]);
    assert_eq!(store.expired(at(20), 1).unwrap(), sorted[..1], "the one that is due longest comes first");
    assert_eq!(store.next_expiry().unwrap(), Some(at(20)));

    store.end_expiry(sorted[0]).await.unwrap();
    store.end_expiry(sorted[0]).await.unwrap();
    store.end_expiry(expiry(20, 2, 1)).await.unwrap();
    assert_eq!(all_expiries(store), sorted[1..], "one ends, and no other");
    assert_eq!(store.undone(1).unwrap(), [], "that does not take it back");
    assert_eq!(store.start_undo(taking_back(2, &[2]), Some(sorted[1])).await.unwrap(), 3);
    assert_eq!((store.next_expiry().unwrap(), all_expiries(store)), (Some(at(30)), vec![sorted[2]]));
    store.end_expiry(sorted[2]).await.unwrap();
    assert_eq!(store.next_expiry().unwrap(), None);
}

pub(super) async fn is_done_once(store: &dyn Store) {
    started(store, 2).await;
    write(store, 1, 1, vec![blocked(1, Some(20)), blocked(2, None), blocked(3, None)]).await.unwrap();
    let new = taking_back(1, &[3, 1]);
    assert_eq!(store.start_undo(new.clone(), None).await.unwrap(), 3);
    let undone = [Undone { position: 1, by_run: 3 }, Undone { position: 3, by_run: 3 }];
    assert_eq!(store.undone(1).unwrap(), undone);
    let undo = record(store, 3);
    assert_eq!((undo.undoes, undo.status, undo.epoch, undo.entries), (Some(1), RunStatus::Running, 1, 1));
    assert_eq!((undo.alert, undo.parent, record(store, 1).undoes), (1, None, None));
    assert_eq!(store.journal(3, 1, 9).unwrap()[0].event, Event::Began(Box::new(new.began)));

    // Handed over together, so that they may meet in one commit.
    let again = store.start_undo(taking_back(1, &[2, 1]), Some(expiry(20, 1, 1)));
    let other = store.start_undo(taking_back(2, &[1]), None);
    let again = again.await;
    assert!(matches!(again, Err(StoreError::Undone { run: 1, position: 1, by_run: 3 })), "{again:?}");
    assert_eq!(other.await.unwrap(), 4, "nothing is left of one that is refused, and no number is lost");
    assert_eq!(store.undone(1).unwrap(), undone);
    assert_eq!(all_expiries(store), [expiry(20, 1, 1)]);
    assert_eq!(store.undone(2).unwrap(), [Undone { position: 1, by_run: 4 }]);
    finish(store, 3).await;
    store.start_undo(taking_back(1, &[3]), None).await.unwrap_err();
    assert_eq!(store.start_undo(taking_back(1, &[2]), None).await.unwrap(), 5);
    assert_eq!(store.undone(1).unwrap()[1], Undone { position: 2, by_run: 5 });
}

pub(super) async fn is_of_a_run_that_happened_here(store: &dyn Store) {
    started(store, 1).await;
    let missing = store.start_undo(taking_back(9, &[1]), None).await;
    assert!(matches!(missing, Err(StoreError::NoSuchRun { run: 9 })), "{missing:?}");
    let mut elsewhere = taking_back(1, &[1]);
    elsewhere.began.alert.id = 7;
    let elsewhere = store.start_undo(elsewhere, None).await;
    assert!(matches!(elsewhere, Err(StoreError::NoSuchAlert { alert: 7 })), "{elsewhere:?}");
    finish(store, 1).await;
    let (foreign, mut entries) = (record(store, 1), store.journal(1, 1, 9).unwrap());
    entries[1].event = blocked(1, Some(20));
    assert_eq!(store.import_run(foreign, entries).await.unwrap(), 2);
    assert_eq!(all_expiries(store), [], "what was done elsewhere is not taken back here");
    let imported = store.start_undo(taking_back(2, &[1]), None).await;
    assert!(matches!(imported, Err(StoreError::Imported { run: 2 })), "{imported:?}");
    assert_eq!((store.undone(1).unwrap(), store.undone(2).unwrap()), (vec![], vec![]));
    assert!(store.run(3).unwrap().is_none());
}
