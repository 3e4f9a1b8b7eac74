//! `make bench`: what the host costs, beside the same work in plain Rust, measured in one run.
//!
//! A call: instance, call and drop, with the pool and without. An action: one HTTP request through the engine, and
//! through a plain client. Languages: a look-up by a connector in each. Alerts to tickets: the real `palisade serve` as a
//! child process, and a plain server that takes the same alerts, sends the same requests and makes the same store writes.
//! Waiting runs: how one goes on, and a host that is started with very many. The lab that answers runs in this process, at
//! zero latency, for all.

mod action;
mod call;
mod connection;
mod counts;
mod floor;
mod host;
mod languages;
mod pipeline;
mod plain;
mod plugins;
mod process;
mod recording;
mod restart;
mod site;
mod stock;
mod table;
mod waiting;

use std::{error::Error, path::Path};

/// What went wrong; it is printed, and the benchmark ends.
type Failed = Box<dyn Error + Send + Sync>;

/// Waiting runs that a host is started with.
const RUNS: usize = 100_000;
/// Waiting runs that are answered.
const ANSWERED: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    if let ["floor", template, data] = arguments.as_slice() {
        return floor::serve(Path::new(template), Path::new(data)).await;
    }
    println!("{}\n", table::machine());
    match arguments.as_slice() {
        [] => {
            call::measure().await?;
            action::measure().await?;
            languages::measure().await?;
            pipeline::measure().await?;
            waiting(RUNS).await
        }
        ["call"] => call::measure().await,
        ["action"] => action::measure().await,
        ["languages"] => languages::measure().await,
        ["pipeline"] => pipeline::measure().await,
        ["waiting"] => waiting(RUNS).await,
        ["waiting", "--runs", runs] => waiting(runs.parse()?).await,
        other => Err(format!(
            "{other:?} is none of: call, action, languages, pipeline, waiting [--runs N]; without arguments all five"
        )
        .into()),
    }
}

async fn waiting(runs: usize) -> Result<(), Failed> {
    waiting::measure(runs.min(ANSWERED)).await?;
    restart::measure(runs).await
}
