//! The real host, spoken to as operators and sources do.
#![allow(clippy::unwrap_used)]

mod approvals;
mod budget;
mod children;
mod clock;
mod commands;
mod crashes;
mod disk;
mod doubt;
mod faults;
mod hostile;
mod journal;
mod nondeterminism;
mod people;
mod policy;
mod prompts;
mod refusals;
mod replay;
mod resume;
mod retry;
mod secrets;
mod story;
mod timers;
mod versions;
mod wasi;
