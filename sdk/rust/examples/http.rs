//! HTTP: one whole request, one whole response. The host resolves names, checks TLS and follows the operator's policy.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-http", env!("CARGO_PKG_VERSION"))
        .about("Looks domains up.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Domains")
        // What is not declared is not reached.
        .http(HttpAccess::to_configured("url").methods(["GET"]).because("The API answers all look-ups."))
        .action(Action::test(test_connectivity))
        .action(Action::investigate("query domain", query_domain).about("Says when a domain was registered."))
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the API.
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct QueryDomain {
    /// Domain, without a host.
    domain: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct Domain {
    /// Day of its registration.
    registered: String,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<()>, Failure> {
    call.http().get(&call.configuration.url).path("status").send()?.ok()?;
    Ok(Done::success("The API answers.", ()))
}

fn query_domain(
    call: &Call<Configuration>,
    QueryDomain { domain }: QueryDomain,
) -> Result<Done<Domain>, Failure> {
    // `segment` and `query` encode what they are given: a parameter cannot leave its place in the URL.
    let request = call.http().get(&call.configuration.url).path("domains").segment(&domain);
    // 401, 404, 429 and the rest become failures that the host knows what to do about.
    let response = request.send()?.ok_or_words(|answer| Some(answer.json::<Problem>().ok()?.detail))?;
    let found: Domain = response.json()?;
    Ok(Done::success(format!("{domain} was registered on {}.", found.registered), found))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Exchange, HttpError};
    use serde_json::json;

    use super::*;

    fn answered(exchange: Exchange) -> palisade_sdk::testing::Ended {
        ConnectorTest::new(connector)
            .configuration(json!({ "url": "https://api.example.com" }))
            .http(exchange)
            .invoke("query domain", json!({ "domain": "example.org" }))
    }

    fn asked() -> Exchange {
        Exchange::get("https://api.example.com/domains/example.org")
    }

    #[test]
    fn a_domain_is_found() {
        let report = answered(asked().answer_json(200, json!({ "registered": "1995-08-31" }))).report();
        assert_eq!(report.message, "example.org was registered on 1995-08-31.");
    }

    #[test]
    fn errors_are_typed_and_have_the_systems_words() {
        let unknown = answered(asked().answer_json(404, json!({ "detail": "no such domain" }))).failure();
        assert_eq!(unknown, Failure::NotFound("no such domain".into()));
        let down = answered(asked().fails(HttpError::Timeout("nothing within 30 s".into()))).failure();
        assert_eq!(down, Failure::Unavailable("nothing within 30 s".into()));
    }
}
