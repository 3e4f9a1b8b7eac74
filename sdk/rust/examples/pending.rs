//! A job that takes the system a while: the action says when to come back, and nothing waits meanwhile.

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Outcome, Pending},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

palisade_sdk::connector!(connector);

/// Time between two looks at a scan.
const LOOK: Duration = Duration::from_secs(15);

fn connector() -> Connector<Configuration> {
    Connector::new("example-pending", env!("CARGO_PKG_VERSION"))
        .about("Scans hosts.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example Scanner")
        .http(HttpAccess::to_configured("url").methods(["GET", "POST", "DELETE"]).because("It scans."))
        .action(
            Action::generic("scan host", scan_host)
                .about("Scans a host, which takes minutes.")
                .repeatable_by_key(),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// URL of the scanner.
    url: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScanHost {
    /// The host.
    host: String,
}

/// A scan as the scanner tells it, and what was found when it is done.
#[derive(Deserialize, Serialize, JsonSchema)]
struct Scan {
    /// Its number.
    id: String,
    /// Open ports; none as long as it is at work.
    ports: Option<Vec<u16>>,
}

fn scan_host(call: &Call<Configuration>, ScanHost { host }: ScanHost) -> Result<Outcome<Scan>, Failure> {
    let url = &call.configuration.url;
    let scan: Scan = match &call.resume {
        None => {
            let request =
                call.http().post(url).path("scans").header("idempotency-key", &call.idempotency_key);
            request.json(&serde_json::json!({ "host": host })).send()?.ok()?.json()?
        }
        // The token that it handed back with `Pending`.
        Some(id) if call.cancelled => {
            call.http().delete(url).path("scans").segment(id).send()?.ok()?;
            return Err(Failure::Cancelled("the scan was stopped".into()));
        }
        Some(id) => call.http().get(url).path("scans").segment(id).send()?.ok()?.json()?,
    };
    Ok(match &scan.ports {
        None => Outcome::Pending(Pending {
            after: LOOK,
            token: scan.id,
            message: format!("{host} is being scanned."),
        }),
        Some(ports) => Outcome::Done(Done::success(format!("{host} has {} open ports.", ports.len()), scan)),
    })
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Ended, Exchange};
    use serde_json::{Value, json};

    use super::*;

    const URL: &str = "https://scanner.example.com";

    fn test(exchange: Exchange) -> ConnectorTest<Configuration> {
        ConnectorTest::new(connector).configuration(json!({ "url": URL })).http(exchange)
    }

    fn scan(test: ConnectorTest<Configuration>) -> Ended {
        test.invoke("scan host", json!({ "host": "web1" }))
    }

    fn answer(ports: Value) -> Value {
        json!({ "id": "7", "ports": ports })
    }

    #[test]
    fn a_scan_is_started_with_the_key_of_the_step() {
        let exchange = Exchange::post(&format!("{URL}/scans"))
            .header("idempotency-key", ConnectorTest::<Configuration>::IDEMPOTENCY_KEY)
            .json(json!({ "host": "web1" }))
            .answer_json(201, answer(Value::Null));
        let pending = scan(test(exchange)).pending();
        assert_eq!((pending.after, pending.token.as_str()), (LOOK, "7"));
    }

    #[test]
    fn it_is_looked_at_until_it_is_done() {
        let exchange = Exchange::get(&format!("{URL}/scans/7")).answer_json(200, answer(json!([22, 443])));
        assert_eq!(scan(test(exchange).resume("7")).report().message, "web1 has 2 open ports.");
    }

    #[test]
    fn a_cancelled_run_stops_it() {
        let exchange = Exchange::request("DELETE", &format!("{URL}/scans/7"));
        let failure = scan(test(exchange).resume("7").cancelled()).failure();
        assert_eq!(failure, Failure::Cancelled("the scan was stopped".into()));
    }
}
