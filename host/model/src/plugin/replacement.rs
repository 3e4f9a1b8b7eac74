//! What it would do to put one version of a plugin in the place of another.

use serde::{Deserialize, Serialize};

use super::{Digest, difference::Difference, flow::Standing};
use crate::name::Name;

/// What it would do to put another version in the place of the one that is installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The version that is installed.
    pub version: String,
    /// Its component.
    pub digest: Digest,
    /// What the other changes.
    pub difference: Difference,
    /// Enabled playbooks that use something of it that changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub playbooks: Vec<Affected>,
    /// Assets whose configuration does not fit the other version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<Unfit>,
    /// Of an enabled playbook: needs of the other version that are not met, and that this one does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Standing>,
}

/// An enabled playbook that uses something that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The playbook.
    pub playbook: Name,
    /// What of it changes.
    pub uses: Vec<String>,
    /// Why the playbook cannot go on with it; empty if it can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
}

/// An asset whose configuration does not fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfit {
    /// The asset.
    pub asset: Name,
    /// What does not fit.
    pub why: String,
}

impl Replacement {
    /// The enabled playbooks that cannot go on.
    pub fn broken(&self) -> impl Iterator<Item = &Affected> {
        self.playbooks.iter().filter(|affected| !affected.broken.is_empty())
    }

    /// Whether something that works now works no more.
    pub fn breaks(&self) -> bool {
        self.broken().next().is_some() || !self.assets.is_empty() || !self.lacks.is_empty()
    }
}
