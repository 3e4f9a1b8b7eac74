//! What of a run goes into the audit log: mutating actions and how they ended, and what people decided.
//!
//! A record follows from the event that goes into the journal, and both are one write. What only reads, and what a
//! playbook asks for and nobody does, is in the journal alone.

use std::collections::HashMap;

use palisade_model::{
    Timestamp,
    action::{Failure, ReportStatus},
    audit::{Call, Excerpt, HOST, OfRun, Record, Step, Text, What},
    journal::{ActionEnded, ActionStarted, By, Ended, Event},
    name::Name,
    run::{Position, Run, RunId},
};

use crate::history::{History, Kind, Stage};

/// What of one run goes into the audit log.
pub(crate) struct Audit {
    run: RunId,
    playbook: Name,
    /// The mutating actions that have not ended.
    calls: HashMap<Position, Started>,
}

/// A mutating action.
struct Started {
    call: Call,
    parameters: Excerpt,
    sent: bool,
    /// The rule that asked for consent to it.
    asked_by: Option<Text>,
}

impl Audit {
    /// Of a run that is only told something.
    pub(crate) fn of(run: &Run) -> Self {
        Self { run: run.id, playbook: run.playbook.clone(), calls: HashMap::new() }
    }

    /// Of a run that goes on from its journal.
    pub(crate) fn after(run: &Run, history: &History) -> Self {
        let mut audit = Self::of(run);
        for (_, step) in history.open() {
            if let Kind::Action(started, progress) = &step.kind {
                audit.start(started, progress.attempts > 0);
                if let (Stage::Asked(approval), Some(call)) =
                    (&progress.stage, audit.calls.get_mut(&started.position))
                {
                    call.asked_by = Some(approval.rule.as_str().into());
                }
            }
        }
        audit
    }

    /// The record of an event that is written to the journal; none if it is of no concern.
    pub(crate) fn record(&mut self, at: Timestamp, event: &Event) -> Option<Record> {
        let person = |by: &By, what| Some(Record::said(at, by, what));
        let run = format!("run {}", self.run);
        let ours = |what| Some(Record::new(at, run.as_str(), what));
        match event {
            Event::ActionStarted(started) => {
                self.start(started, false);
                None
            }
            Event::ActionSent { position, attempt, rule } => {
                let Started { call, parameters, sent, .. } = self.calls.get_mut(position)?;
                *sent = true;
                // Who goes on where nobody heard the end was let through before.
                if !rule.is_empty() {
                    call.rule = Some(rule.as_str().into());
                }
                let (call, parameters) = (call.clone(), parameters.clone());
                ours(What::ActionSent { call, attempt: *attempt, parameters })
            }
            Event::ActionInDoubt { position, message } => {
                let call = self.calls.get(position)?.call.clone();
                ours(What::ActionInDoubt { call, message: message.as_str().into() })
            }
            Event::ActionEnded(ended) => ours(self.end(ended)?),
            Event::ActionDecided { position, decision, by } => {
                let (at, note) = (self.step(*position), by.note.as_str().into());
                person(by, What::DoubtDecided { at, decision: *decision, note })
            }
            Event::PromptAnswered { position, answer, by } => {
                let note = by.as_ref().map_or("", |by| &by.note).into();
                let what = What::PromptAnswered { at: self.step(*position), answer: answer.into(), note };
                match by {
                    Some(by) => person(by, what),
                    None => Some(Record::new(at, HOST, what)),
                }
            }
            Event::ApprovalAsked(asked) => {
                self.calls.get_mut(&asked.position)?.asked_by = Some(asked.approval.rule.as_str().into());
                None
            }
            Event::ApprovalGiven { position, approved, by } => {
                let note = by.as_ref().map_or("", |by| &by.note).into();
                let rule = self.calls.get(position).and_then(|started| started.asked_by.clone());
                let what =
                    What::ApprovalDecided { at: self.step(*position), approved: *approved, rule, note };
                match by {
                    Some(by) => person(by, what),
                    None => Some(Record::new(at, HOST, what)),
                }
            }
            Event::Paused(by) => person(by, What::RunPaused(self.whole(by))),
            Event::Resumed(by) => person(by, What::RunResumed(self.whole(by))),
            Event::CancelAsked(by) => person(by, What::RunCancelled(self.whole(by))),
            Event::Retried { position, by } => {
                person(by, What::RunRetried { at: self.step(*position), note: by.note.as_str().into() })
            }
            _ => None,
        }
    }

    fn start(&mut self, started: &ActionStarted, sent: bool) {
        let Some(terms) = started.terms.filter(|terms| terms.effect.mutates()) else { return };
        let call = Call {
            at: self.step(started.position),
            connector: started.connector.as_str().into(),
            action: started.action.as_str().into(),
            asset: started.asset.clone(),
            effect: terms.effect,
            rule: None,
        };
        let parameters = (&started.parameters).into();
        self.calls.insert(started.position, Started { call, parameters, sent, asked_by: None });
    }

