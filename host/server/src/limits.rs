//! Bounds of the HTTP edge, each with its unit and its reason.

use std::time::Duration;

use palisade_model::limits::{ANSWER_BYTES, RUN_BYTES};

/// Connections open at the same time. Each may hold one body of at most a mebibyte; more wait in the kernel's queue.
pub const CONNECTIONS: usize = 1_024;

/// Alerts being taken in at the same time. Beyond it ingestion answers 429 at once.
pub const INGESTS: usize = 512;

/// Bodies of many events being taken in at the same time. Each holds its body, and hands one group commit of alerts to
/// the store at a time, so all of them together leave half of its queue to the other sources.
pub const BATCHES: usize = 4;

/// Lines of one body that the answer names as refused; of more, it tells the number.
pub const REFUSALS_LISTED: usize = 100;

/// Bytes of the reason why a line was refused: it may quote the line.
pub const REFUSAL_BYTES: usize = 300;

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

/// Bytes of what a person says about a run: the longest answer and the longest note, each byte escaped in JSON.
pub const WORD_BODY_BYTES: usize = 64 * 1024;

/// Bytes of a question to the policy: the parameters of one action.
pub const POLICY_QUESTION_BYTES: usize = 1024 * 1024;

/// Bytes of the configuration of a playbook.
pub const SETTINGS_BODY_BYTES: usize = 256 * 1024;

/// Bytes of the name of who says it: an address of electronic mail fits (RFC 5321, section 4.5.3.1).
pub const BY_BYTES: usize = 320;

/// Bytes of a note on why: as long as an answer may be.
pub const NOTE_BYTES: usize = ANSWER_BYTES;

/// Bytes of a journal that is imported. Parameters and reports are most of a journal; as much again is left for the alert,
/// its notes and the log. In memory it takes several times as much, so one is imported at a time.
pub const IMPORT_BYTES: usize = 2 * RUN_BYTES;

/// Journals that are imported at the same time. Beyond it the host answers 429 at once.
pub const IMPORTS: usize = 1;

/// Bytes of an asset's configuration, secrets and certificates together.
pub const ASSET_BODY_BYTES: usize = 256 * 1024;

/// The shortest time between two records of refused tokens. Each takes some 300 bytes for ever, so whoever tries tokens
/// for a year writes 150 MB.
pub const REFUSALS_EVERY: Duration = Duration::from_secs(60);

/// Time between two looks whether the head of the audit log must be kept anew: what was added since the last look can be
/// cut off unseen.
pub const HEAD_EVERY: Duration = Duration::from_secs(60);

/// Checks of the whole audit log at the same time, each of which reads all of it. Beyond it the host answers 429.
pub const VERIFICATIONS: usize = 1;

/// Bytes of a request to add a user: a name, and roles of at most 63 bytes each.
pub const USER_BODY_BYTES: usize = 4 * 1024;

/// Bytes of a request to trust a key: the key, its name, and patterns of at most 64 bytes each.
pub const TRUST_BODY_BYTES: usize = 8 * 1024;
