//! Where a run stands, by its journal.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    approval::Approval,
    journal::{
        ActionEnded, ActionStarted, ApprovalAsked, Began, By, Decision, Ended, Entry, Event, PromptAsked,
    },
    run::{Position, RunId, RunStatus, Seq},
};
use serde_json::json;

/// Everything that a journal says about its run. It is built entry by entry, and what it says of a run that goes on is
/// all that the host knows of it.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) began: Began,
    /// The playbook's calls in order, each with its place.
    pub(crate) calls: VecDeque<(Seq, Event)>,
    /// Every step, as it stands.
    pub(crate) steps: BTreeMap<Position, Step>,
    /// The steps that have ended, in the order in which they did.
    pub(crate) ended: Vec<Position>,
    /// How they ended.
    pub(crate) results: HashMap<Position, ActionResult>,
    /// Actions that were done and count no more for the playbook, because the run was had go on from before them. They
    /// are not done again.
    pub(crate) done: Vec<Done>,
    /// The playbook's own end.
    pub(crate) returned: Option<(RunStatus, String)>,
    /// How the run ended, if it has.
    pub(crate) concluded: Option<(RunStatus, String)>,
    /// A person asked that it end.
    pub(crate) cancelled: Option<By>,
    /// A person stopped it for now.
    pub(crate) paused: bool,
    /// Of steps that were done before, as another step: the step that really did it.
    pub(crate) done_as: HashMap<Position, Position>,
    /// Steps that were only planned.
    pub(crate) planned: HashSet<Position>,
    /// The largest number of a step so far.
    pub(crate) last_step: Position,
    /// Bytes of parameters and reports.
    pub(crate) bytes: usize,
    /// Lines of log that actions wrote.
    pub(crate) action_lines: usize,
    /// Number of entries.
    pub(crate) entries: Seq,
    /// When the latest entry was written.
    pub(crate) latest: Timestamp,
}

/// A step that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Place of the entry that began it.
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) kind: Kind,
    /// Place of the entry that ended it.
    pub(crate) ended: Option<Seq>,
}

/// What a step is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Action(ActionStarted, Progress),
    Prompt(PromptAsked),
    /// None if there is no such playbook.
    Child(Option<RunId>),
}

/// How far an action got.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) attempts: u32,
    pub(crate) stage: Stage,
    /// The rules that asked, and heard from a person that it may happen, or from nobody in time that it may not; and the
    /// one that has let an attempt through.
    pub(crate) consents: Vec<String>,
    /// When the first attempt was known to have begun, for the limit on the time.
    pub(crate) pending_since: Option<Timestamp>,
}

/// The latest that is known of an action that has not ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Stage {
    /// Nothing was sent, or what was sent has no lasting effect.
    #[default]
    Begun,
    /// It waits for a person's consent.
    Asked(Box<Approval>),
    /// A mutating one was sent, and nobody heard the end.
    Sent,
    /// An attempt failed; the next is due then.
    Retried(Timestamp),
    /// The system works on it.
    Pending { token: String, next: Timestamp },
    /// A person must say.
    InDoubt,
    /// Somebody has said how it ended.
    Decided(Box<ActionResult>),
}

/// An action that was done and whose step counts no more.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub(crate) position: Position,
    pub(crate) started: ActionStarted,
    pub(crate) report: Report,
}

/// Why a list of entries is no journal.
#[derive(Debug, thiserror::Error)]
#[error("entry {seq} does not follow from those before it: {why}")]
pub(crate) struct NotAJournal {
    seq: Seq,
    why: &'static str,
}

impl History {
    /// Reads a whole journal.
    pub(crate) fn read(entries: impl IntoIterator<Item = Entry>) -> Result<Self, NotAJournal> {
        let mut entries = entries.into_iter();
        let Some(Entry { seq: 1, at, event: Event::Began(began) }) = entries.next() else {
            return Err(NotAJournal { seq: 1, why: "a journal begins with what the run begins with" });
        };
        let mut history = Self::of_new(*began, at);
        for entry in entries {
            history.follow(entry)?;
        }
        Ok(history)
    }

    /// The history of a run that has just begun.
    pub(crate) fn of_new(began: Began, at: Timestamp) -> Self {
        Self {
            began,
            calls: VecDeque::new(),
            steps: BTreeMap::new(),
            ended: Vec::new(),
            results: HashMap::new(),
            done: Vec::new(),
            returned: None,
            concluded: None,
            cancelled: None,
            paused: false,
            done_as: HashMap::new(),
            planned: HashSet::new(),
            last_step: 0,
            bytes: 0,
            action_lines: 0,
            entries: 1,
            latest: at,
        }
    }

