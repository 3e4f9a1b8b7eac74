//! `make bench`: what the host costs, beside the same work in plain Rust, measured in one run.
//!
//! Three tables. A call: instance, call and drop, with the pool and without. An action: one HTTP request through the
//! engine, and through a plain client. Alerts to tickets: the real `palisade serve` as a child process, and a plain
//! server that takes the same alerts, sends the same requests and makes the same store writes. The lab that answers runs
//! in this process, at zero latency, for both.

mod action;
mod call;
mod connection;
mod floor;
mod pipeline;
mod plain;
mod plugins;
mod processes;
mod table;

use std::{error::Error, path::Path};

/// What went wrong; it is printed, and the benchmark ends.
type Failed = Box<dyn Error + Send + Sync>;

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
            pipeline::measure().await
        }
        ["call"] => call::measure().await,
        ["action"] => action::measure().await,
        ["pipeline"] => pipeline::measure().await,
        other => {
            Err(format!("{other:?} is none of: call, action, pipeline; without arguments all three").into())
        }
    }
}
