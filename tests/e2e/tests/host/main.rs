//! The real host, spoken to as operators and sources do.
#![allow(clippy::unwrap_used)]

mod audit;
mod budget;
mod children;
mod clock;
mod commands;
mod crashes;
mod disk;
mod doubt;
mod faults;
mod files;
mod hostile;
mod journal;
mod mobile;
mod mobile_guards;
mod nondeterminism;
mod people;
mod phones;
mod prompts;
mod refusals;
mod replay;
mod resume;
mod retry;
mod secrets;
mod story;
mod suricata;
mod timers;
mod users;
mod versions;
mod wasi;
