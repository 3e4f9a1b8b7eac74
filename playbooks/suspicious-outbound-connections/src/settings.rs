use casework::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator may configure.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The person or role that gets the alert: its owner, unless it has one. Without it, whoever looks into the inbox first.
    pub(crate) escalate_to: Option<String>,
    /// How severe the alert becomes at least when what was found is suspicious by itself.
    pub(crate) severity: Level,
    /// A destination that was registered less than so many days before the alert is suspicious by itself: its domain, or
    /// its network if it has no name. 0 for none.
    pub(crate) young_days: u32,
    /// A destination whose versions suggest so many vulnerabilities is suspicious by itself: it may serve others than its
    /// owner. 0 for none.
    pub(crate) vulnerabilities_at: u32,
}

impl Default for Settings {
    fn default() -> Self {
        // Most domains that serve attacks are young.
        Self { escalate_to: None, severity: Level::High, young_days: 90, vulnerabilities_at: 1 }
    }
}
