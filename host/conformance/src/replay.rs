//! A cassette in place of a system, for whoever calls a connector by other means than a trial.

use std::sync::Arc;

use palisade_egress::Upstream;

use crate::{cassette::Cassette, labels::Labels, system::System};

/// Answers exactly the requests of a cassette.
pub struct Replay {
    system: System,
    secrets: Vec<(String, String)>,
}

impl Replay {
    /// What stands in for the systems of a cassette, for a connector with these secret fields. The call has the idempotency
    /// key [`KEY`](crate::KEY).
    ///
    /// # Errors
    ///
    /// If filling the cassette's labels leaves no cassette.
    pub fn new(cassette: &Cassette, secrets: &[String]) -> Result<Self, serde_json::Error> {
        let labels = Labels::new(secrets);
        let system = System::strict(&cassette.filled(&labels)?);
        let value = |field: &String| Some((field.clone(), labels.canary(field)?.to_owned()));
        Ok(Self { system, secrets: secrets.iter().filter_map(value).collect() })
    }

    /// What to give to [`palisade_egress::Outside`].
    pub fn upstream(&self) -> Arc<dyn Upstream> {
        Arc::new(self.system.clone())
    }

    /// The value that each secret must have in the replay, by configuration field.
    pub fn secrets(&self) -> &[(String, String)] {
        &self.secrets
    }

    /// What was not as the cassette says.
    pub fn amiss(&self) -> Vec<String> {
        self.system.amiss()
    }
}
