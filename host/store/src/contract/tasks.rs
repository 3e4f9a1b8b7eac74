//! What waits for a person.

use palisade_model::{
    action::Failure,
    alert::{AlertChange, AlertStatus, Escalation},
    approval::{Approval, AtDeadline},
    journal::{ActionEnded, ApprovalAsked, By, Decision, Divergence, Ended, Event},
    prompt::{ESCALATION, Task, ToDo},
    run::{Position, RunId, RunStatus},
};
use serde_json::json;

use super::{
    record,
    samples::{append, at, end, log, name, prompt, question, run},
    started, write,
};
use crate::store::{Append, Claim, Leave, Store};

fn doubt(position: Position) -> Event {
    Event::ActionInDoubt { position, message: "The connection broke.".to_owned() }
}

fn decided(position: Position) -> Event {
    let by = By { by: "Ada".to_owned(), note: String::new(), by_admin: false };
    Event::ActionDecided { position, decision: Decision::NotDone, by }
}

fn answered(position: Position) -> Event {
    Event::PromptAnswered { position, answer: json!("yes"), by: None }
}

fn refused(position: Position) -> Event {
    Event::StepRefused { position, failure: Failure::InvalidParameters { message: "No choices.".to_owned() } }
}

fn failed(position: Position) -> Event {
    let result = Ended::Failure(Failure::Unavailable { message: "No answer.".to_owned() });
    let ended = ActionEnded {
        position,
        result,
        attempts: 1,
        took_us: 3,
        upstream_us: 1,
        done_by: None,
        undo_at: None,
    };
    Event::ActionEnded(ended)
}

fn divergence() -> Divergence {
    Divergence { at_entry: 2, expected: "random 8".to_owned(), actual: "log".to_owned() }
}

fn approval() -> Approval {
    Approval {
        connector: "panos".to_owned(),
        action: "block ip".to_owned(),
        asset: name("edge"),
        parameters: json!({ "ip": "203.0.113.7" }),
        undo_after_ms: None,
        rule: "contain".to_owned(),
        to: None,
        deadline: at(3_600),
        at_deadline: AtDeadline::Deny,
    }
}

fn given(position: Position) -> Event {
    Event::ApprovalGiven { position, approved: true, by: None }
}

fn escalation(summary: &str) -> Escalation {
    Escalation { to: Some("tier 2".to_owned()), summary: summary.to_owned() }
}

fn escalated(summary: &str) -> Event {
    Event::AlertChanged(AlertChange::Escalated(escalation(summary)))
}

/// Where something waits, after a check that the runs' own counts agree: an escalation waits in none.
fn places(store: &dyn Store) -> Vec<(RunId, Position)> {
    let places: Vec<_> =
        store.tasks(None, 99).unwrap().iter().map(|task| (task.run, task.position)).collect();
    for run in store.runs(Default::default(), super::ALL).unwrap() {
        let count = places.iter().filter(|(id, step)| *id == run.id && *step != ESCALATION).count();
        assert_eq!(run.attention as usize, count, "run {} has {places:?}", run.id);
    }
    places
}

pub(super) async fn come_and_go_with_what_happens(store: &dyn Store) {
    started(store, 1).await;
    write(store, 1, 1, vec![question(1), log("on"), doubt(2), question(4)]).await.unwrap();
    assert_eq!(places(store), [(1, 1), (1, 2), (1, 4)]);
    let task =
        |position, what| Task { run: 1, position, playbook: name("triage"), alert: 1, since: at(200), what };
    let doubted = ToDo::Decide { message: "The connection broke.".to_owned() };
    let tasks = store.tasks(None, 2).unwrap();
    assert_eq!(tasks, [task(1, ToDo::Answer(prompt())), task(2, doubted)]);
    write(store, 1, 5, vec![failed(3), decided(2), answered(1)]).await.unwrap();
    assert_eq!(places(store), [(1, 4)], "what ends elsewhere changes nothing");
    // It may be in doubt twice, and end before anybody decides.
    write(store, 1, 8, vec![doubt(2), doubt(2)]).await.unwrap();
    assert_eq!(places(store), [(1, 2), (1, 4)]);
    write(store, 1, 10, vec![failed(2), refused(4)]).await.unwrap();
    assert_eq!(places(store), []);
    write(store, 1, 12, vec![question(5), refused(5), question(6), answered(6), doubt(7)]).await.unwrap();
    assert_eq!(places(store), [(1, 7)], "what comes and goes in one write leaves nothing");
}

pub(super) async fn of_a_run_go_with_its_end(store: &dyn Store) {
    started(store, 2).await;
    for run in [1, 2] {
        write(store, run, 1, vec![question(1), doubt(2)]).await.unwrap();
    }
    write(store, 1, 3, vec![question(3), end(RunStatus::Cancelled)]).await.unwrap();
    assert_eq!(places(store), [(2, 1), (2, 2)]);
    store.claim(1, Claim::Again).await.unwrap();
    let again = Append { epoch: 2, ..append(1, 5, vec![question(4)]) };
    store.append(again).await.unwrap();
    assert_eq!(places(store), [(1, 4), (2, 1), (2, 2)], "a run that begins again asks again");
}

