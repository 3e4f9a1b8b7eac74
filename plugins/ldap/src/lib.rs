//! Connector for LDAP directories, Active Directory and OpenLDAP: users, their accounts, and groups.
//!
//! LDAPv3 (RFC 4511) over TLS, with a simple bind (RFC 4513). The codec is the connector's own, two hundred lines: of the
//! crates there are, `lber` recurses as deep as an answer wants, `ldap3_proto` brings tokio, and `rasn-ldap` forty crates.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod account;
mod ber;
mod configuration;
mod entry;
mod filter;
mod find;
mod group;
mod message;
mod query;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, TcpAccess},
};
use schemars::JsonSchema;
use serde::Serialize;

pub use crate::configuration::Configuration;
use crate::{configuration::Security, filter::Filter, session::Session};

palisade_sdk::connector!(connector);

/// A connection, a bind, and a few operations, each of which may take as long as a page of a search.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("ldap", env!("CARGO_PKG_VERSION"))
        .about("Reads users and groups of a directory, disables accounts, and changes who is in a group.")
        .publisher("Palisade")
        .vendor("Microsoft and OpenLDAP")
        .product("Active Directory and LDAP directories")
        .tcp(
            TcpAccess::to_configured("server", [Security::Ldaps.port(), Security::StartTls.port()])
                .because("The directory server answers all questions, over LDAP in TLS."),
        )
        .reveal("password", "A simple bind sends the password inside LDAP, where the host cannot put it.")
        .action(
            Action::investigate("get user attributes", query::get_user_attributes)
                .about(
                    "Reads a user's attributes, and whether the account is disabled; passwords are left out.",
                )
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::investigate("run query", query::run)
                .about("Searches the directory with a filter.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::contain("disable account", account::disable)
                .about("Disables a user's account.")
                .repeatable()
                .undone_by("enable account")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::correct("enable account", account::enable)
                .about("Enables a user's account.")
                .repeatable()
                .undone_by("disable account")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::investigate("list group members", group::list_members)
                .about("Lists the direct members of a group.")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("add to group", group::add)
                .about("Adds a user to a group.")
                .repeatable()
                .undone_by("remove from group")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::generic("remove from group", group::remove)
                .about("Removes a user from a group.")
                .repeatable()
                .undone_by("add to group")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(test_connectivity))
}

/// What the directory says when it is tried.
#[derive(Serialize, JsonSchema)]
struct Tried {
    /// Where searches begin.
    base_dn: String,
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<Tried>, Failure> {
    let base_dn = call.configuration.base_dn.clone();
    match Session::open(call)?.entry(&base_dn, Filter::present("objectClass"), &["1.1"])? {
        Some(_) => Ok(Done::success("The directory accepts the credentials.", Tried { base_dn })),
        None => Err(Failure::not_found(format!("the asset's user finds no entry `{base_dn}`"))),
    }
}
