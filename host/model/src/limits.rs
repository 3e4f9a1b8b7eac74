//! Every bound of the host in one place, each with its unit and its reason.
//!
//! Where memory matters the sum is: [`RUNS_AT_ONCE`] playbooks and [`ACTIONS_AT_ONCE`] actions of at most
//! [`PLUGIN_MEMORY_BYTES`] each; first-party plugins use about 1 MiB, so the bound is for a hostile one.

use std::time::Duration;

/// Bytes of a name: fits a DNS label and a table column.
pub const NAME_BYTES: usize = 63;

// Alerts.

/// Bytes of one ingested body. Splunk's webhook sends one result row; a row with long raw text is some 100 KiB.
pub const ALERT_BODY_BYTES: usize = 1024 * 1024;
/// Bytes of one body of many events. rsyslog cuts its batches there unless it is told otherwise.
pub const EVENTS_BODY_BYTES: usize = 10 * 1024 * 1024;
/// Events in one body, those included that are no alerts. Suricata's are some 500 bytes and more, so that half as many
/// fill a body; one with more has something else in it.
pub const EVENTS_PER_BODY: usize = 40_000;
/// Levels of nested JSON in an alert. Security events are flat; serde_json itself stops at 128.
pub const ALERT_JSON_DEPTH: usize = 16;
/// Fields in one alert, nested ones included.
pub const ALERT_FIELDS: usize = 1_000;
/// Artifacts in one alert.
pub const ALERT_ARTIFACTS: usize = 200;
/// Bytes of one text of an alert that people read in a list: name, label, owner.
pub const ALERT_TEXT_BYTES: usize = 1_024;
/// Bytes of a note, of a description, and of the fields of an artifact that a playbook adds.
pub const NOTE_BYTES: usize = 64 * 1024;
/// Alerts acknowledged but not yet handled. Beyond it ingestion answers 429: the backlog is durable, but a backlog
/// that nobody works off must reach the source.
pub const ALERTS_WAITING: usize = 10_000;
/// The longest time between two looks for alerts that wait. Each alert rings for itself; this is for a ring that was
/// lost, and one look at an empty index a minute costs nothing.
pub const WAITING_LOOK: Duration = Duration::from_secs(60);

/// Fields by which one alert is kept for those that follow it: each is one more small record beside the alert.
pub const ALERT_KEYS: usize = 16;
/// Alerts that one look into history goes through, from the newest. That many about one user are too many, whatever the exact number.
pub const HISTORY_ALERTS: usize = 1_000;

// Custom lists.

/// Custom lists.
pub const LISTS: usize = 200;
/// Entries of one list. A look-up reads by key, so this bounds only what is shown and kept.
pub const LIST_ENTRIES: u64 = 50_000;
/// Bytes of the value of an entry: a long address of electronic mail, a distinguished name.
pub const LIST_VALUE_BYTES: usize = 512;
/// Bytes of the note of an entry.
pub const LIST_NOTE_BYTES: usize = 1_024;
/// Looks into lists and history that one run may make, together with what it adds to lists.
pub const LOOKS_PER_RUN: usize = 500;

// Runs.

