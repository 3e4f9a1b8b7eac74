use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mdm::Mdm;

const MINUTE_SECONDS: u64 = 60;
const HOUR_SECONDS: u64 = 60 * MINUTE_SECONDS;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// What an operator may configure.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// What manages the mobile devices.
    pub(crate) mdm: Mdm,
    /// Who is asked before a wipe, owns the alert, and gets what a person must look at: a person or a role.
    #[schemars(length(min = 1))]
    pub(crate) approver: String,
    /// Seconds that the approver has for an answer; after that nothing is wiped.
    #[schemars(range(min = 1, max = 2_592_000))]
    pub(crate) approval_seconds: u64,
    /// How many earlier violations make a user a repeat offender.
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) repeat_offender_violations: u32,
    /// Days for which a violation counts.
    #[schemars(range(min = 1, max = 3650))]
    pub(crate) window_days: u64,
    /// Alerts that follow one another within so many seconds are of the same visit, and those of this one count as no
    /// earlier violation: one page can make many alerts. 0 counts them all.
    #[schemars(range(max = 86_400))]
    pub(crate) same_visit_seconds: u64,
    /// Seconds after which the host takes the block back; 0 for never.
    #[schemars(range(max = 31_536_000))]
    pub(crate) block_seconds: u64,
    /// Seconds that block and wipe have before the ticket is written; what has not ended by then is in it as pending.
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) settle_seconds: u64,
    /// Seconds that a device has to obey its wipe; after that a person is told. 0 for not looking.
    #[schemars(range(max = 2_592_000))]
    pub(crate) wipe_seconds: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mdm: Mdm::MobileIron,
            approver: "approver".to_owned(),
            approval_seconds: 30 * MINUTE_SECONDS,
            repeat_offender_violations: 2,
            window_days: 30,
            same_visit_seconds: 10 * MINUTE_SECONDS,
            block_seconds: 7 * DAY_SECONDS,
            settle_seconds: 2 * MINUTE_SECONDS,
            wipe_seconds: HOUR_SECONDS,
        }
    }
}
