//! A connector that looks for whatever Wasi might grant it, and reports what it got.
#![cfg(target_arch = "wasm32")]

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bindings::wasi::{
    cli::environment,
    filesystem::preopens,
    sockets::{
        instance_network::instance_network,
        ip_name_lookup::resolve_addresses,
        network::{ErrorCode, IpAddressFamily},
        tcp_create_socket::create_tcp_socket,
        udp_create_socket::create_udp_socket,
    },
};

mod bindings {
    #![allow(unsafe_code, reason = "the canonical ABI passes raw pointers; the generator upholds its rules")]
    #![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code has its own style")]

    wit_bindgen::generate!({ path: "wasi.wit", generate_all });
}

palisade_sdk::connector!(connector);

fn connector() -> Connector<Nothing> {
    Connector::new("hostile-wasi", env!("CARGO_PKG_VERSION"))
        .about("Looks for whatever Wasi might grant it.")
        .publisher("Palisade")
        .vendor("Palisade")
        .product("Hostile")
        .action(Action::investigate("look around", look_around).about("Reports all that Wasi grants."))
}

/// No configuration, and no parameters.
#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// What Wasi granted.
#[derive(Serialize, JsonSchema)]
struct Granted {
    /// Variables of the environment.
    environment: Vec<(String, String)>,
    /// Arguments of the program.
    arguments: Vec<String>,
    /// The directory that the program was started in.
    working_directory: Option<String>,
    /// Directories that are open.
    directories: Vec<String>,
    /// What came of the attempts to get a TCP socket, a UDP socket, and an address.
    network: [String; 3],
}

// The builder takes handlers of this shape.
#[allow(clippy::unnecessary_wraps)]
fn look_around(_: &Call<Nothing>, _: Nothing) -> Result<Done<Granted>, Failure> {
    let granted = Granted {
        environment: environment::get_environment(),
        arguments: environment::get_arguments(),
        working_directory: environment::initial_cwd(),
        directories: preopens::get_directories().into_iter().map(|(_, path)| path).collect(),
        network: [
            told(create_tcp_socket(IpAddressFamily::Ipv4)),
            told(create_udp_socket(IpAddressFamily::Ipv6)),
            told(resolve_addresses(&instance_network(), "localhost")),
        ],
    };
    Ok(Done::success("Looked around.", granted))
}

fn told<T>(attempt: Result<T, ErrorCode>) -> String {
    attempt.map_or_else(|error| error.name().to_owned(), |_| "granted".to_owned())
}
