//! The journal of a run: what its playbook asked for, what came of it, and what people decided, in order.
//!
//! A run is exactly what its journal says. Some entries are *calls* of the playbook ([`Event::is_call`]): a fresh
//! instance that is given the recorded answers makes the same calls again, and so comes to the same place. The others
//! tell what became of the steps that calls have started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Timestamp,
    action::{ActionResult, Effect, Failure, Report, ReportStatus, Retry, RetryLimits},
    alert::{Alert, AlertChange},
    approval::Approval,
    earlier::Earlier,
    list::{Found, ListEntry},
    name::Name,
    plugin::Digest,
    prompt::Prompt,
    run::{Mode, Position, RunId, RunStatus, Seq},
    undo::Undo,
};

/// One line of a run's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// When it was written; never before the entry in front of it, whatever the clock does.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What can happen in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// What the run begins with. Always the first entry, and nowhere else. Boxed: every other event is far smaller.
    Began(Box<Began>),

    /// Call: the playbook asked for the time.
    AskedTime {
        /// Milliseconds since 1970 that it was told.
        ms: u64,
    },
    /// Call: the playbook asked for random bytes.
    AskedRandom {
        /// The bytes that it was told, in hexadecimal.
        bytes: String,
    },
    /// Call, if no action wrote it: a line of the log.
    Log {
        /// The action that wrote it; none for the playbook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<Position>,
        /// How much it matters.
        level: LogLevel,
        /// The line.
        message: String,
    },
    /// Call: the playbook looked into a custom list.
    AskedList {
        /// The list.
        list: Name,
        /// The value.
        value: String,
        /// What was found.
        found: Found,
    },
    /// Call: the playbook added to a custom list.
    ListChanged {
        /// The list.
        list: Name,
        /// What it has now.
        entry: ListEntry,
    },
    /// Call: the playbook asked what happened before.
    AskedHistory {
        /// Which alerts.
        which: Earlier,
        /// How many there were.
        count: u32,
    },
    /// Call: the playbook changed its alert.
    AlertChanged(AlertChange),
    /// Call: the playbook started an action.
    ActionStarted(ActionStarted),
    /// Call: the playbook asked a person.
    PromptAsked(PromptAsked),
    /// Call: the playbook started another one.
    ChildStarted(ChildStarted),
    /// Call: the playbook waited, and went on.
    Waited(Waited),
    /// The playbook came to its end while steps were still open.
    Returned {
        /// What the run will end as.
        status: RunStatus,
        /// One sentence.
        message: String,
    },

    /// A mutating action is about to be sent. Durable before the first byte leaves.
    ActionSent {
        /// Its step.
        position: Position,
        /// 1 for the first attempt.
        attempt: u32,
        /// The rule of the policy that lets it happen, as the policy names it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        rule: String,
    },
    /// The policy lets it happen only with a person's consent.
    ApprovalAsked(ApprovalAsked),
    /// A person said whether it may happen, or nobody did in time.
    ApprovalGiven {
        /// Its step.
        position: Position,
        /// Whether it may.
        approved: bool,
        /// Who said so; none at the deadline.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<By>,
    },
    /// An attempt failed, and there will be another.
    ActionRetried {
        /// Its step.
        position: Position,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// When the next one is due.
        next: Timestamp,
    },
    /// The system works on it.
    ActionPending {
        /// Its step.
        position: Position,
        /// What the connector needs to recognise the job.
        token: String,
        /// How far it is.
        message: String,
        /// When to look again.
        next: Timestamp,
    },
    /// It was sent, and nobody knows whether it took effect. A person must say.
    ActionInDoubt {
        /// Its step.
        position: Position,
        /// Why nobody knows.
        message: String,
    },
    /// A person said what became of an action in doubt.
    ActionDecided {
        /// Its step.
        position: Position,
        /// What.
        decision: Decision,
        /// Who, and why.
        #[serde(flatten)]
        by: By,
    },
    /// An action ended.
    ActionEnded(ActionEnded),
    /// A prompt ended.
    PromptAnswered {
        /// Its step.
        position: Position,
        /// The answer.
        answer: Value,
        /// Who gave it; none if the default stands because nobody did in time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<By>,
    },
    /// A step that could not be begun: a prompt that is none, a playbook that is not there.
    StepRefused {
        /// Its step.
        position: Position,
        /// Why.
        failure: Failure,
    },
    /// A run that this one started has ended.
    ChildEnded {
        /// Its step.
        position: Position,
        /// How.
        status: RunStatus,
        /// One sentence.
        message: String,
    },

    /// A person stopped the run for now.
    Paused(By),
    /// A person let the run go on.
    Resumed(By),
    /// A person asked that the run end.
    CancelAsked(By),
    /// A person had the run go on from an action that failed: what its playbook did since it heard of the failure counts
    /// no more, and what it had already done to the outside is not done again.
    Retried {
        /// The step that failed.
        position: Position,
        /// Who, and why.
        #[serde(flatten)]
        by: By,
    },
    /// On replay the playbook asked for something else than the journal says.
    Diverged(Divergence),
    /// The run ended.
    Concluded {
        /// How.
        status: RunStatus,
        /// One sentence.
        message: String,
    },
}

