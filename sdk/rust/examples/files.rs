//! Files that the operator has given to the asset, such as a database of addresses. They are read in pieces: a large one does
//! not fit into an instance.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done},
};
use schemars::JsonSchema;
use serde::Deserialize;

palisade_sdk::connector!(connector);

/// Bytes that are read at a time.
const PIECE_BYTES: u32 = 64 * 1024;

fn connector() -> Connector<Configuration> {
    Connector::new("example-files", env!("CARGO_PKG_VERSION"))
        .about("Looks into a list of known hosts.")
        .publisher("Example Inc.")
        .vendor("Example Inc.")
        .product("Example List")
        .reads_file("hosts", "It has the hosts that are known.")
        .action(Action::investigate("find host", find_host).about("Says whether a host is known."))
}

#[derive(Deserialize, JsonSchema)]
struct Configuration {
    /// Name of the file: one host on each line.
    #[expect(dead_code, reason = "the host opens it")]
    hosts: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FindHost {
    /// The host.
    host: String,
}

fn find_host(call: &Call<Configuration>, FindHost { host }: FindHost) -> Result<Done<bool>, Failure> {
    let file = call.file("hosts");
    let (size, mut place, mut rest) = (file.size()?, 0, Vec::new());
    while place < size {
        let piece = file.read(place, PIECE_BYTES)?;
        place += piece.len() as u64;
        rest.extend(piece);
        let mut lines: Vec<_> = rest.split(|byte| *byte == b'\n').collect();
        // The last line may go on in the next piece.
        let last = if place < size { lines.pop() } else { None };
        if lines.contains(&host.as_bytes()) {
            return Ok(Done::success(format!("{host} is known."), true));
        }
        rest = last.unwrap_or_default().to_vec();
    }
    Ok(Done::success(format!("{host} is not known."), false))
}

#[cfg(test)]
mod tests {
    use palisade_sdk::testing::ConnectorTest;
    use serde_json::json;

    use super::*;

    fn known(host: &str, list: &str) -> serde_json::Value {
        let test = ConnectorTest::new(connector).configuration(json!({ "hosts": "hosts.txt" }));
        test.file("hosts", list).invoke("find host", json!({ "host": host })).report().data
    }

    #[test]
    fn a_host_is_found_wherever_it_is() {
        let long = format!("{}last", "padding\n".repeat(20_000));
        assert_eq!(known("last", &long), json!(true));
        assert_eq!(known("ast", &long), json!(false));
        assert_eq!(known("db1", "web1\ndb1\n"), json!(true));
    }
}
