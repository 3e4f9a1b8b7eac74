//! Bounds of the HTTP edge, each with its unit and its reason.

use std::time::Duration;

/// Connections open at the same time. Each may hold one body of at most a mebibyte; more wait in the kernel's queue.
pub const CONNECTIONS: usize = 1_024;

/// Alerts being taken in at the same time. Beyond it ingestion answers 429 at once.
pub const INGESTS: usize = 512;

/// Time for the header of a request: a client that sends it byte by byte must not hold a connection.
pub const HEADER_TIME: Duration = Duration::from_secs(10);

/// Time for the body of a request; a component of 64 MiB over a slow line takes about a minute.
pub const BODY_TIME: Duration = Duration::from_secs(120);

/// Time that requests at work get when the host is told to stop.
pub const STOP_TIME: Duration = Duration::from_secs(10);

/// The longest wait for news of a run that one request may ask for.
pub const WATCH_TIME: Duration = Duration::from_secs(30);

/// Seconds after which a refused alert may be sent again: the backlog of alerts drains in seconds.
pub const RETRY_AFTER_SECS: u32 = 5;

/// Items of a list when the request names no limit.
pub const PAGE_ITEMS_DEFAULT: usize = 50;

/// Bytes of an asset's configuration, secrets and certificates together.
pub const ASSET_BODY_BYTES: usize = 256 * 1024;
