//! Entries of journals, in the form in which the store keeps them: place, time, event.

use palisade_model::{
    Timestamp,
    action::{Effect, Failure, Report, ReportStatus, Retry, RetryLimits},
    alert::{AlertChange, Severity},
    earlier::Earlier,
    journal::{
        ActionEnded, ActionStarted, ApprovalAsked, Began, By, ChildStarted, Decision, Divergence, Ended,
        Event, LogLevel, Planned, PlannedRequest, PromptAsked, Terms, Waited,
    },
    list::Found,
    run::{Mode, Position, RunStatus, Seq},
    undo::{Undo, UndoStep},
};
use palisade_store::contract::samples::{at, digest, name};
use serde_json::json;

use crate::{
    alerts::{changes, fresh, later_changes},
    assert_every, check,
    registry::list_entries,
    runs::{approvals, prompts},
};

/// One of each kind.
fn failures() -> Vec<Failure> {
    let message = || "No.".to_owned();
    vec![
        Failure::InvalidParameters { message: message() },
        Failure::Authentication { message: message() },
        Failure::NotFound { message: message() },
        Failure::RateLimited { retry_after_ms: Some(1_500), message: message() },
        Failure::RateLimited { retry_after_ms: None, message: message() },
        Failure::Upstream { http_status: Some(500), message: message() },
        Failure::Upstream { http_status: None, message: message() },
        Failure::Unavailable { message: message() },
        Failure::Denied { message: message() },
        Failure::Cancelled { message: message() },
        Failure::Plugin { message: message() },
    ]
}

fn by() -> By {
    By { by: "Ada".to_owned(), note: "The ticket says so.".to_owned(), by_admin: false }
}

fn started() -> ActionStarted {
    let limits = RetryLimits { attempts: 3, seconds: 900 };
    ActionStarted {
        position: 1,
        connector: "firewall".to_owned(),
        action: "block ip".to_owned(),
        wanted: Some("edge".to_owned()),
        asset: Some(name("edge")),
        terms: Some(Terms { effect: Effect::Contain, retry: Retry::Keyed, limits }),
        parameters: json!({ "ip": "203.0.113.7" }),
        undo: None,
        undo_after_ms: None,
    }
}

pub(crate) fn ended(position: Position, result: Ended) -> ActionEnded {
    let (attempts, took_us, upstream_us) = (2, 1_234_567, 1_200_000);
    ActionEnded { position, result, attempts, took_us, upstream_us, done_by: None, undo_at: None }
}

pub(crate) fn report() -> Ended {
    reported(ReportStatus::Success)
}

fn reported(status: ReportStatus) -> Ended {
    Ended::Report(Report {
        status,
        message: "Blocked.".to_owned(),
        summary: json!({ "rules": 1 }),
        data: json!([{ "rule": "block-7" }, null, -1, 1.5]),
    })
}

fn actions() -> Vec<Event> {
    let started = started();
    let nowhere = ActionStarted { position: 2, wanted: None, asset: None, terms: None, ..started.clone() };
    vec![
        Event::ActionStarted(started),
        Event::ActionStarted(nowhere),
        Event::ActionSent { position: 1, attempt: 1, rule: String::new() },
        Event::ActionPending {
            position: 1,
            token: "job 7".to_owned(),
            message: "Half done.".to_owned(),
            next: at(1_767_323_050),
        },
        Event::ActionInDoubt { position: 1, message: "The connection broke.".to_owned() },
        Event::ActionEnded(ended(1, report())),
        Event::ActionEnded(ActionEnded { done_by: Some(1), ..ended(3, reported(ReportStatus::Failed)) }),
        Event::ActionEnded(ended(4, Ended::Failure(Failure::Denied { message: "No.".to_owned() }))),
    ]
}

fn decisions() -> Vec<Event> {
    let decisions = [Decision::Done, Decision::NotDone, Decision::GiveUp];
    assert_every!(Decision { Done, NotDone, GiveUp }, &decisions);
    let decided = |decision| Event::ActionDecided { position: 1, decision, by: by() };
    decisions.map(decided).to_vec()
}

