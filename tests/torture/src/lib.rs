//! Kills the real host at random moments and at every write in turn, restarts it, and judges from outside what became of
//! its work.
//!
//! A [`Site`] has a host's data and the [`Actuator`] that its asset leads to; both outlive any number of [`Host`]s. Alerts
//! carry programs that the playbook `script` interprets, so that one component does everything that runs can do. A
//! [`Storm`] kills under load at random moments; a [`Sweep`] kills at each write of one program. In between a [`Person`]
//! decides what nobody knows, and at the end [`judge`] compares the ledger of the system acted on with what was
//! acknowledged. [`Phones`] are a round of their own: the playbook that wipes mobile devices, on the systems of the lab.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod actuator;
mod api;
mod host;
mod judge;
mod load;
mod person;
mod phones;
mod program;
mod quiet;
mod random;
mod site;
mod storm;
mod sweep;
mod tally;
mod trace;

pub use self::{
    actuator::{Actuator, Ledger, Mishaps},
    api::{Api, Story},
    host::Host,
    judge::judge,
    load::{Case, Load},
    person::Person,
    phones::Phones,
    program::{one_of_each, program},
    random::Random,
    site::Site,
    storm::{Progress, Storm},
    sweep::{ALL_POINTS, Sweep, Swept},
    tally::Tally,
};
