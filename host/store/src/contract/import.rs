//! Runs from another installation.

use palisade_model::{
    alert::Alert,
    journal::{Began, Entry, Event},
    limits::PAGE_ITEMS,
    run::{Mode, Parent, Run, RunStatus},
};

use super::{
    record,
    samples::{alert, at, digest, end, log, name, run},
    started, write,
};
use crate::{
    error::StoreError,
    store::{Claim, RunFilter, Store},
};

/// A run as another installation has it.
fn foreign(status: RunStatus) -> Run {
    Run {
        id: 77,
        alert: 1,
        playbook: name("triage"),
        digest: digest(9),
        parent: Some(Parent { run: 1, position: 2, depth: 1 }),
        mode: Mode::Live,
        undoes: None,
        status,
        due: None,
        attention: 0,
        started: at(10),
        finished: Some(at(30)),
        message: "That was it.".to_owned(),
        entries: 3,
        epoch: 4,
        imported: false,
    }
}

fn entries(lines: &[&str]) -> Vec<Entry> {
    let began = Began::new(digest(9), Alert::new(1, at(9), alert("elsewhere")));
    let lines = lines.iter().map(|line| log(line));
    let events = [Event::Began(Box::new(began))].into_iter().chain(lines).chain([end(RunStatus::Failed)]);
    (1..).zip(events).map(|(seq, event)| Entry { seq, at: at(10 + seq.cast_signed()), event }).collect()
}

pub(super) async fn keeps_what_it_was_given_and_executes_nothing(store: &dyn Store) {
    started(store, 1).await;
    let given = entries(&["one"]);
    assert_eq!(store.import_run(foreign(RunStatus::Failed), given.clone()).await.unwrap(), 2);
    assert_eq!(record(store, 2), Run { id: 2, imported: true, ..foreign(RunStatus::Failed) });
    assert_eq!(store.journal(2, 1, 9).unwrap(), given);
    assert!(store.run(77).unwrap().is_none());

    let found =
        |filter| -> Vec<_> { store.runs(filter, super::ALL).unwrap().iter().map(|run| run.id).collect() };
    assert_eq!(found(RunFilter::default()), [2, 1]);
    assert_eq!(found(RunFilter { status: Some(RunStatus::Failed), ..RunFilter::default() }), [2]);
    assert_eq!(found(RunFilter { alert: Some(1), ..RunFilter::default() }), [1], "its alert is not ours");
    assert!(found(RunFilter { parent: Some(1), ..RunFilter::default() }).is_empty());

    for claim in [Claim::Open, Claim::Again] {
        let claimed = store.claim(2, claim).await;
        assert!(matches!(claimed, Err(StoreError::Imported { run: 2 })), "{claimed:?}");
    }
    store.wake(2).await.unwrap();
    assert_eq!(store.next_due().unwrap(), None);
    assert!(
        store.append(crate::Append { epoch: 4, ..super::append(2, 3, vec![log("lost")]) }).await.is_err()
    );
    assert_eq!(store.start_run(run("triage", 1)).await.unwrap(), 3);
    write(store, 3, 1, vec![log("on")]).await.unwrap();
}

pub(super) async fn of_a_long_journal_is_complete(store: &dyn Store) {
    let line = "x".repeat(100_000);
    let given = entries(&vec![line.as_str(); 40]);
    let run = store.import_run(foreign(RunStatus::Succeeded), given.clone()).await.unwrap();
    assert_eq!(record(store, run).entries, 42);
    let back = store.journal(run, 1, PAGE_ITEMS).unwrap();
    assert!(back == given, "{} of {} entries came back, or some changed", back.len(), given.len());
}

pub(super) async fn refuses_a_run_that_may_go_on_elsewhere(store: &dyn Store) {
    for status in RunStatus::ALL.into_iter().filter(|status| !status.is_final()) {
        let refused = store.import_run(foreign(status), entries(&[])).await;
        assert!(matches!(refused, Err(StoreError::NotEnded)), "{status:?}: {refused:?}");
    }
    assert!(store.runs(RunFilter::default(), super::ALL).unwrap().is_empty());
}
