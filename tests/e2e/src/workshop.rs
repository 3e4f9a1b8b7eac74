//! A host whose runs do what a test says, and the system that they act on.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use palisade_lab::{Fault, FaultKind, Lab, LabOptions, System, story};
use serde_json::Value;

use crate::{Answer, Host, Request, Script, built, site::add_asset, wait};

/// A host with the playbook `script` and the connector `actuator`, whose system is in the lab.
pub struct Workshop {
    /// The host.
    pub host: Host,
    /// The system it acts on.
    pub lab: Lab,
    alerts: AtomicU64,
}

impl Workshop {
    /// Starts a host and a lab, and configures the host.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn start() -> Self {
        Self::with(["actuator", "script"].map(built::component_path)).await
    }

    /// The same, with these components in place of those of today.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn with(components: [PathBuf; 2]) -> Self {
        let lab = Lab::start(LabOptions::default()).await.expect("the lab starts");
        let workshop = Self { host: Host::start(), lab, alerts: AtomicU64::default() };
        workshop.host.install_files(components);
        workshop.add_actuator(&[]);
        workshop
    }

    /// Configures the asset with more options of `palisade asset add`.
    pub fn add_actuator(&self, options: &[&str]) {
        let url = format!("url=https://{}", story::ACTUATOR_HOST);
        let options = [&["--set", &url], options].concat();
        add_asset(&self.host, "actuator", self.lab.ca_pem(), &self.lab.connect_to(), &options, None);
    }

    /// Posts an alert that has a run do this.
    pub fn post(&self, script: &Script) -> Answer {
        let id = self.alerts.fetch_add(1, Ordering::Relaxed).to_string();
        let request = Request::new("POST", "/ingest/test").token(&self.host.ingest_token());
        self.host.send(&request.body(script.alert(&id).to_string()))
    }

    /// Has a run do this, and returns its number.
    ///
    /// # Panics
    ///
    /// If the alert is not taken.
    pub fn run(&self, script: &Script) -> u64 {
        let answer = self.post(script);
        assert_eq!(answer.status, 201, "{}", answer.text);
        self.host.run_on(answer.json()["alert"].as_u64().expect("a receipt has a number"))
    }

    /// Has a run do this, and returns it with its journal when it has ended.
    ///
    /// # Panics
    ///
    /// If the alert is not taken.
    pub fn finished(&self, script: &Script) -> Value {
        self.host.ended(self.run(script))
    }

    /// Lets something go wrong with the next requests to these paths.
    ///
    /// # Panics
    ///
    /// If it makes no sense.
    pub fn fault(&self, path_prefix: &str, times: u32, kind: FaultKind) {
        let path_prefix = Some(path_prefix.to_owned());
        let fault = Fault { system: System::Actuator, path_prefix, times: Some(times), kind };
        self.lab.faults().arm(fault).expect("the fault makes sense");
    }

    /// Waits until everything that was to go wrong does: those requests are at the system, answered or not.
    ///
    /// # Panics
    ///
    /// If they do not come.
    pub fn until_faults_struck(&self) {
        wait::until("the requests come", || self.lab.faults().list().is_empty().then_some(()));
    }

    /// Waits until everything that was written so far is on the disk: writes survive in their order, and this is one that
    /// is acknowledged when it is there.
    ///
    /// # Panics
    ///
    /// If the host does not take it.
    pub fn flush(&self) {
        self.add_actuator(&[]);
    }

    /// What the system was asked, in order: method and path of each request.
    ///
    /// # Panics
    ///
    /// If the lab missed some of it.
    pub fn asked(&self) -> Vec<String> {
        let entries = self.lab.ledger().of(System::Actuator).expect("the ledger is whole");
        entries.iter().map(|entry| format!("{} {}", entry.method, entry.path)).collect()
    }

    /// Kills the host as the kernel would, and starts one with the same data.
    #[must_use]
    pub fn kill_and_restart(self) -> Self {
        self.kill_and_restart_in(&[])
    }

    /// The same, in an environment with more in it.
    #[must_use]
    pub fn kill_and_restart_in(self, environment: &[(&str, &str)]) -> Self {
        Self { host: Host::serve(self.host.kill(), environment), ..self }
    }
}