impl Event {
    /// Whether the playbook made it happen by a call of the contract.
    pub fn is_call(&self) -> bool {
        matches!(
            self,
            Self::AskedTime { .. }
                | Self::AskedRandom { .. }
                | Self::Log { action: None, .. }
                | Self::AskedList { .. }
                | Self::ListChanged { .. }
                | Self::AskedHistory { .. }
                | Self::AlertChanged(_)
                | Self::ActionStarted(_)
                | Self::PromptAsked(_)
                | Self::ChildStarted(_)
                | Self::Waited(_)
        )
    }
}

/// What a run begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Began {
    /// The exact component.
    pub digest: Digest,
    /// The exact components of the connectors that it declares, as far as they were installed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub connectors: BTreeMap<Name, Digest>,
    /// The alert as it stood.
    pub alert: Alert,
    /// The playbook's configuration, with the defaults of what was left out.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub configuration: Map<String, Value>,
    /// What the run may do.
    #[serde(default, skip_serializing_if = "Mode::is_live")]
    pub mode: Mode,
    /// In a plan, the answer to every question that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed: Option<Value>,
    /// What is to be taken back: then no playbook runs, but the host's own program for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

impl Began {
    /// A run of this component on this alert, with no connectors and nothing configured, that may do what the policy lets it.
    pub fn new(digest: Digest, alert: Alert) -> Self {
        Self {
            digest,
            connectors: BTreeMap::new(),
            alert,
            configuration: Map::new(),
            mode: Mode::Live,
            assumed: None,
            undo: None,
        }
    }
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Of use only to the plugin's author.
    Debug,
    /// Worth reading afterwards.
    Info,
    /// Unexpected, and handled.
    Warn,
    /// Unexpected, and not handled.
    Error,
}

/// An action that a playbook asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionStarted {
    /// Its step.
    pub position: Position,
    /// The connector.
    pub connector: String,
    /// The action.
    pub action: String,
    /// The asset that the playbook named; none if it left that to the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// The asset it acts on; none if none was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<Name>,
    /// What the host goes by when it executes it; none if there is no such action.
    #[serde(default, skip_serializing_if = "Option::is_none", flatten)]
    pub terms: Option<Terms>,
    /// Its parameters.
    pub parameters: Value,
    /// The action that takes it back, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Milliseconds from its success until the host takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_after_ms: Option<u64>,
}

impl ActionStarted {
    /// Whether it may change something outside.
    pub fn mutates(&self) -> bool {
        self.terms.is_some_and(|terms| terms.effect.mutates())
    }
}

/// What the host goes by when it executes an action: what its connector said, and what the asset allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it does to the world.
    pub effect: Effect,
    /// What may happen when it is not known whether a call arrived.
    pub retry: Retry,
    /// How long it is tried.
    pub limits: RetryLimits,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionEnded {
    /// Its step.
    pub position: Position,
    /// How.
    #[serde(flatten)]
    pub result: Ended,
    /// How often it was tried.
    pub attempts: u32,
    /// Microseconds from start to end, waiting included.
    pub took_us: u64,
    /// Of these, microseconds spent waiting for the system on the other side.
    pub upstream_us: u64,
    /// The earlier step that asked for the same and whose result this is: the run was had go on from a failure, and this
    /// had been done before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_by: Option<Position>,
    /// When the host takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_at: Option<Timestamp>,
}

