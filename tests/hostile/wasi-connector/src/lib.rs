//! A connector that looks for whatever Wasi might grant it, and reports what it got. It describes itself by whatever Wasi
//! has that could differ the next time.
#![cfg(target_arch = "wasm32")]

use std::sync::atomic::{AtomicU32, Ordering};

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bindings::wasi::{
    cli::environment,
    clocks::{monotonic_clock, wall_clock},
    filesystem::preopens,
    random::{insecure, insecure_seed, random},
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
    // The instance, and what it leaks, lives for one call.
    let description: &str = whatever_differs().leak();
    Connector::new("hostile-wasi", env!("CARGO_PKG_VERSION"))
        .about(description)
        .publisher("Palisade")
        .vendor("Palisade")
        .product("Hostile")
        .action(Action::investigate("look around", look_around).about("Reports all that Wasi grants."))
}

/// What could be different each time this is asked.
fn whatever_differs() -> String {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let began = monotonic_clock::now();
    let timer = monotonic_clock::subscribe_duration(1_000_000);
    let turns = (1..).find(|_| timer.ready()).unwrap_or(0);
    let wall = wall_clock::now();
    format!(
        "Asked {} before; {}.{:09} s since 1970; at {began} and then {}; {turns} turns; {:?} {:?} {:?}; drew {:?} {:x} {:?} {:x?}",
        ASKED.fetch_add(1, Ordering::Relaxed),
        wall.seconds,
        wall.nanoseconds,
        monotonic_clock::now(),
        environment::get_environment(),
        environment::get_arguments(),
        environment::initial_cwd(),
        random::get_random_bytes(8),
        random::get_random_u64(),
        insecure::get_insecure_random_bytes(8),
        insecure_seed::insecure_seed(),
    )
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