fn logs() -> Vec<Event> {
    let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
    assert_every!(LogLevel { Debug, Info, Warn, Error }, &levels);
    let line = |action| move |level| Event::Log { action, level, message: "one\ntwo".to_owned() };
    levels.map(line(None)).into_iter().chain([line(Some(1))(LogLevel::Info)]).collect()
}

fn prompted() -> Vec<Event> {
    let asked = (5..).zip(prompts()).map(|(position, prompt)| PromptAsked { position, prompt });
    let answered = |position, answer, by| Event::PromptAnswered { position, answer, by };
    let answers = [answered(5, json!("isolate"), Some(by())), answered(7, json!(8), None)];
    asked.map(Event::PromptAsked).chain(answers).collect()
}

fn others() -> Vec<Event> {
    let child = |position, run| ChildStarted { position, playbook: "isolate".to_owned(), run };
    let waited = |until, ended| Waited { steps: vec![1, 5], until, ended };
    let message = || "That was it.".to_owned();
    let status = RunStatus::Failed;
    vec![
        Event::AskedTime { ms: 1_767_323_045_678 },
        Event::AskedRandom { bytes: "00ff".to_owned() },
        Event::ChildStarted(child(8, Some(18))),
        Event::ChildStarted(child(9, None)),
        Event::ChildEnded { position: 8, status: RunStatus::Succeeded, message: message() },
        Event::Waited(waited(None, Some(5))),
        Event::Waited(waited(Some(1_767_323_050_000), None)),
        Event::Paused(by()),
        Event::Resumed(By { note: String::new(), ..by() }),
        Event::CancelAsked(by()),
        Event::Retried { position: 1, by: by() },
        Event::Diverged(Divergence {
            at_entry: 9,
            expected: "random 8".to_owned(),
            actual: "log".to_owned(),
        }),
        Event::Returned { status, message: message() },
        Event::Concluded { status, message: message() },
    ]
}

/// Every kind of event that there was at first, with every kind of content.
pub(crate) fn entries() -> Vec<(Seq, Timestamp, Event)> {
    let next = at(1_767_323_050);
    let failed = |failure: Failure| {
        [
            Event::ActionRetried { position: 1, attempt: 1, failure: failure.clone(), next },
            Event::StepRefused { position: 2, failure },
        ]
    };
    let events = [Event::Began(Box::new(Began::new(digest(0xab), fresh())))]
        .into_iter()
        .chain(changes().into_iter().map(Event::AlertChanged))
        .chain(actions())
        .chain(failures().into_iter().flat_map(failed))
        .chain(decisions())
        .chain(logs())
        .chain(prompted())
        .chain(others());
    numbered(events)
}

fn numbered(events: impl IntoIterator<Item = Event>) -> Vec<(Seq, Timestamp, Event)> {
    (1_u64..).zip(events).map(|(seq, event)| (seq, at(1_767_323_045 + seq.cast_signed()), event)).collect()
}

/// What has come since: the beginnings of runs that are configured, planned, and that take back.
fn beginnings() -> Vec<Event> {
    let began = || Began::new(digest(0xab), fresh());
    let configuration = json!({ "threshold": 5, "hosts": ["db-1"] }).as_object().unwrap().clone();
    let step = UndoStep {
        position: 4,
        connector: "firewall".to_owned(),
        action: "block ip".to_owned(),
        undo: "unblock ip".to_owned(),
        asset: name("edge"),
        parameters: json!({ "ip": "203.0.113.7" }),
    };
    let undo = |by| Some(Undo { of: 16, by, steps: vec![step.clone()] });
    [
        Began { configuration, mode: Mode::Safe, ..began() },
        Began { mode: Mode::Plan, assumed: Some(json!("isolate")), ..began() },
        Began { undo: undo(Some(by())), ..began() },
        Began { undo: undo(None), ..began() },
    ]
    .map(|began| Event::Began(Box::new(began)))
    .to_vec()
}

