//! Runs: one playbook at work on one alert.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, alert::AlertId, name::Name, plugin::Digest};

/// Number of a run in this installation, from 1.
pub type RunId = u64;

/// Place of an entry in its run's journal, from 1. An append names the place it expects.
pub type Seq = u64;

/// How often a run changed hands. An append names the epoch in which its writer owns the run.
pub type Epoch = u64;

/// A step of a run: an action, a prompt or another playbook. Later ones have larger numbers.
pub type Position = u32;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// At work, or about to be.
    Running,
    /// Waits for a vendor's job, a time, an answer or another run, and holds nothing meanwhile.
    Waiting,
    /// A person stopped it for now.
    Paused,
    /// Nobody knows whether an action took effect; a person must say.
    InDoubt,
    /// Its playbook asked for something else than its journal says; a person must look.
    Nondeterministic,
    /// The playbook came to its end.
    Succeeded,
    /// The playbook said that it could not, or broke.
    Failed,
    /// A person ended it.
    Cancelled,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Running,
        Self::Waiting,
        Self::Paused,
        Self::InDoubt,
        Self::Nondeterministic,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Whether nothing more will happen, unless a person has it tried again.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }

    /// Whether it goes on only when a person says so.
    pub fn waits_for_resume(self) -> bool {
        matches!(self, Self::Paused | Self::Nondeterministic)
    }
}

/// What a run may do. The order is from all to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Whatever the policy lets it.
    #[default]
    Live,
    /// What only reads happens; what would change something outside is planned and not sent.
    Safe,
    /// Like [`Mode::Safe`], and nothing changes here either: neither the alert nor a list, and no person is asked.
    Plan,
}

impl Mode {
    /// Whether what would change something outside may be sent.
    pub fn sends(self) -> bool {
        self == Self::Live
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(crate) fn is_live(&self) -> bool {
        *self == Self::Live
    }
}

/// A run in short: what lists show. Kept with the journal and written with each append.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The alert it works on.
    pub alert: AlertId,
    /// The playbook.
    pub playbook: Name,
    /// The exact component that runs, whatever is installed later.
    pub digest: Digest,
    /// The run that started it; none if an alert or a person did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Mode::is_live")]
    pub mode: Mode,
    /// The run whose actions it takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<RunId>,
    /// How it stands.
    pub status: RunStatus,
    /// When it is to go on by itself; none while it does not wait, or waits for a person or another run only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// How many things in it wait for a person: prompts, actions in doubt, a journal that does not fit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attention: u32,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<Timestamp>,
    /// One sentence on how it ended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Number of entries in its journal.
    pub entries: Seq,
    /// How often it changed hands.
    pub epoch: Epoch,
    /// It was brought here from another installation, to be looked at; it is never executed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

/// The run that started another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its number.
    pub run: RunId,
    /// The step that is this run.
    pub position: Position,
    /// Runs above this one.
    pub depth: u8,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
