//! The real host, spoken to as operators and sources do.
#![allow(clippy::unwrap_used)]

mod commands;
mod crashes;
mod faults;
mod hostile;
mod refusals;
mod replay;
mod secrets;
mod story;
