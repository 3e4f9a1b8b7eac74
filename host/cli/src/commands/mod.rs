//! The commands, one file per noun.

pub(crate) mod alert;
pub(crate) mod asset;
pub(crate) mod audit;
pub(crate) mod doctor;
pub(crate) mod inbox;
pub(crate) mod playbook;
pub(crate) mod plugin;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod user;