    /// How a mutating action ended, if it was sent or forbidden.
    fn end(&mut self, ended: &ActionEnded) -> Option<What> {
        let Started { call, sent, .. } = self.calls.remove(&ended.position)?;
        let attempts = ended.attempts;
        match &ended.result {
            Ended::Failure(Failure::Denied { message }) if !sent => {
                Some(What::ActionDenied { call, message: message.as_str().into() })
            }
            // What is only planned was not sent.
            Ended::Planned(_) => None,
            _ if !sent => None,
            Ended::Report(report) => {
                let succeeded = report.status == ReportStatus::Success;
                Some(What::ActionEnded { call, attempts, succeeded, message: report.message.as_str().into() })
            }
            Ended::Failure(failure) => {
                let message = failure.to_string().as_str().into();
                Some(What::ActionEnded { call, attempts, succeeded: false, message })
            }
        }
    }

    fn step(&self, position: Position) -> Step {
        Step { run: self.run, step: position, playbook: self.playbook.clone() }
    }

    fn whole(&self, by: &By) -> OfRun {
        OfRun { run: self.run, playbook: self.playbook.clone(), note: by.note.as_str().into() }
    }
}

#[cfg(test)]
mod tests {
    use palisade_model::{
        action::{Effect, Retry, RetryLimits},
        journal::{Entry, Terms},
    };
    use serde_json::json;

    use super::*;

    fn run() -> Run {
        let run = json!({
            "id": 17, "alert": 42, "playbook": "triage", "digest": "ab".repeat(32), "status": "running",
            "started": "2026-01-01T00:00:00Z", "entries": 1, "epoch": 1,
        });
        serde_json::from_value(run).unwrap()
    }

    fn started(position: Position, effect: Effect) -> Event {
        let terms = Terms { effect, retry: Retry::Unsafe, limits: RetryLimits::default() };
        Event::ActionStarted(ActionStarted {
            position,
            connector: "panos".into(),
            action: "block ip".into(),
            wanted: None,
            asset: Some("edge".parse().unwrap()),
            terms: Some(terms),
            parameters: json!({ "ip": "203.0.113.7" }),
            undo: None,
            undo_after_ms: None,
        })
    }

    fn sent(position: Position) -> Event {
        Event::ActionSent { position, attempt: 1, rule: "servers".into() }
    }

    fn failed(position: Position, failure: Failure) -> Event {
        Event::ActionEnded(ActionEnded::uncalled(position, Err(failure), 1))
    }

    fn denied() -> Failure {
        Failure::Denied { message: "not declared".into() }
    }

    fn cancelled() -> Failure {
        Failure::Cancelled { message: "anna".into() }
    }

    /// The kinds of the records that these events leave.
    fn kinds(audit: &mut Audit, events: &[Event]) -> Vec<String> {
        let records = events.iter().filter_map(|event| audit.record(Timestamp::UNIX_EPOCH, event));
        records.map(|record| serde_json::to_value(record).unwrap()["what"].as_str().unwrap().into()).collect()
    }

    #[test]
    fn what_changes_nothing_is_not_on_the_record() {
        let looked_up = [started(1, Effect::Investigate), sent(1), failed(1, cancelled())];
        assert_eq!(kinds(&mut Audit::of(&run()), &looked_up), [""; 0]);
        // It was begun, and nobody was told.
        assert_eq!(
            kinds(&mut Audit::of(&run()), &[started(1, Effect::Contain), failed(1, cancelled())]),
            [""; 0]
        );
    }

    #[test]
    fn what_was_sent_or_forbidden_is() {
        let blocked = [started(1, Effect::Contain), sent(1), failed(1, denied())];
        assert_eq!(kinds(&mut Audit::of(&run()), &blocked), ["action-sent", "action-ended"]);
        let forbidden = [started(1, Effect::Contain), failed(1, denied())];
        assert_eq!(kinds(&mut Audit::of(&run()), &forbidden), ["action-denied"]);
    }

    #[test]
    fn what_was_sent_before_a_crash_ends_on_the_record() {
        let alert = json!({
            "id": 42, "received": "2026-01-01T00:00:00Z", "status": "new", "source": "ids", "source_id": "1",
            "name": "Scan", "label": "scan", "severity": "high", "description": "", "artifacts": [],
        });
        let began = json!({ "event": "began", "digest": "ab".repeat(32), "alert": alert });
        let began: Event = serde_json::from_value(began).unwrap();
        let events = [began, started(1, Effect::Contain), sent(1), started(2, Effect::Contain)];
        let entries = (1..).zip(events).map(|(seq, event)| Entry { seq, at: Timestamp::UNIX_EPOCH, event });
        let history = History::read(entries).unwrap();
        let mut audit = Audit::after(&run(), &history);
        assert_eq!(kinds(&mut audit, &[failed(1, cancelled()), failed(2, cancelled())]), ["action-ended"]);
    }
}
