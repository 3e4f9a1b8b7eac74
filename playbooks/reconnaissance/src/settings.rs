use casework::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator may configure.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// The person or role that gets what is malicious or cannot be decided: the alert's owner, unless it has one. Without
    /// it, whoever looks into the inbox first.
    pub(crate) escalate_to: Option<String>,
    /// How severe an alert becomes at least when its source is malicious, or inside.
    pub(crate) severity: Level,
    /// The source is malicious when so many engines call its address or its domain malicious.
    #[schemars(range(min = 1))]
    pub(crate) malicious_at: u32,
    /// The source is not benign when so many engines call its address or its domain malicious or suspicious.
    #[schemars(range(min = 1))]
    pub(crate) suspicious_at: u32,
    /// The source is not benign unless so many engines have looked at its address, and as many at its domain.
    #[schemars(range(min = 1))]
    pub(crate) engines_at: u32,
    /// The source is not benign when its domain was registered less than so many days before the alert: engines take
    /// their time. 0 for any age.
    pub(crate) young_days: u32,
    /// Whether a source without a domain may be benign, by its address alone.
    pub(crate) benign_without_domain: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            escalate_to: None,
            severity: Level::High,
            // One or two of some ninety engines err often.
            malicious_at: 3,
            suspicious_at: 1,
            engines_at: 20,
            young_days: 30,
            benign_without_domain: true,
        }
    }
}