    /// The steps that have not ended.
    pub(crate) fn open(&self) -> impl Iterator<Item = (Position, &Step)> {
        self.steps.iter().filter(|(_, step)| step.ended.is_none()).map(|(position, step)| (*position, step))
    }

    /// The action that failed last, if a person names none.
    pub(crate) fn last_failed(&self) -> Option<Position> {
        let failed = |position: &&Position| {
            matches!(self.steps.get(position), Some(Step { kind: Kind::Action(..), .. }))
                && self.results.get(position).is_some_and(Result::is_err)
        };
        self.ended.iter().rev().find(failed).copied()
    }

    /// The step that really did what this one reports.
    pub(crate) fn doer(&self, position: Position) -> Position {
        self.done_as.get(&position).copied().unwrap_or(position)
    }

    fn follow(&mut self, entry: Entry) -> Result<(), NotAJournal> {
        let Entry { seq, at, event } = entry;
        let wrong = |why| NotAJournal { seq, why };
        if seq != self.entries + 1 {
            return Err(wrong("an entry is missing"));
        }
        (self.entries, self.latest) = (seq, at);
        if event.is_call() {
            self.calls.push_back((seq, event.clone()));
        }
        match event {
            Event::Began(_) => return Err(wrong("a run begins once")),
            Event::AskedTime { .. }
            | Event::AskedRandom { .. }
            | Event::AskedList { .. }
            | Event::ListChanged { .. }
            | Event::AskedHistory { .. }
            | Event::AlertChanged(_)
            | Event::Waited(_)
            | Event::Diverged(_) => {}
            Event::Log { action, .. } => self.action_lines += usize::from(action.is_some()),
            Event::ActionStarted(started) => {
                self.bytes += started.parameters.to_string().len();
                let position = started.position;
                self.begin(seq, at, position, Kind::Action(started, Progress::default()));
            }
            Event::PromptAsked(asked) => self.begin(seq, at, asked.position, Kind::Prompt(asked)),
            Event::ChildStarted(child) => self.begin(seq, at, child.position, Kind::Child(child.run)),
            Event::ApprovalAsked(ApprovalAsked { position, approval }) => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                action.stage = Stage::Asked(Box::new(approval));
            }
            Event::ApprovalGiven { position, approved, by } => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                if let (true, Stage::Asked(approval)) = (approved, &action.stage) {
                    action.consents.push(approval.rule.clone());
                }
                action.stage = if approved {
                    Stage::Begun
                } else {
                    // A crash may have come between the refusal and the end that follows from it.
                    Stage::Decided(Box::new(Err(refused(by.as_ref()))))
                };
            }
            Event::ActionSent { position, attempt, rule } => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                (action.attempts, action.stage) = (attempt, Stage::Sent);
                action.consents.push(rule);
            }
            Event::ActionRetried { position, attempt, next, .. } => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                (action.attempts, action.stage) = (attempt, Stage::Retried(next));
                action.pending_since = None;
            }
            Event::ActionPending { position, token, next, .. } => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                action.stage = Stage::Pending { token, next };
                action.pending_since.get_or_insert(at);
            }
            Event::ActionInDoubt { position, .. } => {
                self.action(position).ok_or_else(|| wrong("no such action is open"))?.stage = Stage::InDoubt;
            }
            Event::ActionDecided { position, decision, by } => {
                let action = self.action(position).ok_or_else(|| wrong("no such action is open"))?;
                // A crash may have come between the decision and the end that follows from it.
                action.stage =
                    decided(decision, &by).map_or(Stage::Begun, |result| Stage::Decided(Box::new(result)));
            }
            Event::ActionEnded(ActionEnded { position, result, done_by, .. }) => {
                if let Ended::Planned(_) = &result {
                    self.planned.insert(position);
                }
                if let Ended::Report(report) = &result {
                    self.bytes += report.summary.to_string().len() + report.data.to_string().len();
                }
                if let Some(earlier) = done_by {
                    self.done.retain(|done| done.position != earlier);
                    self.done_as.insert(position, self.doer(earlier));
                }
                self.end(seq, position, result.into()).map_err(wrong)?;
            }
            Event::PromptAnswered { position, answer, by } => {
                self.end(seq, position, Ok(answered(&answer, by.as_ref()))).map_err(wrong)?;
            }
            Event::StepRefused { position, failure } => {
                self.end(seq, position, Err(failure)).map_err(wrong)?;
            }
            Event::ChildEnded { position, status, message } => {
                let Some(Kind::Child(Some(run))) = self.steps.get(&position).map(|step| &step.kind) else {
                    return Err(wrong("no such run was started"));
                };
                let report = child_report(*run, status, message);
                self.end(seq, position, Ok(report)).map_err(wrong)?;
            }
            Event::Returned { status, message } => self.returned = Some((status, message)),
            Event::Paused(_) => self.paused = true,
            Event::Resumed(_) => self.paused = false,
            Event::CancelAsked(by) => self.cancelled = Some(by),
            Event::Retried { position, .. } => self.go_back_to(position).map_err(wrong)?,
            Event::Concluded { status, message } => self.concluded = Some((status, message)),
        }
        Ok(())
    }

    fn begin(&mut self, seq: Seq, at: Timestamp, position: Position, kind: Kind) {
        self.last_step = self.last_step.max(position);
        self.steps.insert(position, Step { seq, at, kind, ended: None });
    }

    fn action(&mut self, position: Position) -> Option<&mut Progress> {
        match self.steps.get_mut(&position) {
            Some(Step { kind: Kind::Action(_, progress), ended: None, .. }) => Some(progress),
            _ => None,
        }
    }

    fn end(&mut self, seq: Seq, position: Position, result: ActionResult) -> Result<(), &'static str> {
        let step = self.steps.get_mut(&position).ok_or("no such step was begun")?;
        if step.ended.replace(seq).is_some() {
            return Err("the step has ended before");
        }
        self.ended.push(position);
        self.results.insert(position, result);
        Ok(())
    }

    /// Takes back everything that the playbook did after it could know that this step failed.
    fn go_back_to(&mut self, position: Position) -> Result<(), &'static str> {
        let step = self.steps.get_mut(&position).ok_or("no such step was begun")?;
        let since = step.ended.take().ok_or("the step has not ended")?;
        if let Kind::Action(_, progress) = &mut step.kind {
            // Consent was to what failed.
            *progress = Progress { attempts: progress.attempts, ..Progress::default() };
        }
        self.results.remove(&position);
        self.calls.retain(|(seq, _)| *seq < since);
        for (position, step) in self.steps.extract_if(.., |_, step| step.seq > since) {
            let result = self.results.remove(&position);
            if let (Kind::Action(started, _), Some(Ok(report))) = (step.kind, result)
                && started.mutates()
                && !self.planned.contains(&position)
                && report.status == ReportStatus::Success
            {
                self.done.push(Done { position, started, report });
            }
        }
        let steps = &self.steps;
        self.ended.retain(|one| *one != position && steps.contains_key(one));
        (self.returned, self.concluded, self.cancelled) = (None, None, None);
        Ok(())
    }
}

