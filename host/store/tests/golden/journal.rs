//! Entries of journals, in the form in which the store keeps them: place, time, event.

use palisade_model::{
    Timestamp,
    action::{Effect, Failure, Report, ReportStatus, Retry, RetryLimits},
    journal::{
        ActionEnded, ActionStarted, Began, By, ChildStarted, Decision, Divergence, Ended, Event, LogLevel,
        PromptAsked, Terms, Waited,
    },
    run::{RunStatus, Seq},
};
use palisade_store::contract::samples::{at, digest, name};
use serde_json::json;

use crate::{
    alerts::{changes, fresh},
    assert_every, check,
    runs::prompts,
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

fn actions() -> Vec<Event> {
    let terms = |effect, retry| Terms { effect, retry, limits: RetryLimits { attempts: 3, seconds: 900 } };
    let started = ActionStarted {
        position: 1,
        connector: "firewall".to_owned(),
        action: "block ip".to_owned(),
        wanted: Some("edge".to_owned()),
        asset: Some(name("edge")),
        terms: Some(terms(Effect::Contain, Retry::Keyed)),
        parameters: json!({ "ip": "203.0.113.7" }),
        undo: None,
        undo_after_ms: None,
    };
    let nowhere = ActionStarted { position: 2, wanted: None, asset: None, terms: None, ..started.clone() };
    let report = |status| Report {
        status,
        message: "Blocked.".to_owned(),
        summary: json!({ "rules": 1 }),
        data: json!([{ "rule": "block-7" }, null, -1, 1.5]),
    };
    let ended = |position, result, done_by| {
        let (attempts, took_us, upstream_us) = (2, 1_234_567, 1_200_000);
        Event::ActionEnded(ActionEnded {
            position,
            result,
            attempts,
            took_us,
            upstream_us,
            done_by,
            undo_at: None,
        })
    };
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
        ended(1, Ended::Report(report(ReportStatus::Success)), None),
        ended(3, Ended::Report(report(ReportStatus::Failed)), Some(1)),
        ended(4, Ended::Failure(Failure::Denied { message: "No.".to_owned() }), None),
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

/// Every kind of event, with every kind of content.
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
    (1_u64..).zip(events).map(|(seq, event)| (seq, at(1_767_323_045 + seq.cast_signed()), event)).collect()
}

#[test]
fn entries_of_every_kind() {
    let entries = entries();
    assert_every!(
        Event {
            Began,
            AskedTime,
            AskedRandom,
            Log,
            AlertChanged,
            ActionStarted,
            PromptAsked,
            ChildStarted,
            Waited,
            Returned,
            ActionSent,
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
        entries.iter().map(|(_, _, event)| event)
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
}
