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

use crate::history::{History, Kind};

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
            Event::ApprovalAsked(approval) => {
                self.calls.get_mut(&approval.position)?.asked_by = Some(approval.rule.as_str().into());
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
