//! What a plugin must hold to, tried on the plugin itself, without a host.
//!
//! A trial calls a component as a host does: through the engine, and for a connector through a gate with its policy,
//! secrets and scrubbing. Only what lies behind the gate is made up (`system`): a cassette that says what a system was
//! asked and answered ([`cassette`]), or a fake that answers whatever it is asked, and either with something that goes
//! wrong from some step on (`fault`). Calls are made from the schemas that the plugin declares (`generate`), by a seed, and
//! from the cassettes. What was seen is held against the checks (`connector`, `playbook`), and becomes a [`Scorecard`].
//!
//! The same parts record a cassette from a real system ([`Recorder`]), and rehearse a playbook for its author
//! ([`Rehearsal`]).

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod cassette;
mod connector;
mod describe;
mod fault;
mod generate;
mod labels;
pub mod limits;
mod matching;
mod playbook;
mod random;
mod recorder;
mod replay;
mod scorecard;
mod sentence;
mod stage;
mod system;
mod trial;

pub use labels::{KEY, label};
pub use playbook::{Answers, Record, Rehearsal, Scene, SceneAlert, Written};
pub use recorder::{Recorded, Recorder};
pub use replay::Replay;
pub use scorecard::{Check, Scorecard, Verdict};
pub use trial::{Options, TrialError, test};
