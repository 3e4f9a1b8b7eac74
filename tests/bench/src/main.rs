//! `make bench`: what the host costs, beside the same work in plain Rust, measured in one run.
//!
//! Three tables. A call: instance, call and drop, with the pool and without. An action: one HTTP request through the
//! engine, and through a plain client. Alerts to tickets: the real `palisade serve` as a child process, and a plain
//! server that takes the same alerts, sends the same requests and makes the same store writes. The lab that answers runs
//! in this process, at zero latency, for both.

mod action;
mod call;
mod floor;
mod pipeline;
mod plain;
mod plugins;
mod table;

use std::{error::Error, path::Path};

/// What went wrong; it is printed, and the benchmark ends.
type Failed = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => {}
        ["floor", template, data] => return floor::serve(Path::new(template), Path::new(data)).await,
        other => return Err(format!("unknown arguments {other:?}; there are none").into()),
    }
    println!("{}\n", table::machine());
    call::measure().await?;
    action::measure().await?;
    pipeline::measure().await
}
