use palisade_sdk::playbook::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

/// A severity, as an operator configures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// No harm.
    Informational,
    /// Can wait.
    Low,
    /// Today.
    Medium,
    /// Now.
    High,
    /// Drop everything.
    Critical,
}

impl From<Level> for Severity {
    fn from(level: Level) -> Self {
        match level {
            Level::Informational => Self::Informational,
            Level::Low => Self::Low,
            Level::Medium => Self::Medium,
            Level::High => Self::High,
            Level::Critical => Self::Critical,
        }
    }
}
