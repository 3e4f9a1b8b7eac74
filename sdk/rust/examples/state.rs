//! State: what a connector keeps for its later calls on the same asset, here the token of a session. The host may forget it
//! at any time, so no action depends on it.

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

fn connector() -> Connector<Configuration> {
    Connector::new("example-state", env!("CARGO_PKG_VERSION"))
        .about("Counts open cases, in a session that it keeps.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Cases")
        .http(
            HttpAccess::to_configured("url")
                .methods(["GET", "POST"])
                .secret_in_body("password")
                .because("The API has the cases."),
        )
        // `POST` may change something; this one does not, and is declared as a read.
        .action(
            Action::investigate("count cases", count_cases)
                .about("Says how many cases are open.")
                .reads_by("POST", "/session"),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the API.
    url: String,
    /// Password of the account.
    password: Secret,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn count_cases(call: &Call<Configuration>, _: Nothing) -> Result<Done<u64>, Failure> {
    let url = &call.configuration.url;
    let count = |token: &str| call.http().get(url).path("cases/count").bearer(token).send()?.ok()?.json();
    let kept = call.state().get("token");
    let count = match kept.as_deref().map(count) {
        // No token is kept, or the system has ended its session before the time.
        None | Some(Err(Failure::Authentication(_))) => count(&sign_in(call)?)?,
        Some(counted) => counted?,
    };
    Ok(Done::success(format!("{count} cases are open."), count))
}

fn sign_in(call: &Call<Configuration>) -> Result<String, Failure> {
    let Configuration { url, password } = &call.configuration;
    let token: String =
        call.http().post(url).path("session").form([("password", password.as_ref())]).send()?.ok()?.json()?;
    // Confidential: the host scrubs it from whatever is logged or returned from now on.
    if let Err(why) = call.state().put_confidential("token", &token, Duration::from_secs(15 * 60)) {
        palisade_sdk::log::warn(format!("The session is not kept: {why}"));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Exchange};
    use serde_json::json;

    use super::*;

    fn test() -> ConnectorTest<Configuration> {
        let configuration = json!({ "url": "https://cases.example.com", "password": "placeholder" });
        ConnectorTest::new(connector).configuration(configuration)
    }

    fn counted(token: &str) -> Exchange {
        Exchange::get("https://cases.example.com/cases/count").bearer(token)
    }

    #[test]
    fn a_kept_token_saves_the_sign_in() {
        let test = test().state("token", "kept").http(counted("kept").answer_json(200, json!(3)));
        assert_eq!(test.invoke("count cases", json!({})).report().message, "3 cases are open.");
    }

    #[test]
    fn without_one_or_with_one_that_has_ended_it_signs_in() {
        let signs_in = Exchange::post("https://cases.example.com/session")
            .body("password=placeholder")
            .answer_json(200, json!("new token"));
        let test = test().state("token", "old").http(counted("old").answer(401, ""));
        let ended = test.http(signs_in).http(counted("new token").answer_json(200, json!(0)));
        let ended = ended.invoke("count cases", json!({}));
        let kept = &ended.state["token"];
        assert_eq!((kept.value.as_str(), kept.confidential), ("new token", true));
        assert_eq!(ended.report().data, json!(0));
    }
}