impl ActionEnded {
    /// The end of an action that is not called for it: it was refused, decided, cancelled, or done before.
    pub fn uncalled(position: Position, result: ActionResult, attempts: u32) -> Self {
        Self {
            position,
            result: result.into(),
            attempts,
            took_us: 0,
            upstream_us: 0,
            done_by: None,
            undo_at: None,
        }
    }
}

/// The ways an action ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// It ran to its end.
    Report(Report),
    /// It could not.
    Failure(Failure),
    /// It would have changed something, and was not sent.
    Planned(Planned),
}

/// What an action would have sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The first requests that would have changed something, at most [`PLANNED_REQUESTS`](crate::limits::PLANNED_REQUESTS); what follows from their answers
    /// is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<PlannedRequest>,
    /// What would have become of it if the policy had been asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
}

/// A request that was not sent. Secrets are not in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRequest {
    /// HTTP method; `TCP` for a stream.
    pub method: String,
    /// URL; `host:port` of a stream.
    pub url: String,
    /// The first [`PLANNED_BODY_BYTES`](crate::limits::PLANNED_BODY_BYTES) of the body, as text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

impl From<ActionResult> for Ended {
    fn from(result: ActionResult) -> Self {
        match result {
            Ok(report) => Self::Report(report),
            Err(failure) => Self::Failure(failure),
        }
    }
}

impl From<Ended> for ActionResult {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Report(report) => Ok(report),
            Ended::Failure(failure) => Err(failure),
            Ended::Planned(planned) => Ok(planned.report()),
        }
    }
}

impl Planned {
    /// What a playbook is told of an action that is only planned: that it went well, so that what would follow is planned
    /// too.
    pub fn report(&self) -> Report {
        Report {
            status: ReportStatus::Success,
            message: "Planned, and not sent.".to_owned(),
            summary: serde_json::json!({ "planned": true }),
            data: Value::Null,
        }
    }
}

/// An action for which a person's consent is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalAsked {
    /// Its step.
    pub position: Position,
    /// What is asked.
    #[serde(flatten)]
    pub approval: Approval,
}

/// A question that a playbook asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromptAsked {
    /// Its step.
    pub position: Position,
    /// The question.
    #[serde(flatten)]
    pub prompt: Prompt,
}

/// A playbook that a playbook started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildStarted {
    /// Its step.
    pub position: Position,
    /// The playbook.
    pub playbook: String,
    /// Its run; none if it could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// A wait of the playbook that came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// What it waited for, any of these.
    pub steps: Vec<Position>,
    /// Until when at most, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// The one that had ended; none if time was up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Position>,
}

/// A person's word on an action in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// It took effect: the run goes on with that.
    Done,
    /// It did not: it is sent again.
    NotDone,
    /// It stays unknown: the action fails, and the playbook goes on with that.
    GiveUp,
}

/// Who did something, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Who.
    pub by: String,
    /// Why, in a person's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// The admin said it in this name, and the host did not check whose it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_admin: bool,
}

/// What a journal says and what its playbook asked for instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Divergence {
    /// Place of the entry that does not fit; one behind the last if the journal has no more.
    pub at_entry: Seq,
    /// The call that the journal has there.
    pub expected: String,
    /// The call that the playbook made.
    pub actual: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Note;

    #[test]
    fn every_field_of_a_flattened_event_survives() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let later: Timestamp = "2026-01-02T03:04:06Z".parse().unwrap();
        let note = Note { at: later, author: "run 1".into(), title: "t".into(), text: "x".into() };
        let failure = Failure::RateLimited { retry_after_ms: Some(5), message: "slow".into() };
        let ended = ActionEnded {
            position: 2,
            result: Ended::Failure(failure),
            attempts: 1,
            took_us: 3,
            upstream_us: 4,
            done_by: None,
            undo_at: None,
        };
        for event in [Event::AlertChanged(AlertChange::Note(note)), Event::ActionEnded(ended)] {
            let entry = Entry { seq: 7, at, event };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry, "{text}");
        }
    }
}
