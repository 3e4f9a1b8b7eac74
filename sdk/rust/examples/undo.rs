//! Undo: an action names the one that takes it back, with the same parameters. A person can then take a run back, and a
//! playbook can have an action last for a while only.

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-undo", env!("CARGO_PKG_VERSION"))
        .about("Blocks addresses.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Firewall")
        .http(HttpAccess::to_configured("url").methods(["PUT", "DELETE"]).because("It has the block list."))
        .action(
            Action::contain("block ip", block_ip)
                .about("Puts an address on the block list.")
                .repeatable()
                .undone_by("unblock ip"),
        )
        .action(
            Action::correct("unblock ip", unblock_ip)
                .about("Takes an address off the block list.")
                .repeatable()
                .undone_by("block ip"),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the firewall.
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Address {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
}

fn block_ip(call: &Call<Configuration>, Address { ip }: Address) -> Result<Done<()>, Failure> {
    call.http().put(&call.configuration.url).path("blocked").segment(ip.to_string()).send()?.ok()?;
    Ok(Done::success(format!("{ip} is blocked."), ()))
}

fn unblock_ip(call: &Call<Configuration>, Address { ip }: Address) -> Result<Done<()>, Failure> {
    let response =
        call.http().delete(&call.configuration.url).path("blocked").segment(ip.to_string()).send()?;
    match response.ok() {
        // What is not there need not be taken off: repeating it changes nothing.
        Ok(_) | Err(Failure::NotFound(_)) => Ok(Done::success(format!("{ip} is not blocked."), ())),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Exchange};
    use serde_json::json;

    use super::*;

    const URL: &str = "https://firewall.example.com/blocked/203.0.113.9";

    fn done(action: &str, exchange: Exchange) -> String {
        let test =
            ConnectorTest::new(connector).configuration(json!({ "url": "https://firewall.example.com" }));
        test.http(exchange).invoke(action, json!({ "ip": "203.0.113.9" })).report().message
    }

    #[test]
    fn what_is_blocked_can_be_taken_back_twice() {
        assert_eq!(done("block ip", Exchange::request("PUT", URL)), "203.0.113.9 is blocked.");
        for status in [204, 404] {
            let exchange = Exchange::request("DELETE", URL).answer(status, "");
            assert_eq!(done("unblock ip", exchange), "203.0.113.9 is not blocked.");
        }
    }
}