/// What a prompt reports that was answered, or was not in time.
pub(crate) fn answered(answer: &serde_json::Value, by: Option<&By>) -> Report {
    let words = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
    Report {
        status: ReportStatus::Success,
        message: match by {
            Some(By { by, .. }) => format!("{by} answered: {words}."),
            None => format!("Nobody answered in time: {words}."),
        },
        summary: json!({ "answer": answer, "by": by.map(|by| &by.by) }),
        data: json!({ "answer": answer, "by": by.map(|by| &by.by) }),
    }
}

/// What an action fails with for which there is no consent.
pub(crate) fn refused(by: Option<&By>) -> Failure {
    let message = match by {
        Some(By { by, note, .. }) if note.is_empty() => format!("{by} did not approve it"),
        Some(By { by, note, .. }) => format!("{by} did not approve it: {note}"),
        None => "nobody approved it in time".to_owned(),
    };
    Failure::Denied { message }
}

/// What an action in doubt ends with; nothing if it is sent again.
pub(crate) fn decided(decision: Decision, by: &By) -> Option<ActionResult> {
    match decision {
        Decision::NotDone => None,
        Decision::Done => Some(Ok(Report {
            status: ReportStatus::Success,
            message: format!("{} says that it took effect.", by.by),
            summary: json!({}),
            data: serde_json::Value::Null,
        })),
        Decision::GiveUp => Some(Err(Failure::Cancelled {
            message: format!("{} gave it up; nobody knows whether it took effect", by.by),
        })),
    }
}

/// What a run reports to the one that started it.
pub(crate) fn child_report(run: RunId, status: RunStatus, message: String) -> Report {
    let success = status == RunStatus::Succeeded;
    Report {
        status: if success { ReportStatus::Success } else { ReportStatus::Failed },
        message,
        summary: json!({ "run": run, "status": status }),
        data: json!({ "run": run, "status": status }),
    }
}

/// The failure of a step that a person ended with its run.
pub(crate) fn cancelled(by: &By) -> Failure {
    Failure::Cancelled { message: format!("{} ended the run", by.by) }
}

