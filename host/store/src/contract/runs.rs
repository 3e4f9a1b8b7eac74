//! Runs and their journals.

use palisade_model::{
    action::{Effect, Failure, Report, ReportStatus, Retry, RetryLimits},
    alert::{AlertChange, AlertStatus, Artifact, Escalation, Note, Severity},
    journal::{ActionEnded, ActionStarted, Began, Ended, Entry, Event, LogLevel, Terms},
    limits::{PAGE_BYTES, PAGE_ITEMS},
    list::Found,
    run::{Mode, RunId, RunStatus},
};
use serde_json::{Map, json};

use super::{
    lists::{added, entry},
    samples::{alert, at, digest, end, log, name, run},
    started, write,
};
use crate::{
    error::StoreError,
    store::{NewRun, Page, RunFilter, Store},
};

pub(super) async fn start_with_their_alert(store: &dyn Store) {
    started(store, 1).await;
    let new = run("block", 1);
    assert_eq!(store.start_run(new.clone()).await.unwrap(), 2);
    let missing = store.start_run(run("block", 2)).await;
    assert!(matches!(missing, Err(StoreError::NoSuchAlert { alert: 2 })), "{missing:?}");
    let run = store.run(2).unwrap().unwrap();
    assert_eq!((run.id, run.alert, &run.playbook, run.digest), (2, 1, &name("block"), digest(7)));
    assert_eq!((run.status, run.started, run.finished), (RunStatus::Running, at(100), None));
    assert_eq!((run.entries, run.epoch, run.parent, run.imported), (1, 1, None, false));
    assert_eq!((run.mode, run.undoes), (Mode::Live, None));
    let began = new.began;
    let entry = Entry { seq: 1, at: at(100), event: Event::Began(Box::new(began)) };
    assert_eq!(store.journal(2, 1, 10).unwrap(), [entry]);
    assert!(store.run(3).unwrap().is_none());
}