/// Runs at work at the same time. Each holds one playbook instance.
pub const RUNS_AT_ONCE: usize = 128;
/// Actions at work at the same time, over all runs. Each holds one connector instance.
pub const ACTIONS_AT_ONCE: usize = 256;
/// Actions that one run may start.
pub const ACTIONS_PER_RUN: u32 = 1_000;
/// Bytes of parameters and reports of all actions of one run. The reports stay in memory until the run ends, so all runs
/// together hold at most 4 GiB; two hundred look-ups with reports of 50 KiB each take a third of it.
pub const RUN_BYTES: usize = 32 * 1024 * 1024;
/// Time that entries which a crash may lose wait for others, to be one write: far below what a person who watches a run
/// notices. Each write of the store is two of sled, whatever is in it.
pub const JOURNAL_WAIT: Duration = Duration::from_millis(20);
/// Entries in the journal of one run.
pub const ENTRIES_PER_RUN: u64 = 10_000;
/// Time that one run may hold an instance without a pause. A wait of some length gives the instance back, so this bounds
/// calls of connectors, one after the other.
pub const RUN_TIME: Duration = Duration::from_secs(4 * 60 * 60);
/// A run that waits for longer than this holds no instance and no memory: going on from its journal costs about a
/// millisecond, and a place in the pool is worth more than that.
pub const PARK_AFTER: Duration = Duration::from_secs(1);
/// How often an action looks whether another run is done with what both act on: longer than [`PARK_AFTER`], so that a run
/// that only waits for this holds no place.
pub const TURN_LOOK: Duration = Duration::from_secs(2);
/// Waiting runs that are let go on in one round, oldest due first: their writes share commits.
pub const DUE_PER_ROUND: usize = 64;
/// The longest time until the default of a prompt stands.
pub const PROMPT_TIME_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Bytes of a question.
pub const PROMPT_BYTES: usize = 4 * 1024;
/// Choices of a prompt: what a person can take in.
pub const PROMPT_CHOICES: usize = 20;
/// Bytes of an answer.
pub const ANSWER_BYTES: usize = 4 * 1024;
/// Runs that one run may start. With [`RUN_DEPTH`] one alert is the cause of at most 11,111 runs of one playbook, if that
/// does nothing but start itself.
pub const CHILDREN_PER_RUN: usize = 10;
/// Runs above a run that was started by another.
pub const RUN_DEPTH: u8 = 4;
/// Time that runs at work get to end when the host is told to stop. A run asks a few systems for seconds each; one that
/// waits for a vendor's job or for a person is not worth waiting for.
pub const STOP_TIME: Duration = Duration::from_secs(30);
/// Lines of log kept for one run; later lines are dropped, and the last says so.
pub const LOG_LINES_PER_RUN: usize = 500;
/// Bytes of one line of log, and of the sentence in which an action says how it ended.
pub const LOG_LINE_BYTES: usize = 2_048;
/// Bytes of one report, summary and data together: it is kept in the journal, and in memory until its run ends.
/// ServiceNow's longest list, 1,000 tickets, takes about 3 MiB.
pub const REPORT_BYTES: usize = 4 * 1024 * 1024;
/// Attempts at one action, the first included, unless its asset says otherwise.
pub const ACTION_ATTEMPTS: u32 = 3;
/// Seconds from the first attempt after which no other begins, unless the asset says otherwise. A system that is being
/// restarted is back within minutes.
pub const ACTION_RETRY_SECONDS: u32 = 15 * 60;
/// The most attempts that an asset may ask for.
pub const ACTION_ATTEMPTS_MAX: u32 = 20;
/// The most seconds that an asset may ask for.
pub const ACTION_RETRY_SECONDS_MAX: u32 = 24 * 60 * 60;
/// Wait before the second attempt, doubled for each one after; half of each wait is random, so that runs which failed
/// together do not come back together.
pub const RETRY_WAIT: Duration = Duration::from_millis(500);
/// The longest wait between two attempts, unless the system asks for more.
pub const RETRY_WAIT_MAX: Duration = Duration::from_secs(60);
/// The longest wait that a rate-limited answer may ask for and get.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(5 * 60);
/// The longest time after which the host takes an action back. Beyond a year nobody remembers why.
pub const UNDO_AFTER_MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Mutating actions of each effect that the host remembers for the breakers of the policy, oldest forgotten first. Of what
/// contains or corrects that is more than anybody sends in the longest time of a breaker.
pub const ACTIONS_REMEMBERED: usize = 10_000;
/// Requests that are kept of one action that is only planned.
pub const PLANNED_REQUESTS: usize = 10;
/// Bytes of the body of a planned request that are kept: enough to see what would be sent.
pub const PLANNED_BODY_BYTES: usize = 8 * 1024;
/// The shortest wait between two looks at a vendor's job.
pub const PENDING_WAIT_MIN: Duration = Duration::from_millis(100);
/// The longest time over all looks at one vendor's job. PAN-OS commits take up to 30 minutes.
pub const PENDING_TIME: Duration = Duration::from_secs(45 * 60);

// Plugins.

