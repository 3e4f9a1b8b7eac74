//! Connector for ServiceNow: tickets in the tables of an instance.
//!
//! API: the Table API and the OAuth endpoint of an instance,
//! <https://www.servicenow.com/docs/bundle/yokohama-api-reference/page/integrate/inbound-rest/concept/c_TableAPI.html>.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod actions;
mod configuration;
mod instance;
mod journal;
#[cfg(test)]
mod tests;
mod ticket;
mod verify;

use std::time::Duration;

use palisade_sdk::connector::{Action, Connector, HttpAccess};

pub use configuration::Configuration;

palisade_sdk::connector!(connector);

/// Business rules run inside a write, so an instance may take its time.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Where an instance hands out OAuth tokens. Asking for one changes nothing.
const TOKEN_PATH: &str = "/oauth_token.do";

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("servicenow", env!("CARGO_PKG_VERSION"))
        .about("Creates, reads and changes tickets.")
        .publisher("Palisade")
        .vendor("ServiceNow")
        .product("IT Service Management")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET", "POST", "PUT"])
                .secret_in_authorization("password")
                .secret_in_body("password")
                .secret_in_body("client_secret")
                .because("The instance keeps the tickets."),
        )
        .action(
            Action::generic("create ticket", actions::create)
                .about("Creates a ticket, once, however often it has to be tried.")
                .repeatable_by_key()
                .time_limit(TIME_LIMIT)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::investigate("get ticket", actions::get)
                .about("Reads a ticket.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::generic("update ticket", actions::update)
                .about("Changes fields of a ticket.")
                .verified_by(verify::update)
                .time_limit(TIME_LIMIT)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::investigate("list tickets", actions::list)
                .about("Lists the tickets that an encoded query finds.")
                .time_limit(TIME_LIMIT)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(
            Action::generic("add work note", actions::add_work_note)
                .about("Adds a note to a ticket that only its workers see.")
                .verified_by(verify::add_work_note)
                .time_limit(TIME_LIMIT)
                .reads_by("POST", TOKEN_PATH),
        )
        .action(Action::test(actions::test_connectivity).reads_by("POST", TOKEN_PATH))
}
