use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::{Banner, Service};

/// What Shodan found for a query.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Search {
    /// The query that found it.
    pub(crate) query: String,
    /// How many services there are; the list may have fewer.
    pub(crate) total: u64,
    /// The first page of them, at most 100.
    pub(crate) services: Vec<Service>,
}

/// The answer to `/shodan/host/search`, as far as it is used.
#[derive(Deserialize)]
pub(crate) struct SearchAnswer {
    total: u64,
    matches: Vec<Banner>,
}

impl Search {
    pub(crate) fn from_answer(query: String, answer: SearchAnswer) -> Self {
        let services = answer.matches.into_iter().map(Service::from).collect();
        Self { query, total: answer.total, services }
    }
}
