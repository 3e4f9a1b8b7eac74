//! TCP, for protocols that are not HTTP: WHOIS (RFC 3912) is one line there, and text until the end of the stream.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, TcpAccess},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

/// As much of an answer as is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The port of WHOIS.
const PORT: u16 = 43;

fn connector() -> Connector<Configuration> {
    Connector::new("example-tcp", env!("CARGO_PKG_VERSION"))
        .about("Asks a WHOIS server.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example WHOIS")
        .tcp(TcpAccess::to_configured("server", [PORT]).because("WHOIS is a protocol of its own."))
        .action(Action::investigate("whois", whois).about("Says what is registered about a name."))
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// The server, as `host` or `host:port`.
    server: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Name {
    /// Domain or address.
    name: String,
}

fn whois(call: &Call<Configuration>, Name { name }: Name) -> Result<Done<String>, Failure> {
    if name.contains(char::is_control) {
        return Err(Failure::invalid("a name has no line breaks"));
    }
    let stream = call.tcp().connect_to(&call.configuration.server, PORT)?;
    stream.write(format!("{name}\r\n").as_bytes())?;
    let answer = String::from_utf8_lossy(&stream.read_to_end(ANSWER_BYTES_MAX)?).into_owned();
    Ok(Done::success(format!("There is a record of {name}."), answer))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::{ConnectorTest, Conversation};
    use serde_json::json;

    use super::*;

    fn test() -> ConnectorTest<Configuration> {
        ConnectorTest::new(connector).configuration(json!({ "server": "whois.example.net" }))
    }

    #[test]
    fn a_name_is_asked_for_in_one_line() {
        let conversation =
            Conversation::new("whois.example.net", 43, "example.org\r\n", "Holder: Example\r\n");
        let report = test().tcp(conversation).invoke("whois", json!({ "name": "example.org" })).report();
        assert_eq!(report.data, json!("Holder: Example\r\n"));
    }

    #[test]
    fn a_name_cannot_be_two_lines() {
        let failure = test().invoke("whois", json!({ "name": "a\r\nb" })).failure();
        assert_eq!(failure, Failure::invalid("a name has no line breaks"));
    }
}
