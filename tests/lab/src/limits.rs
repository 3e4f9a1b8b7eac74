//! Every bound of the lab, with its reason.

use std::time::Duration;

/// Bytes of a request body. WinRM takes 500 KiB and ServiceNow less; more is a mistake of the caller.
pub(crate) const REQUEST_BODY_BYTES: usize = 1 << 20;

/// Bytes of one WHOIS query line. RFC 3912 names no limit; no real query comes near.
pub(crate) const WHOIS_QUERY_BYTES: u64 = 512;

/// Connections of one listener at the same time; further ones wait in the backlog of the kernel.
pub(crate) const CONNECTIONS: usize = 4096;

/// Time for a TLS handshake, and for a WHOIS query to arrive.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Entries of the ledger: a long benchmark fits, at about one KiB each.
pub(crate) const LEDGER_ENTRIES: usize = 200_000;

/// Bytes of one body that the ledger keeps.
pub(crate) const LEDGER_BODY_BYTES: usize = 16 * 1024;

/// Faults armed at the same time.
pub(crate) const FAULTS: usize = 1000;

/// Records of one ServiceNow table, of the inventory, and search jobs of Splunk.
pub(crate) const TABLE_RECORDS: usize = 500_000;

/// Scans of urlscan.io.
pub(crate) const SCANS: usize = 10_000;

/// Access tokens alive at the same time; the oldest goes first.
pub(crate) const TOKENS: usize = 10_000;

/// Commits that a firewall has enqueued: PAN-OS takes 10.
pub(crate) const COMMIT_JOBS: usize = 10;

/// Open enumerations of all Windows servers.
pub(crate) const ENUMERATIONS: usize = 1000;

/// Bytes of one SMTP command or of one line of a dialogue, with CR LF: AUTH may have 12,288 (RFC 4954 section 4).
pub(crate) const SMTP_LINE_BYTES: u64 = 12_288;

/// Recipients of one message: as many as every server must take (RFC 5321 section 4.5.3.1.8).
pub(crate) const SMTP_RECIPIENTS: usize = 100;

/// Messages that the mail server keeps.
pub(crate) const MAILS: usize = 10_000;

/// Longest time that a fault or a latency may delay an answer.
pub(crate) const DELAY: Duration = Duration::from_secs(3600);