pub(super) async fn refuse_what_does_not_follow(store: &dyn Store) {
    started(store, 2).await;
    // Handed over together, so that they may meet in one commit.
    let first = write(store, 1, 1, vec![log("one"), log("two")]);
    let behind = write(store, 1, 1, vec![log("lost")]);
    let next = write(store, 1, 3, vec![log("three")]);
    assert_eq!(first.await.unwrap(), 3);
    let conflict = behind.await;
    assert!(matches!(conflict, Err(StoreError::Conflict { run: 1, expected: 1, actual: 3 })), "{conflict:?}");
    assert_eq!(next.await.unwrap(), 4);
    let ahead = write(store, 1, 9, vec![log("lost")]).await;
    assert!(matches!(ahead, Err(StoreError::Conflict { expected: 9, actual: 4, .. })), "{ahead:?}");
    let nobody = write(store, 7, 0, vec![log("lost")]).await;
    assert!(matches!(nobody, Err(StoreError::NoSuchRun { run: 7 })), "{nobody:?}");
    write(store, 2, 1, vec![end(RunStatus::Failed)]).await.unwrap();
    let late = write(store, 2, 2, vec![log("lost")]).await;
    assert!(matches!(late, Err(StoreError::RunEnded { run: 2 })), "{late:?}");

    let journal = store.journal(1, 1, 10).unwrap();
    assert_eq!(journal.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(journal[3].event, log("three"));
    assert_eq!(store.journal(1, 2, 1).unwrap(), journal[1..2]);
    assert_eq!(store.journal(2, 1, 10).unwrap().len(), 2, "a journal ends where the next one begins");
}

pub(super) async fn change_their_alert_and_end_in_one_step(store: &dyn Store) {
    started(store, 1).await;
    let note = Note {
        at: at(150),
        author: "run 1".to_owned(),
        title: "Verdict".to_owned(),
        text: "Long. ".repeat(10_000),
    };
    let artifact = Artifact {
        id: 2,
        name: "Host".to_owned(),
        label: "host".to_owned(),
        cef: Map::new(),
        data: Map::new(),
    };
    let changes = [
        AlertChange::Severity(Severity::Critical),
        AlertChange::Status(AlertStatus::Open),
        AlertChange::Note(note.clone()),
        AlertChange::Artifact(artifact.clone()),
        AlertChange::Owner(Some("Ada".to_owned())),
    ];
    write(store, 1, 1, changes.map(Event::AlertChanged).to_vec()).await.unwrap();
    let changed = store.alert(1).unwrap().unwrap();
    assert_eq!((changed.content.severity, changed.status), (Severity::Critical, AlertStatus::Open));
    assert_eq!((changed.notes, changed.content.artifacts[1].clone()), (vec![note], artifact));
    assert_eq!(changed.owner.as_deref(), Some("Ada"));

    let close = AlertChange::Status(AlertStatus::Closed);
    write(store, 1, 6, vec![Event::AlertChanged(close), end(RunStatus::Succeeded)]).await.unwrap();
    assert_eq!(store.alert(1).unwrap().unwrap().status, AlertStatus::Closed);
    let run = store.run(1).unwrap().unwrap();
    assert_eq!((run.status, run.finished, run.entries), (RunStatus::Succeeded, Some(at(200)), 8));
    assert_eq!(run.message, "That was it.");
    assert!(store.running(1, 10).unwrap().is_empty());

    let closed_again = AlertChange::Status(AlertStatus::New);
    write(store, 1, 8, vec![Event::AlertChanged(closed_again)]).await.unwrap_err();
    let alert = store.alert(1).unwrap().unwrap();
    assert_eq!(alert.status, AlertStatus::Closed, "a refused append changes no alert");
}

pub(super) async fn of_a_plan_change_nothing(store: &dyn Store) {
    started(store, 0).await;
    store.put_list(name("care")).await.unwrap();
    let before = store.alert(1).unwrap();
    let escalation = Escalation { to: None, summary: "Two hosts.".to_owned() };
    let events = vec![
        Event::AlertChanged(AlertChange::Status(AlertStatus::Closed)),
        added("care", entry("kim")),
        Event::AlertChanged(AlertChange::Escalated(escalation)),
    ];
    let ending = events.iter().cloned().chain([end(RunStatus::Succeeded)]).collect();
    for (id, mode) in [(1, Mode::Plan), (2, Mode::Safe)] {
        let new = run("triage", 1);
        let new = NewRun { began: Began { mode, ..new.began }, ..new };
        assert_eq!(store.start_run(new).await.unwrap(), id);
        assert_eq!(store.run(id).unwrap().unwrap().mode, mode);
    }
    write(store, 1, 1, events.clone()).await.unwrap();
    write(store, 1, 4, ending).await.unwrap();
    assert_eq!(store.alert(1).unwrap(), before);
    assert_eq!(store.find_in_list(&name("care"), "kim").unwrap(), Found::Nothing);
    assert_eq!((store.lists().unwrap()[0].entries, store.tasks(None, 9).unwrap()), (0, vec![]));
    assert_eq!(store.journal(1, 1, 9).unwrap().len(), 8, "it says what it would have changed");

    write(store, 2, 1, events).await.unwrap();
    assert_eq!(store.alert(1).unwrap().unwrap().status, AlertStatus::Closed, "what is here may change");
    assert_eq!((store.lists().unwrap()[0].entries, store.tasks(None, 9).unwrap().len()), (1, 1));
}

pub(super) async fn keep_every_kind_of_entry(store: &dyn Store) {
    started(store, 1).await;
    let report = Report {
        status: ReportStatus::Success,
        message: "Blocked.".to_owned(),
        summary: json!({ "rules": 1 }),
        data: json!([{ "large": "x".repeat(1_000_000) }, null, -1, 1.5]),
    };
    let ended = |result| {
        Event::ActionEnded(ActionEnded {
            position: 1,
            result,
            attempts: 2,
            took_us: 3,
            upstream_us: 1,
            done_by: None,
            undo_at: None,
        })
    };
    let events = vec![
        Event::ActionStarted(ActionStarted {
            position: 1,
            connector: "panos".to_owned(),
            action: "block ip".to_owned(),
            asset: Some(name("edge")),
            wanted: None,
            terms: Some(Terms {
                effect: Effect::Contain,
                retry: Retry::Keyed,
                limits: RetryLimits::default(),
            }),
            parameters: json!({ "ip": "203.0.113.7" }),
            undo: None,
            undo_after_ms: None,
        }),
        ended(Ended::Report(report)),
        ended(Ended::Failure(Failure::RateLimited { retry_after_ms: Some(5), message: "slow".to_owned() })),
        Event::AlertChanged(AlertChange::Note(Note {
            at: at(1),
            author: "run 1".to_owned(),
            title: "Title".to_owned(),
            text: String::new(),
        })),
        Event::AlertChanged(AlertChange::Owner(None)),
        Event::Log { action: Some(1), level: LogLevel::Warn, message: "line\nline".to_owned() },
        end(RunStatus::Cancelled),
    ];
    write(store, 1, 1, events.clone()).await.unwrap();
    for (entry, event) in store.journal(1, 2, 10).unwrap().into_iter().zip(events) {
        assert_eq!(entry.at, at(200));
        assert!(entry.event == event, "entry {} came back changed", entry.seq);
    }
    assert_eq!(store.journal(1, 2, 10).unwrap().len(), 7);
}

pub(super) async fn are_found_by_alert_and_status(store: &dyn Store) {
    started(store, 3).await;
    store.append_alert(at(1), alert("b")).await.unwrap();
    store.handle_alert(2, vec![run("block", 2); 2]).await.unwrap();
    for (run, status) in [(2, RunStatus::Succeeded), (4, RunStatus::Succeeded), (5, RunStatus::Failed)] {
        write(store, run, 1, vec![end(status)]).await.unwrap();
    }
    let found = |alert, status, before| -> Vec<RunId> {
        let page = Page { before, limit: 10 };
        store
            .runs(RunFilter { alert, status, parent: None }, page)
            .unwrap()
            .iter()
            .map(|run| run.id)
            .collect()
    };
    assert_eq!(found(None, None, None), [5, 4, 3, 2, 1]);
    assert_eq!(found(None, None, Some(3)), [2, 1]);
    assert_eq!(found(Some(1), None, None), [3, 2, 1]);
    assert_eq!(found(Some(1), None, Some(3)), [2, 1]);
    assert_eq!(found(None, Some(RunStatus::Succeeded), None), [4, 2]);
    assert_eq!(found(None, Some(RunStatus::Running), Some(3)), [1]);
    assert_eq!(found(Some(2), Some(RunStatus::Succeeded), None), [4]);
    assert!(found(Some(2), Some(RunStatus::Running), None).is_empty());
    let running: Vec<_> = store.running(1, 10).unwrap().iter().map(|run| run.id).collect();
    assert_eq!(running, [1, 3], "oldest first");
    assert_eq!(store.running(1, 1).unwrap()[0].id, 1);
    assert_eq!(store.running(2, 9).unwrap()[0].id, 3, "from a number on");
}

pub(super) async fn have_pages_of_bounded_size(store: &dyn Store) {
    started(store, 2).await;
    write(store, 1, 1, vec![log("short"); PAGE_ITEMS + 1]).await.unwrap();
    assert_eq!(store.journal(1, 1, usize::MAX).unwrap().len(), PAGE_ITEMS);
    write(store, 2, 1, vec![log(&"x".repeat(PAGE_BYTES / 2)); 3]).await.unwrap();
    assert_eq!(store.journal(2, 2, 3).unwrap().len(), 2, "the page is full before its limit");
    assert_eq!(store.journal(2, 4, 3).unwrap().len(), 1);
}
