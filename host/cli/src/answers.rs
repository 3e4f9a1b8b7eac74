//! What the host's API answers, around the types of the model.

use std::path::PathBuf;

use palisade_model::{
    Timestamp,
    action::{Failure, Report, RetryLimits},
    alert::{Alert, AlertId, Severity},
    asset::Network,
    audit,
    journal::{Divergence, Entry},
    list::{CustomList, ListEntry},
    name::Name,
    playbook::PlaybookSettings,
    plugin::{Digest, Manifest, Plugin, flow::Standing, replacement::Replacement},
    prompt::Task,
    run::{Run, RunId, RunStatus},
    signer::{KeyId, SignedBy},
    undo::Undone,
    user::User,
};
use palisade_package::{Key, Package, Pattern, PublicKey};
use palisade_policy::Decision;
use palisade_store::audit::Broken;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET /api/v1/status`
#[derive(Deserialize)]
pub(crate) struct Status {
    pub(crate) version: String,
    pub(crate) started: Timestamp,
    pub(crate) allocation: String,
    pub(crate) safe_mode: bool,
    pub(crate) policy_problem: Option<String>,
    pub(crate) store: StoreHealth,
}

/// How the store does.
#[derive(Deserialize)]
pub(crate) struct StoreHealth {
    pub(crate) writes: u64,
    pub(crate) syncs: u64,
    pub(crate) waiting: u64,
    pub(crate) disk_bytes: u64,
    pub(crate) failure: Option<String>,
}

/// `GET /api/v1/alerts`
#[derive(Deserialize)]
pub(crate) struct Alerts {
    pub(crate) alerts: Vec<Alert>,
}

/// `GET /api/v1/alerts/{id}`
#[derive(Deserialize)]
pub(crate) struct AlertAndRuns {
    pub(crate) alert: Alert,
    pub(crate) runs: Vec<Run>,
}

/// `GET /api/v1/runs`
#[derive(Deserialize)]
pub(crate) struct RunList {
    pub(crate) runs: Vec<Run>,
}

/// `GET /api/v1/runs/{id}`
#[derive(Serialize, Deserialize)]
pub(crate) struct RunAndAlert {
    pub(crate) run: Run,
    /// None if the alert is gone.
    pub(crate) alert: Option<AlertInShort>,
    /// The runs it started, newest first.
    pub(crate) children: Vec<Run>,
    /// What in it waits for a person.
    pub(crate) tasks: Vec<Task>,
    /// Its steps that were taken back.
    #[serde(default)]
    pub(crate) undone: Vec<Undone>,
    pub(crate) entries: Vec<Entry>,
}

/// An alert as a run's header shows it.
#[derive(Serialize, Deserialize)]
pub(crate) struct AlertInShort {
    pub(crate) id: AlertId,
    pub(crate) name: String,
    pub(crate) severity: Severity,
    pub(crate) label: String,
}

/// `GET /api/v1/runs/{id}/journal`
#[derive(Deserialize)]
pub(crate) struct Journal {
    pub(crate) run: Run,
    pub(crate) entries: Vec<Entry>,
}

/// `GET /api/v1/tasks`
#[derive(Deserialize)]
pub(crate) struct Tasks {
    pub(crate) tasks: Vec<Task>,
}

/// `POST /api/v1/runs/{id}/replay`
#[derive(Deserialize)]
pub(crate) struct Replayed {
    /// How the run stood.
    pub(crate) status: RunStatus,
    pub(crate) calls: u64,
    pub(crate) divergence: Option<Divergence>,
}

/// `GET /api/v1/playbooks`
#[derive(Deserialize)]
pub(crate) struct Playbooks {
    pub(crate) playbooks: Vec<Plugin>,
}

/// `POST /api/v1/playbooks/{name}/runs`, `POST /api/v1/runs/import`
#[derive(Deserialize)]
pub(crate) struct NewRun {
    pub(crate) run: RunId,
}

/// `GET /api/v1/playbooks/{name}`
#[derive(Deserialize)]
pub(crate) struct ConfiguredPlaybook {
    pub(crate) plugin: Plugin,
    pub(crate) settings: PlaybookSettings,
    /// What its runs begin with.
    pub(crate) configuration: Map<String, Value>,
    /// How each of its needs stands.
    #[serde(default)]
    pub(crate) needs: Vec<Standing>,
}

/// `GET /api/v1/lists`
#[derive(Deserialize)]
pub(crate) struct Lists {
    pub(crate) lists: Vec<CustomList>,
}

/// `GET /api/v1/lists/{name}/entries`
#[derive(Deserialize)]
pub(crate) struct ListEntries {
    pub(crate) entries: Vec<ListEntry>,
}

/// `GET /api/v1/safe-mode`
#[derive(Deserialize)]
pub(crate) struct SafeMode {
    pub(crate) on: bool,
}

/// `GET /api/v1/policy`
#[derive(Deserialize)]
pub(crate) struct PolicyStatus {
    pub(crate) file: PathBuf,
    pub(crate) present: bool,
    pub(crate) problem: Option<String>,
}

/// `POST /api/v1/policy/check`
#[derive(Deserialize)]
pub(crate) struct PolicyAnswer {
    pub(crate) connector: String,
    pub(crate) action: String,
    pub(crate) asset: String,
    #[serde(flatten)]
    pub(crate) decision: Decision,
    pub(crate) considered: Vec<Considered>,
}

/// One thing that the policy looked at.
#[derive(Deserialize)]
pub(crate) struct Considered {
    pub(crate) rule: String,
    pub(crate) fits: bool,
    pub(crate) why: String,
}

/// `GET /api/v1/plugins`
#[derive(Deserialize)]
pub(crate) struct Plugins {
    pub(crate) plugins: Vec<Plugin>,
}

/// `POST /api/v1/plugins/inspect`
#[derive(Serialize, Deserialize)]
pub(crate) struct Inspected {
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    pub(crate) manifest: Manifest,
    pub(crate) package: Package,
    pub(crate) signed_by: SignedBy,
    pub(crate) installed: Option<Plugin>,
    /// What it would do to put it in the place of that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replacement: Option<Replacement>,
    /// How each need of a playbook stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) needs: Vec<Standing>,
}

/// `GET /api/v1/plugins/{name}/rollback`
#[derive(Deserialize)]
pub(crate) struct Rollback {
    pub(crate) previous: Plugin,
    pub(crate) replacement: Replacement,
}

/// `GET /api/v1/plugins/{name}/needs`
#[derive(Deserialize)]
pub(crate) struct Needs {
    pub(crate) needs: Vec<Standing>,
}

/// `GET /api/v1/trust`
#[derive(Deserialize)]
pub(crate) struct Trust {
    pub(crate) keys: Vec<TrustedKey>,
}

/// A key that is trusted.
#[derive(Deserialize)]
pub(crate) struct TrustedKey {
    pub(crate) name: Name,
    pub(crate) id: KeyId,
    pub(crate) public_key: PublicKey,
    pub(crate) namespaces: Vec<Pattern>,
    pub(crate) added: Timestamp,
}

impl From<TrustedKey> for Key {
    fn from(key: TrustedKey) -> Self {
        let TrustedKey { name, public_key, namespaces, added, .. } = key;
        Self { name, public_key, namespaces, added }
    }
}

/// `GET /api/v1/assets`
#[derive(Deserialize)]
pub(crate) struct Assets {
    pub(crate) assets: Vec<AssetView>,
}

/// An asset without its secrets.
#[derive(Deserialize)]
pub(crate) struct AssetView {
    pub(crate) name: Name,
    pub(crate) connector: Name,
    pub(crate) configuration: Map<String, Value>,
    pub(crate) secrets: Vec<String>,
    pub(crate) network: Network,
    pub(crate) retries: RetryLimits,
    pub(crate) ready: bool,
}

/// `POST /api/v1/assets/{name}/test`
#[derive(Deserialize)]
pub(crate) struct TestedAsset {
    pub(crate) result: TestResult,
    pub(crate) took_us: u64,
}

/// How the test ended.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TestResult {
    Report(Report),
    Failure(Failure),
}

/// `GET /api/v1/caller`
#[derive(Deserialize)]
pub(crate) struct Caller {
    pub(crate) admin: bool,
}

/// `GET /api/v1/users`
#[derive(Deserialize)]
pub(crate) struct Users {
    pub(crate) users: Vec<User>,
}

/// `POST /api/v1/users`
#[derive(Deserialize)]
pub(crate) struct NewUser {
    #[serde(flatten)]
    pub(crate) user: User,
    pub(crate) token: String,
}

/// `GET /api/v1/audit`
#[derive(Deserialize)]
pub(crate) struct AuditEntries {
    pub(crate) entries: Vec<audit::Entry>,
    pub(crate) head: audit::Head,
}

/// `POST /api/v1/audit/verify`, and the same of a file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Verified {
    /// How far the log goes, if nothing was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<audit::Head>,
    /// Where it was changed, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) broken: Option<Broken>,
    /// The head through which it must pass.
    pub(crate) passes: audit::Head,
}

/// `POST /ingest/...`
#[derive(Deserialize)]
pub(crate) struct Received {
    pub(crate) alert: AlertId,
    pub(crate) duplicate: bool,
}

/// `POST /ingest/suricata`
#[derive(Deserialize)]
pub(crate) struct ReceivedEvents {
    pub(crate) alerts: Vec<Received>,
    pub(crate) skipped: u64,
    pub(crate) refused: Vec<RefusedLine>,
    pub(crate) refused_count: u64,
}

/// A line that became nothing.
#[derive(Deserialize)]
pub(crate) struct RefusedLine {
    pub(crate) line: u64,
    pub(crate) reason: String,
}
