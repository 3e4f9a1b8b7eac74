//! The commands, one file per noun.

pub(crate) mod alert;
pub(crate) mod asset;
pub(crate) mod audit;
pub(crate) mod doctor;
pub(crate) mod inbox;
pub(crate) mod list;
pub(crate) mod playbook;
pub(crate) mod plugin;
pub(crate) mod policy;
pub(crate) mod run;
pub(crate) mod safe_mode;
pub(crate) mod serve;
mod setting;
pub(crate) mod trust;
pub(crate) mod user;

/// On or off.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Switch {
    /// On
    On,
    /// Off
    Off,
}

impl Switch {
    /// Whether it is on.
    pub(crate) fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}
