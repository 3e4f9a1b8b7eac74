//! Secrets: the connector has a placeholder, which the host replaces in the declared places of a request. Only what a
//! protocol leaves no other way for is revealed.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-secrets", env!("CARGO_PKG_VERSION"))
        .about("Shows where secrets go.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Keys")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET"])
                .secret_in_header("api_key", "x-api-key")
                .secret_in_authorization("password")
                .because("The API takes either."),
        )
        .reveal("pin", "The protocol wants its last digit in the path.")
        .action(Action::investigate("ask with key", with_key).about("Asks with the key."))
        .action(Action::investigate("ask with password", with_password).about("Asks with the password."))
        .action(Action::investigate("ask with pin", with_pin).about("Asks with a part of the PIN."))
}

/// What is a [`Secret`] is asked for without an echo, sealed, and never shown again.
#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the API.
    url: String,
    /// Name of the account.
    user: String,
    /// API key.
    api_key: Secret,
    /// Password of the account.
    password: Secret,
    /// PIN.
    pin: Secret,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn with_key(call: &Call<Configuration>, _: Nothing) -> Result<Done<()>, Failure> {
    call.http().get(&call.configuration.url).header("x-api-key", &call.configuration.api_key).send()?.ok()?;
    Ok(Done::success("The key is good.", ()))
}

fn with_password(call: &Call<Configuration>, _: Nothing) -> Result<Done<()>, Failure> {
    let Configuration { url, user, password, .. } = &call.configuration;
    call.http().get(url).basic(user, password).send()?.ok()?;
    Ok(Done::success("The password is good.", ()))
}

fn with_pin(call: &Call<Configuration>, _: Nothing) -> Result<Done<()>, Failure> {
    let pin: &str = call.configuration.pin.as_ref();
    let digit = pin.chars().last().ok_or_else(|| Failure::invalid("the PIN is empty"))?;
    call.http().get(&call.configuration.url).segment(digit.to_string()).send()?.ok()?;
    Ok(Done::success("The PIN is good.", ()))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Exchange};
    use serde_json::json;

    use super::*;

    const URL: &str = "https://keys.example.com";

    fn asked(action: &str, exchange: Exchange) -> String {
        let configuration =
            json!({ "url": URL, "user": "ann", "api_key": "the key", "password": "the word", "pin": "1234" });
        let test = ConnectorTest::new(connector).configuration(configuration).http(exchange);
        test.invoke(action, json!({})).report().message
    }

    #[test]
    fn each_secret_goes_where_it_is_declared() {
        let exchange = Exchange::get(URL).header("x-api-key", "the key");
        assert_eq!(asked("ask with key", exchange), "The key is good.");
        let exchange = Exchange::get(URL).basic("ann", "the word");
        assert_eq!(asked("ask with password", exchange), "The password is good.");
        assert_eq!(asked("ask with pin", Exchange::get(&format!("{URL}/4"))), "The PIN is good.");
    }
}
