//! What the operator says of an installed playbook.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::name::Name;

/// What the operator says of an installed playbook. It stays when the playbook is upgraded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlaybookSettings {
    /// The playbook.
    pub name: Name,
    /// Its configuration, as its schema says; what is left out has its default.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub configuration: Map<String, Value>,
    /// Whether its runs only plan what they would change.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub safe_mode: bool,
}

impl PlaybookSettings {
    /// What holds for a playbook of which nothing was said.
    pub fn of(name: Name) -> Self {
        Self { name, configuration: Map::new(), safe_mode: false }
    }
}