/// What has come since: looks into lists and history.
fn looks() -> Vec<Event> {
    let entry = list_entries().remove(0);
    let found = [Found::Entry(entry.clone()), Found::Nothing, Found::NoList, Found::Undeclared, Found::Full];
    assert_every!(Found { Entry, Nothing, NoList, Undeclared, Full }, &found);
    let look =
        |found| Event::AskedList { list: name("access-list"), value: "Kim@acme.example".to_owned(), found };
    let which = Earlier {
        label: "c2".to_owned(),
        field: "sourceUserName".to_owned(),
        value: "Kim".to_owned(),
        since: at(1_767_000_000),
        severity: Severity::Medium,
    };
    let mut looks = found.map(look).to_vec();
    looks.push(Event::ListChanged { list: name("repeat-offenders"), entry });
    looks.push(Event::AskedHistory { which, count: 3 });
    looks
}

/// What has come since: actions that are judged, planned, and taken back.
fn judged() -> Vec<Event> {
    let request = |body: &str| PlannedRequest {
        method: "POST".to_owned(),
        url: "https://fw.example.com/block".to_owned(),
        body: body.to_owned(),
    };
    let planned = Planned {
        requests: vec![request("ip=203.0.113.7"), request("")],
        policy: "It would need consent.".to_owned(),
    };
    let results = [report(), Ended::Planned(planned), Ended::Planned(Planned::default())];
    let failure = Ended::Failure(Failure::Denied { message: "No.".to_owned() });
    assert_every!(Ended { Report, Failure, Planned }, results.iter().chain([&failure]));
    let undo = Some("unblock ip".to_owned());
    let given = |approved, by| Event::ApprovalGiven { position: 10, approved, by };
    let mut events = vec![
        Event::ActionStarted(ActionStarted { undo, undo_after_ms: Some(3_600_000), ..started() }),
        Event::ActionSent { position: 1, attempt: 1, rule: "allow the firewall".to_owned() },
        given(true, Some(By { by_admin: true, ..by() })),
        given(false, None),
    ];
    events.extend(approvals_asked());
    let undo_at = Some(at(1_767_326_645));
    events.extend(results.map(|result| Event::ActionEnded(ActionEnded { undo_at, ..ended(1, result) })));
    events
}

pub(crate) fn approvals_asked() -> impl Iterator<Item = Event> {
    let asked = (10..).zip(approvals()).map(|(position, approval)| ApprovalAsked { position, approval });
    asked.map(Event::ApprovalAsked)
}

/// Every kind of event and of content that has come since the first.
pub(crate) fn later_entries() -> Vec<(Seq, Timestamp, Event)> {
    let changes = later_changes().into_iter().map(Event::AlertChanged);
    numbered(beginnings().into_iter().chain(changes).chain(looks()).chain(judged()))
}

/// What has come since then: a run that keeps its connectors.
fn begun_with_connectors() -> Vec<(Seq, Timestamp, Event)> {
    let connectors = [(name("firewall"), digest(0xcd))].into();
    let began = Began { connectors, ..Began::new(digest(0xab), fresh()) };
    numbered([Event::Began(Box::new(began))])
}

#[test]
fn entries_of_every_kind() {
    let (entries, later) = (entries(), later_entries());
    let events = || entries.iter().chain(&later).map(|(_, _, event)| event);
    assert_every!(
        Event {
            Began,
            AskedTime,
            AskedRandom,
            Log,
            AskedList,
            ListChanged,
            AskedHistory,
            AlertChanged,
            ActionStarted,
            PromptAsked,
            ChildStarted,
            Waited,
            Returned,
            ActionSent,
            ApprovalAsked,
            ApprovalGiven,
            ActionRetried,
            ActionPending,
            ActionInDoubt,
            ActionDecided,
            ActionEnded,
            PromptAnswered,
            StepRefused,
            ChildEnded,
            Paused,
            Resumed,
            CancelAsked,
            Retried,
            Diverged,
            Concluded,
        },
        events()
    );
    assert_every!(
        AlertChange { Severity, Status, Owner, Note, Artifact, Escalated, Taken },
        events().filter_map(|event| match event {
            Event::AlertChanged(change) => Some(change),
            _ => None,
        })
    );
    assert_every!(
        Failure {
            InvalidParameters,
            Authentication,
            NotFound,
            RateLimited,
            Upstream,
            Unavailable,
            Denied,
            Cancelled,
            Plugin,
        },
        &failures()
    );
    check("entries.json", &entries);
    check("entries-2.json", &later);
    check("entries-3.json", &begun_with_connectors());
}
