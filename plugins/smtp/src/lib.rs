//! Connector for mail servers: sends email over SMTP (RFC 5321), with TLS and authentication.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod configuration;
mod date;
mod message;
mod reply;
mod send;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, TcpAccess},
};

pub use configuration::Configuration;

use crate::session::Session;

palisade_sdk::connector!(connector);

/// A server may look long at a message before it says whether it takes it (RFC 5321 section 4.5.3.2.6 has it ten
/// minutes; the host waits 30 s for each reply).
const TIME_LIMIT: Duration = Duration::from_secs(240);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("smtp", env!("CARGO_PKG_VERSION"))
        .about("Sends email.")
        .publisher("Palisade")
        .vendor("Any")
        .product("Mail server")
        .tcp(
            TcpAccess::to_configured("server", [25, 465, 587]).because("The mail server takes the messages."),
        )
        .reveal(
            "password",
            "SMTP is not HTTP: the connector itself has to encode the password for the server.",
        )
        .action(
            // Servers keep no account of Message-IDs that they have seen, and none can be asked whether it took one:
            // a repetition may be a second email, and nobody can tell.
            Action::generic("send email", send::send)
                .about("Sends an email to some people, or to none of them.")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(test_connectivity))
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    Session::open(call)?.quit();
    Ok(Done::success("The mail server accepts the connector.", ()))
}
