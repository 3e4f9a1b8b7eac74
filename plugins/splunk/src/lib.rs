//! Connector for Splunk: searches, notable events of Enterprise Security, and data.
//!
//! API: the REST API of the management port,
//! <https://help.splunk.com/en/splunk-enterprise/leverage-rest-apis/rest-api-reference>, and the Notable Event API of
//! Enterprise Security, <https://help.splunk.com/en/splunk-enterprise-security-7/api-reference>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod configuration;
mod data;
mod job;
mod notable;
mod query;
mod results;
mod server;
mod spl;
#[cfg(test)]
mod tests;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess},
};
use serde::{Deserialize, de::IgnoredAny};

pub use configuration::Configuration;

use crate::server::Server;

palisade_sdk::connector!(connector);

/// A busy search head takes its time for a page of results; a search itself is waited for outside.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("splunk", env!("CARGO_PKG_VERSION"))
        .about("Searches, changes notable events, and sends data.")
        .publisher("Palisade")
        .vendor("Splunk")
        .product("Enterprise")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET", "POST"])
                .secret_in_authorization("token")
                .secret_in_authorization("password")
                .because("The management port of Splunk runs searches and takes changes."),
        )
        .action(
            Action::investigate("run query", query::run)
                .about("Runs a search and returns its results; refuses commands that change something.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", job::PATH),
        )
        .action(
            Action::generic("update event", notable::update)
                .about("Changes owner, status, urgency or disposition of a notable event, or comments on it.")
                .verified_by(notable::verify)
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("post data", data::post)
                .about("Sends one event to an index.")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(test_connectivity))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    #[derive(Deserialize)]
    struct Context {
        #[serde(rename = "entry")]
        _entry: IgnoredAny,
    }

    let server = Server::new(call)?;
    server.send(server.get("/services/authentication/current-context"))?.json::<Context>()?;
    Ok(Done::success("Splunk accepts the credentials.", ()))
}
