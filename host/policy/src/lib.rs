//! The operator's policy: from one readable file to a decision about each action that changes something, whatever its
//! playbook says.
//!
//! [`Policy::parse`] reads the file and refuses what it cannot be sure of, with the line. [`Policy::decide`] answers for
//! one action: allow, ask a person, or deny. In this order:
//!
//! 1. Never-touch lists. What they name is refused, approved or not.
//! 2. The first rule that fits.
//! 3. The default of the action's effect.
//! 4. Breakers, unless the answer is no already: after too many such actions a person is asked.
//!
//! An action that takes back what the host did skips the first and the last.
//!
//! What an action acts on is read from its parameters, all of them: a connector is not trusted to say which one is the
//! target. The readings are in `target`. There is no I/O here, and no clock.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod breaker;
mod decision;
mod error;
mod file;
mod limits;
mod policy;
mod rule;
mod selectors;
mod target;
mod values;

pub use decision::{Approval, AtDeadline, Considered, Decision, Proposed, Sent, Verdict};
pub use error::PolicyError;
pub use limits::{BREAKER_WINDOW_MAX, POLICY_BYTES};
pub use policy::Policy;
