//! A connector that does nothing: what remains is what a call costs.

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

palisade_sdk::connector!(connector);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("bench-guest", env!("CARGO_PKG_VERSION"))
        .about("Does nothing, to measure what a call costs.")
        .publisher("Palisade")
        .vendor("Palisade")
        .product("Benchmark")
        .action(Action::investigate("noop", noop).about("Returns its parameter."))
}

/// What an asset needs: nothing.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {}

#[derive(Deserialize, JsonSchema)]
struct Parameters {
    /// Returned as it is.
    text: String,
}

/// What came in.
#[derive(Serialize, JsonSchema)]
struct Output {
    /// The parameter.
    text: String,
}

// The builder takes handlers of this shape.
#[allow(clippy::unnecessary_wraps)]
fn noop(_: &Call<Configuration>, Parameters { text }: Parameters) -> Result<Done<Output>, Failure> {
    Ok(Done::success("Did nothing.", Output { text }))
}