/// Bytes of a component. A Python component is 22 MB, of which the interpreter is most.
pub const COMPONENT_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of the text that says where a component came from: a URL of usual length with a digest.
pub const SOURCE_BYTES: usize = 2 * 1024;
/// Bytes of a component's signature. minisign writes some 300; the rest is for a long comment.
pub const SIGNATURE_BYTES: usize = 4 * 1024;
/// Bytes of linear memory of one instance.
pub const PLUGIN_MEMORY_BYTES: usize = 128 * 1024 * 1024;
/// Elements of a table of one instance.
pub const PLUGIN_TABLE_ELEMENTS: usize = 100_000;
/// Bytes of stack of one instance.
pub const PLUGIN_STACK_BYTES: usize = 512 * 1024;
/// Bytes that one value, passed either way, may take. Twice the largest HTTP response, for its headers.
pub const PLUGIN_VALUE_BYTES: usize = 2 * HTTP_RESPONSE_BYTES;
/// Time a plugin may compute, host waits not counted: far above any honest action, far below a person's patience.
pub const PLUGIN_COMPUTE_TIME: Duration = Duration::from_secs(10);
/// Tick of the clock that interrupts plugins. A plugin that loops is noticed within one.
pub const EPOCH_TICK: Duration = Duration::from_millis(10);
/// The longest time limit that an action may declare for one call.
pub const ACTION_TIME_MAX: Duration = Duration::from_secs(5 * 60);
/// Time for `describe`.
pub const DESCRIBE_TIME: Duration = Duration::from_secs(5);
/// Bytes of a JSON Schema in a manifest.
pub const SCHEMA_BYTES: usize = 64 * 1024;
/// Levels of nesting in a JSON Schema.
pub const SCHEMA_DEPTH: usize = 32;
/// Actions of one connector; needs and labels of one playbook.
pub const MANIFEST_ITEMS: usize = 256;
/// Bytes of one text in a manifest.
pub const MANIFEST_TEXT_BYTES: usize = 1_024;
/// Runs that the refusal to remove a plugin names.
pub const RUNS_NAMED: usize = 5;
/// Changes that the difference between two versions of a plugin tells, beside those that make it wider: more than a person
/// reads.
pub const DIFFERENCE_CHANGES: usize = 300;
/// Time to compile a component. The largest known guest, CPython, takes 34 s on two slow cores.
pub const COMPILE_TIME: Duration = Duration::from_secs(180);
/// Components that are compiled or asked to describe themselves at the same time. One compilation uses every core.
pub const INSPECTIONS_AT_ONCE: usize = 2;
/// Bytes of address space of the child that compiles.
pub const COMPILE_MEMORY_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes of a compiled component: the host reads it as a whole. CPython comes to 35 MB.
pub const COMPILED_BYTES: u64 = 512 * 1024 * 1024;
/// Compiled components that stay for a while although none is installed: what is looked at is often installed next, a
/// directory of plugins one after the other.
pub const ASIDE_COUNT: usize = 64;
/// Bytes of all of those on the disk.
pub const ASIDE_BYTES: u64 = 512 * 1024 * 1024;

// Egress.

/// Bytes of one HTTP response, headers not counted.
pub const HTTP_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of one HTTP request's body.
pub const HTTP_REQUEST_BYTES: usize = 8 * 1024 * 1024;
/// Header fields of one request or response.
pub const HTTP_HEADERS: usize = 100;
/// Bytes of a URL.
pub const URL_BYTES: usize = 8 * 1024;
/// Time for one exchange when the plugin names none.
pub const HTTP_TIME: Duration = Duration::from_secs(30);
/// Time for name, connection and TLS together.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// Redirects followed for one request.
pub const REDIRECTS: usize = 5;
/// Requests and streams of one asset at the same time; more wait their turn.
pub const EGRESS_PER_ASSET: usize = 64;
/// Idle connections kept for one asset and host, and how long.
pub const IDLE_CONNECTIONS: usize = 64;
/// Time that an idle connection is kept. Most servers close after 60 s or more.
pub const IDLE_TIME: Duration = Duration::from_secs(30);
/// Streams that one call of an action may have open.
pub const TCP_STREAMS: usize = 8;
/// Bytes of one read from a stream.
pub const TCP_READ_BYTES: usize = 64 * 1024;
/// Bytes read from all streams of one call.
pub const TCP_TOTAL_BYTES: usize = 8 * 1024 * 1024;
/// Time for one read or write of a stream.
pub const TCP_TIME: Duration = Duration::from_secs(30);
/// The shortest secret. A shorter one cannot be scrubbed from answers without tearing them apart.
pub const SECRET_BYTES_MIN: usize = 6;
/// The longest secret: a private key in PEM.
pub const SECRET_BYTES_MAX: usize = 16 * 1024;

