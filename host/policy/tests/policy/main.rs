//! The policy as a caller and an operator see it: a file in, decisions out.

#![allow(clippy::unwrap_used)]

mod breakers;
mod docs;
mod file;
mod order;
mod properties;
mod targets;

use palisade_model::{Timestamp, action::Effect, alert::Severity};
use palisade_policy::{Decision, Policy, Proposed, Verdict};
use serde_json::Value;

/// Seconds since 1970 of the moment at which every test asks.
const NOW: i64 = 1_790_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A firewall is to block something.
fn block(parameters: &Value) -> Proposed<'_> {
    Proposed {
        effect: Effect::Contain,
        connector: "panos",
        action: "block ip",
        asset: "edge-firewall",
        playbook: "unauthorized-mobile-access",
        label: "mobile",
        severity: Severity::Medium,
        parameters,
        undoes: false,
    }
}

/// A device is to be wiped.
fn wipe(parameters: &Value) -> Proposed<'_> {
    Proposed { connector: "intune", action: "wipe device", asset: "intune", ..block(parameters) }
}

fn decide(policy: &Policy, action: &Proposed<'_>) -> Decision {
    policy.decide(action, &[], at(NOW))
}

/// The verdict as a word of the file.
fn word(decision: &Decision) -> &'static str {
    match decision.verdict {
        Verdict::Allow => "allow",
        Verdict::Approve(_) => "approve",
        Verdict::Deny => "deny",
    }
}