pub(super) async fn are_listed_by_run_and_step(store: &dyn Store) {
    started(store, 3).await;
    for run in [3, 1, 2] {
        write(store, run, 1, vec![question(300), question(2)]).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.tasks(after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.run, last.position));
        seen.extend(page.iter().map(|task| (task.run, task.position)));
    }
    assert_eq!(seen, [(1, 2), (1, 300), (2, 2), (2, 300), (3, 2), (3, 300)]);
    let behind = store.tasks(Some((2, 3)), 1).unwrap();
    assert_eq!((behind[0].run, behind[0].position), (2, 300), "behind a place where nothing waits");
}

pub(super) async fn to_look_at_a_run_end_when_it_is_taken_over(store: &dyn Store) {
    started(store, 1).await;
    let leave = Leave { status: RunStatus::Nondeterministic, due: None, children: vec![] };
    let diverged = vec![question(1), Event::Diverged(divergence())];
    store.append(Append { leave: Some(leave), ..append(1, 1, diverged) }).await.unwrap();
    assert_eq!(places(store), [(1, 0), (1, 1)]);
    assert_eq!(store.tasks(None, 1).unwrap()[0].what, ToDo::Look(divergence()));
    assert_eq!(store.claim(1, Claim::Open).await.unwrap().attention, 1);
    assert_eq!(places(store), [(1, 1)], "what was asked stays");
    let last = Append { epoch: 2, ..append(1, 3, vec![answered(1)]) };
    store.append(last).await.unwrap();
    assert_eq!((record(store, 1).attention, places(store)), (0, vec![]));
}

pub(super) async fn to_approve_an_action_end_with_the_answer(store: &dyn Store) {
    started(store, 2).await;
    let asked = |position| Event::ApprovalAsked(ApprovalAsked { position, approval: approval() });
    write(store, 1, 1, vec![asked(1), asked(2), asked(3), asked(4)]).await.unwrap();
    write(store, 2, 1, vec![asked(1)]).await.unwrap();
    let (playbook, since) = (name("triage"), at(200));
    let what = ToDo::Approve(approval());
    let task = Task { run: 1, position: 1, playbook, alert: 1, since, what };
    assert_eq!(store.tasks(None, 1).unwrap(), [task]);
    assert_eq!(places(store), [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1)]);
    write(store, 1, 5, vec![given(1), failed(2)]).await.unwrap();
    assert_eq!(places(store), [(1, 3), (1, 4), (2, 1)], "an action may end before anybody answers");
    write(store, 1, 7, vec![given(3), doubt(3), asked(5), given(5)]).await.unwrap();
    assert_eq!(places(store), [(1, 3), (1, 4), (2, 1)], "and be in doubt after somebody did");
    write(store, 1, 11, vec![end(RunStatus::Cancelled)]).await.unwrap();
    assert_eq!(places(store), [(2, 1)]);
}

pub(super) async fn to_take_an_alert_over_outlive_the_run(store: &dyn Store) {
    started(store, 2).await;
    write(store, 1, 1, vec![escalated("one"), question(1)]).await.unwrap();
    assert_eq!(places(store), [(1, 1), (1, ESCALATION)]);
    assert_eq!(record(store, 1).attention, 1);
    assert_eq!(store.alert(1).unwrap().unwrap().escalation, Some(escalation("one")));
    write(store, 1, 3, vec![escalated("two"), log("on"), escalated("three")]).await.unwrap();
    assert_eq!(places(store), [(1, 1), (1, ESCALATION)], "one run has one");
    assert_eq!(store.tasks(Some((1, 1)), 9).unwrap()[0].what, ToDo::TakeOver(escalation("three")));
    write(store, 1, 6, vec![answered(1), question(2), end(RunStatus::Succeeded)]).await.unwrap();
    assert_eq!(places(store), [(1, ESCALATION)]);
    // With the end, and where nothing else waited.
    write(store, 2, 1, vec![escalated("last"), end(RunStatus::Failed)]).await.unwrap();
    assert_eq!(places(store), [(1, ESCALATION), (2, ESCALATION)]);
    store.claim(1, Claim::Again).await.unwrap();
    store
        .append(Append { epoch: 2, ..append(1, 9, vec![question(3), end(RunStatus::Failed)]) })
        .await
        .unwrap();
    assert_eq!(places(store), [(1, ESCALATION), (2, ESCALATION)], "nor does a run that begins again end it");
}

pub(super) async fn to_take_an_alert_over_end_for_all_its_runs(store: &dyn Store) {
    started(store, 2).await;
    store.append_alert(at(1), super::alert("b")).await.unwrap();
    store.handle_alert(2, vec![run("triage", 2)]).await.unwrap();
    write(store, 1, 1, vec![escalated("one"), end(RunStatus::Succeeded)]).await.unwrap();
    for id in [2, 3] {
        write(store, id, 1, vec![question(1), escalated("two")]).await.unwrap();
    }
    let closed = store.change_alert(1, vec![AlertChange::Status(AlertStatus::Closed)]).await.unwrap();
    assert_eq!(closed.escalation, Some(escalation("two")));
    assert_eq!(places(store).len(), 5, "only what says so ends it");
    let taken = store.change_alert(1, vec![AlertChange::Taken]).await.unwrap();
    assert_eq!(taken.escalation, None);
    assert_eq!(
        places(store),
        [(2, 1), (3, 1), (3, ESCALATION)],
        "the other alert waits on, and so does the question"
    );
    assert_eq!(store.alert(2).unwrap().unwrap().escalation, Some(escalation("two")));
    write(store, 2, 3, vec![escalated("again")]).await.unwrap();
    assert_eq!(places(store)[1], (2, ESCALATION), "it may be needed again");
}
