//! Retries: what the host may do when it is not known whether a call arrived. Each action says one of three things.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess},
    log,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-retries", env!("CARGO_PKG_VERSION"))
        .about("Disables accounts, opens tickets and sends pages.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Desk")
        .http(HttpAccess::to_configured("url").methods(["PUT", "POST"]).because("It is the desk."))
        // Repeating it changes nothing.
        .action(
            Action::contain("disable account", disable_account).about("Disables an account.").repeatable(),
        )
        // Repeating it with the same key changes nothing, because the desk compares keys.
        .action(Action::generic("open ticket", open_ticket).about("Opens a ticket.").repeatable_by_key())
        // Repeating it sends another page: the host never does so by itself, and asks a person.
        .action(Action::generic("send page", send_page).about("Sends a page."))
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the desk.
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Account {
    /// Name of the account.
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Message {
    /// What it says.
    text: String,
}

fn disable_account(call: &Call<Configuration>, Account { name }: Account) -> Result<Done<()>, Failure> {
    let url = &call.configuration.url;
    call.http().put(url).path("accounts").segment(&name).path("disabled").send()?.ok()?;
    Ok(Done::success(format!("The account {name} is disabled."), ()))
}

fn open_ticket(call: &Call<Configuration>, Message { text }: Message) -> Result<Done<u64>, Failure> {
    if call.attempt > 1 {
        log::info(format!("This is attempt {}.", call.attempt));
    }
    let request = call.http().post(&call.configuration.url).path("tickets").json(&json!({ "text": text }));
    let ticket = request.header("idempotency-key", &call.idempotency_key).send()?.ok()?.json()?;
    Ok(Done::success(format!("Ticket {ticket} is open."), ticket))
}

fn send_page(call: &Call<Configuration>, Message { text }: Message) -> Result<Done<()>, Failure> {
    // 429 fails as `Failure::RateLimited`, with the time that the desk asks for: the host comes back after it.
    call.http().post(&call.configuration.url).path("pages").json(&json!({ "text": text })).send()?.ok()?;
    Ok(Done::success("The page is sent.", ()))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::{
        RateLimit,
        testing::{ConnectorTest, Exchange},
    };

    use super::*;

    fn test(exchange: Exchange) -> ConnectorTest<Configuration> {
        ConnectorTest::new(connector)
            .configuration(json!({ "url": "https://desk.example.com" }))
            .http(exchange)
    }

    #[test]
    fn every_attempt_has_the_same_key() {
        for attempt in [1, 2] {
            let exchange = Exchange::post("https://desk.example.com/tickets")
                .header("idempotency-key", "test-key")
                .json(json!({ "text": "Look." }))
                .answer_json(200, json!(7));
            let ended = test(exchange).attempt(attempt).invoke("open ticket", json!({ "text": "Look." }));
            assert_eq!(ended.log.len(), attempt as usize - 1);
            assert_eq!(ended.report().message, "Ticket 7 is open.");
        }
    }

    #[test]
    fn a_system_that_is_too_busy_says_when_to_come_back() {
        let exchange = Exchange::post("https://desk.example.com/pages")
            .json(json!({ "text": "Look." }))
            .answer(429, "slow down")
            .answer_header("retry-after", "30");
        let failure = test(exchange).invoke("send page", json!({ "text": "Look." })).failure();
        let limit = RateLimit { retry_after_ms: Some(30_000), message: "slow down".into() };
        assert_eq!(failure, Failure::RateLimited(limit));
    }

    #[test]
    fn an_account_is_disabled() {
        let exchange = Exchange::request("PUT", "https://desk.example.com/accounts/eve/disabled");
        test(exchange).invoke("disable account", json!({ "name": "eve" })).report();
    }
}