#[cfg(test)]
mod tests {
    use palisade_model::{
        action::{Effect, Retry, RetryLimits},
        alert::{Alert, NewAlert, Severity},
        journal::{Terms, Waited},
        plugin::Digest,
    };

    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_second(i64::try_from(second).unwrap()).unwrap()
    }

    fn read(events: Vec<Event>) -> Result<History, NotAJournal> {
        let alert = NewAlert {
            source: "test".into(),
            source_id: "1".into(),
            name: "Beacon".into(),
            label: "c2".into(),
            severity: Severity::High,
            description: String::new(),
            link: None,
            artifacts: Vec::new(),
        };
        let began = Began::new(Digest::from_bytes([7; 32]), Alert::new(1, at(0), alert));
        let events = std::iter::once(Event::Began(Box::new(began))).chain(events);
        History::read((1..).zip(events).map(|(seq, event)| Entry { seq, at: at(seq), event }))
    }

    fn start(position: Position, effect: Effect) -> Event {
        Event::ActionStarted(ActionStarted {
            position,
            connector: "firewall".into(),
            action: "block ip".into(),
            wanted: None,
            asset: None,
            terms: Some(Terms { effect, retry: Retry::Unsafe, limits: RetryLimits::default() }),
            parameters: json!({ "ip": "203.0.113.7", "step": position }),
            undo: None,
            undo_after_ms: None,
        })
    }

    fn end(position: Position, result: ActionResult) -> Event {
        Event::ActionEnded(ActionEnded {
            position,
            result: result.into(),
            attempts: 1,
            took_us: 0,
            upstream_us: 0,
            done_by: None,
            undo_at: None,
        })
    }

    fn good() -> ActionResult {
        Ok(answered(&json!("yes"), None))
    }

    fn bad() -> ActionResult {
        Err(Failure::Unavailable { message: "it is down".into() })
    }

    fn wait(step: Position) -> Event {
        Event::Waited(Waited { steps: vec![step], until: None, ended: Some(step) })
    }

    fn stage(history: &History, step: Position) -> Stage {
        match &history.steps[&step].kind {
            Kind::Action(_, progress) => progress.stage.clone(),
            other => panic!("{other:?} is no action"),
        }
    }

    #[test]
    fn an_action_is_where_its_latest_entry_says() {
        let sent = |position| Event::ActionSent { position, attempt: 1, rule: String::new() };
        let history = read(vec![
            start(1, Effect::Contain),
            start(2, Effect::Contain),
            sent(2),
            start(3, Effect::Contain),
            sent(3),
            Event::ActionPending {
                position: 3,
                token: "job 7".into(),
                message: "queued".into(),
                next: at(60),
            },
            start(4, Effect::Contain),
            sent(4),
            Event::ActionInDoubt { position: 4, message: "the connection broke".into() },
            start(5, Effect::Contain),
            sent(5),
            end(5, good()),
        ])
        .unwrap();
        assert_eq!(stage(&history, 1), Stage::Begun);
        assert_eq!(stage(&history, 2), Stage::Sent);
        assert_eq!(stage(&history, 3), Stage::Pending { token: "job 7".into(), next: at(60) });
        assert_eq!(stage(&history, 4), Stage::InDoubt);
        assert_eq!(history.open().map(|(position, _)| position).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!((history.calls.len(), history.ended), (5, vec![5]));
    }

    #[test]
    fn a_run_tried_again_keeps_what_it_has_done() {
        let by = By { by: "anna".into(), note: String::new(), by_admin: false };
        let history = read(vec![
            start(1, Effect::Contain),
            end(1, bad()),
            wait(1),
            // What the playbook did because the first one failed.
            start(2, Effect::Generic),
            end(2, good()),
            start(3, Effect::Investigate),
            end(3, good()),
            Event::Concluded { status: RunStatus::Failed, message: "not blocked".into() },
            Event::Retried { position: 1, by },
        ])
        .unwrap();
        assert_eq!(history.calls.len(), 1, "the playbook has only asked for the block yet");
        assert_eq!(history.open().map(|(position, _)| position).collect::<Vec<_>>(), [1]);
        assert_eq!(stage(&history, 1), Stage::Begun);
        let done: Vec<_> = history.done.iter().map(|done| done.position).collect();
        assert_eq!(done, [2], "a ticket is not created again; a look-up may be");
        assert_eq!((history.last_step, history.concluded), (3, None), "no number is given twice");
    }

    #[test]
    fn what_does_not_follow_is_no_journal() {
        for (why, events) in [
            ("an end without a beginning", vec![end(1, good())]),
            ("two ends", vec![start(1, Effect::Contain), end(1, good()), end(1, bad())]),
            (
                "sent after its end",
                vec![
                    start(1, Effect::Contain),
                    end(1, good()),
                    Event::ActionSent { position: 1, attempt: 2, rule: String::new() },
                ],
            ),
        ] {
            assert!(read(events).is_err(), "{why}");
        }
        assert!(History::read(Vec::new()).is_err());
    }
}
