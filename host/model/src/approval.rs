//! Approvals: an action that the policy lets happen only with a person's consent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Timestamp, name::Name};

/// What becomes of an action when nobody has said anything about it in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtDeadline {
    /// It is refused.
    #[default]
    Deny,
    /// It happens.
    Allow,
}

/// An action that waits for a person's consent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The connector.
    pub connector: String,
    /// The action.
    pub action: String,
    /// The asset it would act on.
    pub asset: Name,
    /// Its parameters.
    pub parameters: Value,
    /// Milliseconds from its success until the host takes it back, if it is not for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_after_ms: Option<u64>,
    /// The rule of the policy that asks for it, as the policy names it.
    pub rule: String,
    /// The role that is asked; none for whoever looks first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Until when.
    pub deadline: Timestamp,
    /// What happens then.
    pub at_deadline: AtDeadline,
}
