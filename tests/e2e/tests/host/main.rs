//! The real host, spoken to as operators and sources do.
#![allow(clippy::unwrap_used)]

mod approvals;
mod budget;
mod children;
mod clock;
mod commands;
mod configuration;
mod crashes;
mod disk;
mod doubt;
mod escalation;
mod faults;
mod history;
mod hostile;
mod journal;
mod lists;
mod nondeterminism;
mod people;
mod policy;
mod prompts;
mod refusals;
mod replay;
mod resume;
mod retry;
mod safe_mode;
mod secrets;
mod story;
mod timers;
mod undo;
mod versions;
mod wasi;
