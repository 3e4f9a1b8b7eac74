//! What is asked of the policy, and what it answers.

use std::time::Duration;

pub use palisade_model::approval::AtDeadline;
use palisade_model::{Timestamp, action::Effect, alert::Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An action that wants to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Proposed<'a> {
    /// What it does to the world. The policy is asked about every effect; one that only reads is allowed.
    pub effect: Effect,
    /// The connector's name.
    pub connector: &'a str,
    /// The action's name, for example `block ip`.
    pub action: &'a str,
    /// The asset it goes to.
    pub asset: &'a str,
    /// The playbook that asks for it.
    pub playbook: &'a str,
    /// The alert's label.
    pub label: &'a str,
    /// The alert's severity. A playbook can raise it: an operator who selects by it wants to know which one this is.
    pub severity: Severity,
    /// All parameters, as the connector will get them.
    pub parameters: &'a Value,
    /// It takes back what the host itself did: then what must not be touched may be let go, and no breaker counts.
    pub undoes: bool,
}

/// An action that was sent of late. Only what breakers count by: they do not look at targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When its first attempt left.
    pub at: Timestamp,
    /// What it does to the world.
    pub effect: Effect,
    /// The connector's name.
    pub connector: String,
    /// The action's name.
    pub action: String,
    /// The asset it went to.
    pub asset: String,
    /// The playbook that asked for it.
    pub playbook: String,
    /// The alert's label.
    pub label: String,
    /// The alert's severity at that time.
    pub severity: Severity,
}

impl Sent {
    /// This action, sent at this time.
    pub fn of(action: &Proposed<'_>, at: Timestamp) -> Self {
        Self {
            at,
            effect: action.effect,
            connector: action.connector.to_owned(),
            action: action.action.to_owned(),
            asset: action.asset.to_owned(),
            playbook: action.playbook.to_owned(),
            label: action.label.to_owned(),
            severity: action.severity,
        }
    }
}

/// What the policy says of one action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The answer.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What decided, as a person finds it in the file: `rule "…"`, `never_touch.networks`, `breaker "…"`,
    /// `default.contain`; `effect.investigate` for what changes nothing.
    pub rule: String,
    /// One sentence on why. Texts from the parameters in it are quoted and cut.
    pub why: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be sent.
    Allow,
    /// A person is asked first.
    Approve(Approval),
    /// It is not sent. No approval changes that.
    Deny,
}

/// Who is asked, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The role that may answer; none for whoever may answer at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Time to answer, from the question on. As JSON: whole milliseconds in `within_ms`.
    #[serde(rename = "within_ms", with = "milliseconds")]
    pub within: Duration,
    /// What happens when nobody did.
    pub at_deadline: AtDeadline,
}

/// One thing that was looked at on the way to a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// Where it stands in the file, as in [`Decision::rule`].
    pub rule: String,
    /// Whether it is about this action.
    pub fits: bool,
    /// Why, or why not.
    pub why: String,
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_decision_is_flat_json_and_comes_back() {
        let decision = Decision {
            verdict: Verdict::Approve(Approval {
                role: Some("soc-lead".to_owned()),
                within: Duration::from_secs(60),
                at_deadline: AtDeadline::Deny,
            }),
            rule: "default.contain".to_owned(),
            why: "No rule fits.".to_owned(),
        };
        let written = serde_json::to_value(&decision).unwrap();
        assert_eq!(
            written,
            json!({
                "verdict": "approve",
                "role": "soc-lead",
                "within_ms": 60_000,
                "at_deadline": "deny",
                "rule": "default.contain",
                "why": "No rule fits.",
            })
        );
        assert_eq!(serde_json::from_value::<Decision>(written).unwrap(), decision);
        let denied = json!({ "verdict": "deny", "rule": "never_touch.users", "why": "Never." });
        assert_eq!(serde_json::from_value::<Decision>(denied).unwrap().verdict, Verdict::Deny);
    }
}
