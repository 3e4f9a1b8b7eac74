//! Connector for any HTTP API that speaks JSON, for systems that have no connector of their own.
//!
//! It knows nothing of the API behind it, so it promises nothing: what is not a `GET` may change something, and may do
//! it twice if it is repeated.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod actions;
mod configuration;
#[cfg(test)]
mod tests;

use std::time::Duration;

use palisade_sdk::connector::{Action, Connector, HttpAccess};

pub use configuration::Configuration;

palisade_sdk::connector!(connector);

/// Nobody knows how fast the API is.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    let mut access = HttpAccess::to_configured("base_url")
        .methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .secret_in_authorization("secret")
        .because("The API behind this asset answers and does what actions ask of it.");
    for name in configuration::SECRET_HEADERS {
        access = access.secret_in_header("secret", name);
    }
    Connector::new("http", env!("CARGO_PKG_VERSION"))
        .about("Calls any HTTP API that speaks JSON.")
        .publisher("Palisade")
        .vendor("Any")
        .product("HTTP API")
        .http(access)
        .action(
            Action::investigate("get data", actions::get)
                .about("Sends a GET and returns the answer.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("post data", actions::post)
                .about("Sends a POST and returns the answer.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("put data", actions::put)
                .about("Sends a PUT and returns the answer.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("patch data", actions::patch)
                .about("Sends a PATCH and returns the answer.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("delete data", actions::delete)
                .about("Sends a DELETE and returns the answer.")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(actions::test_connectivity))
}