// What connectors keep and read.

/// Keys that the state of one asset has: a token, a cursor, a counter, and those of a few tenants.
pub const STATE_KEYS: usize = 64;
/// Bytes of a key of an asset's state.
pub const STATE_KEY_BYTES: usize = 128;
/// Bytes of a value of an asset's state. Tokens that carry claims take up to 8 KiB.
pub const STATE_VALUE_BYTES: usize = 16 * 1024;
/// Bytes of keys and values of an asset's state. It stays in memory: 500 assets take at most 128 MiB.
pub const STATE_BYTES: usize = 256 * 1024;
/// The longest time that a value is kept. What is needed for longer belongs into the vendor's system or a journal.
pub const STATE_TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Confidential values that an asset's logs and reports are scrubbed of, the latest ones. Each is looked for in every text,
/// and a connector has one token or two.
pub const STATE_CONFIDENTIAL: usize = 16;
/// Bytes of a name of a file that an asset reads: what file systems take.
pub const FILE_NAME_BYTES: usize = 255;
/// Bytes of one read from a file; the contract says so.
pub const FILE_READ_BYTES: usize = 1024 * 1024;
/// Bytes that one call reads from all its files. A look-up in a database reads less than 1 MiB; a list that is read as a
/// whole fits.
pub const FILE_TOTAL_BYTES: u64 = 64 * 1024 * 1024;

// Store.

/// Bytes of one piece of a stored value; longer values are cut. sled puts every page above a quarter of its 512 KiB
/// segment into a file that it never syncs, and a page holds up to 21 values whatever their size: 21 of these take
/// 84 KiB.
pub const VALUE_CHUNK_BYTES: usize = 4 * 1024;
/// Pieces of a component that go into one atomic batch, 1 MiB of them.
pub const COMPONENT_PIECES_PER_BATCH: usize = 256;
/// Entries of a list that go in one atomic batch when the list does.
pub const LIST_ENTRIES_PER_BATCH: usize = 256;
/// Bytes of keys and values that the store applies without a sync. sled writes six to ten times as many into its log, as
/// it rewrites a page with each tenth change and splits it; these must fit into one of its segments of 512 KiB.
pub const UNSYNCED_BYTES: usize = 32 * 1024;
/// Time after which the store syncs a write that nobody waits for.
pub const BUFFERED_FOR: Duration = Duration::from_millis(500);
/// Bytes of pages that sled keeps in memory.
pub const STORE_CACHE_BYTES: u64 = 128 * 1024 * 1024;
/// Time to wait for a store whose last user is just leaving, which takes it some milliseconds.
pub const STORE_LOCK_WAIT: Duration = Duration::from_secs(2);
/// Time between two looks at the lock of a store.
pub const STORE_LOCK_POLL: Duration = Duration::from_millis(5);
/// Runs that the writer remembers so that it need not read them: twice as many as can be at work.
pub const RUNS_CACHED: usize = 2 * RUNS_AT_ONCE;
/// Writes waiting for the writer thread.
pub const WRITES_WAITING: usize = 4_096;
/// Writes in one group commit: enough that the commit's own cost vanishes, few enough that the first need not wait.
pub const WRITES_PER_COMMIT: usize = 512;
/// Items of one page of a list.
pub const PAGE_ITEMS: usize = 500;
/// Bytes after which a page of a list ends early. An alert may take 1 MiB and more, so that items alone bound nothing.
pub const PAGE_BYTES: usize = 8 * 1024 * 1024;
/// Plugins that may be installed, and assets that may be configured: each at most, as lists of them have no pages.
pub const REGISTRY_ITEMS: usize = 500;

// Audit log.

/// Bytes of one text of a record in the audit log, and of the JSON of one value: enough to see what was done to what. An
/// entry is kept for ever, and a playbook, a vendor and a person choose its texts.
pub const AUDIT_TEXT_BYTES: usize = 1024;
/// Texts of one list in a record of the audit log.
pub const AUDIT_ITEMS: usize = 50;
/// Bytes of one of them: the name of a field, a network.
pub const AUDIT_ITEM_BYTES: usize = 128;

// Users.

/// Roles of one user.
pub const USER_ROLES: usize = 20;
