//! A running host, as a process of its own.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Answer, Request, built, wait};

/// The policy of a host that is tested for something else.
pub const ALLOW_ALL: &str = "[default]\ncontain = \"allow\"\ncorrect = \"allow\"\n";

/// A running `palisade serve` with data of its own; dropped, it is killed and its data are gone.
pub struct Host {
    process: Child,
    address: String,
    /// Beside the data it has the log.
    directory: TempDir,
}

impl Host {
    /// Starts a host with empty data, and a policy that allows everything.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        built::private_directory(&data(&directory));
        fs::write(data(&directory).join("policy.toml"), ALLOW_ALL).expect("a policy can be written");
        let host = Self::on(directory);
        // Now: when it starts, it removes what of it is not installed.
        take_artefacts(&host.data());
        host
    }

    /// Gives it another policy, from the next action on; none for the built-in one.
    ///
    /// # Panics
    ///
    /// If the file cannot be put in place.
    pub fn set_policy(&self, policy: Option<&str>) {
        let (file, new) = (self.data().join("policy.toml"), self.data().join("policy.new"));
        match policy {
            // As an editor does it: whole or not at all.
            Some(policy) => {
                fs::write(&new, policy)
                    .and_then(|()| fs::rename(&new, &file))
                    .expect("a policy can be written");
            }
            None => fs::remove_file(&file).expect("a policy can be removed"),
        }
    }

    /// Starts one with data that another has left.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn on(directory: TempDir) -> Self {
        Self::serve(directory, &[])
    }

    /// Kills it as the kernel would, without a chance to tidy up, and starts one with the same data.
    ///
    /// # Panics
    ///
    /// If it does not start again.
    #[must_use]
    pub fn kill_and_restart(self) -> Self {
        Self::on(self.kill())
    }

    /// Tells it to stop as an operator would, and starts one with the same data when it has.
    ///
    /// # Panics
    ///
    /// If it does not stop as it should, or does not start again.
    #[must_use]
    pub fn stop_and_restart(self) -> Self {
        Self::on(self.stop())
    }

    /// Tells it to stop as an operator would, and waits until it has. Returns its data and its log.
    ///
    /// # Panics
    ///
    /// If it does not stop as it should.
    pub fn stop(mut self) -> TempDir {
        kill_process(self.pid(), Signal::TERM).expect("the host can be told to stop");
        let status = self.process.wait().expect("the host can be waited for");
        assert!(status.success(), "the host ended with {status}:\n{}", self.log());
        self.kill()
    }

    /// Kills it as the kernel would, without a chance to tidy up. Returns its data and its log.
    ///
    /// # Panics
    ///
    /// If it cannot be killed.
    pub fn kill(mut self) -> TempDir {
        self.process.kill().expect("the host can be killed");
        self.process.wait().expect("the host can be waited for");
        let empty = tempfile::tempdir().expect("a temporary directory can be made");
        std::mem::replace(&mut self.directory, empty)
    }

    /// Starts one with data that another has left, in an environment with more in it.
    ///
    /// # Panics
    ///
    /// If it does not start; the message has its log.
    pub fn serve(directory: TempDir, environment: &[(&str, &str)]) -> Self {
        let log = fs::File::options().append(true).create(true).open(log(directory.path()));
        let process = Command::new(built::palisade())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data(&directory))
            .env("NO_COLOR", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("the log can be written"))
            .spawn()
            .expect("palisade can be run");
        let mut host = Self { process, address: String::new(), directory };
        let pid = host.process.id();
        host.address = wait::until("the host starts", || {
            if let Ok(Some(status)) = host.process.try_wait() {
                panic!("the host ended with {status}:\n{}", host.log());
            }
            // A host that was killed has left its file behind, so the process must be this one.
            let file = fs::read(host.data().join("host.json")).ok()?;
            let file: Value = serde_json::from_slice(&file).ok()?;
            (file["pid"] == pid).then(|| file["url"].as_str().map(|url| url.replace("http://", "")))?
        });
        host
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        data(&self.directory)
    }

    /// What it has logged so far, over all restarts.
    pub fn log(&self) -> String {
        fs::read_to_string(log(self.directory.path())).unwrap_or_default()
    }

    /// Runs a command against it and waits for its end. There is no terminal.
    ///
    /// # Panics
    ///
    /// If the program cannot be run.
    pub fn palisade(&self, arguments: &[impl AsRef<OsStr>]) -> Output {
        self.command(arguments).output().expect("palisade can be run")
    }

    /// A command against it, to be run.
    pub fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(built::palisade());
        command.args(arguments).env("PALISADE_DATA", self.data()).stdin(Stdio::null());
        command
    }

    /// Runs a command that must go well, and returns what it printed for a person.
    ///
    /// # Panics
    ///
    /// If it fails; the message says why.
    pub fn text(&self, arguments: &[&str]) -> String {
        let output = self.palisade(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "palisade {arguments:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command that must go well, and returns what it printed as JSON.
    ///
    /// # Panics
    ///
    /// If it fails; the message says why.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.palisade(&[&["--json"], arguments].concat());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "palisade {arguments:?}: {errors}");
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("palisade {arguments:?}: {error}: {text}"))
    }

    /// Installs components that were built beforehand, playbooks also without some of the connectors that they need, and passes
    /// their compiled form on to later hosts.
    ///
    /// # Panics
    ///
    /// If one cannot be installed.
    pub fn install(&self, packages: &[&str]) {
        self.install_files(packages.iter().map(|package| built::component_path(package)));
    }

    /// The same, of these files.
    ///
    /// # Panics
    ///
    /// If one cannot be installed.
    pub fn install_files(&self, files: impl IntoIterator<Item = PathBuf>) {
        let mut arguments =
            ["plugin", "install", "--grant-all", "--anyway", "--allow-unsigned"].map(Into::into).to_vec();
        arguments.extend(files.into_iter().map(PathBuf::into_os_string));
        let output = self.palisade(&arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        give_artefacts(&self.data());
    }

    /// The token for sources of alerts.
    pub fn ingest_token(&self) -> String {
        self.secret_file("ingest.token")
    }

    /// The token for everything.
    pub fn admin_token(&self) -> String {
        self.secret_file("admin.token")
    }

    fn secret_file(&self, name: &str) -> String {
        let path = self.data().join(name);
        let token = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        token.trim().to_owned()
    }

    /// Sends a request.
    ///
    /// # Panics
    ///
    /// If there is no whole answer.
    pub fn send(&self, request: &Request) -> Answer {
        request.try_send(&self.address).unwrap_or_else(|| panic!("no answer to {request:?}:\n{}", self.log()))
    }

    /// Reads from the API; what is asked for must be there.
    ///
    /// # Panics
    ///
    /// If it is not.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.send(&Request::new("GET", &format!("/api/v1{path}")).token(&self.admin_token()));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Posts to the API, whatever comes of it.
    ///
    /// # Panics
    ///
    /// If there is no whole answer.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let request = Request::new("POST", &format!("/api/v1{path}")).token(&self.admin_token());
        self.send(&request.body(body.to_string()))
    }

    /// Posts an alert as Splunk does, and returns the receipt.
    ///
    /// # Panics
    ///
    /// If it is not taken.
    pub fn splunk(&self, webhook: &Value) -> Value {
        let path = format!("/ingest/splunk/{}", self.ingest_token());
        let answer = self.send(&Request::new("POST", &path).body(webhook.to_string()));
        assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
        answer.json()
    }

    /// Posts an alert as plain JSON, and returns its number.
    ///
    /// # Panics
    ///
    /// If it is not taken.
    pub fn alert(&self, id: &str, name: &str, label: &str) -> u64 {
        let alert = json!({ "id": id, "name": name, "label": label, "artifacts": [] });
        let request = Request::new("POST", "/ingest/test").token(&self.ingest_token());
        let answer = self.send(&request.body(alert.to_string()));
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["alert"].as_u64().expect("a receipt has a number")
    }

    /// Waits until a run begins on this alert, and returns the number of the first.
    pub fn run_on(&self, alert: u64) -> u64 {
        wait::until("a run begins", || {
            let runs = self.get(&format!("/runs?alert={alert}"));
            runs["runs"].as_array()?.last()?["id"].as_u64()
        })
    }

    /// Waits until the first run on this alert has ended, and returns it with its journal.
    pub fn concluded(&self, alert: u64) -> Value {
        self.ended(self.run_on(alert))
    }

    /// Waits until this run has ended, and returns it with its journal.
    pub fn ended(&self, run: u64) -> Value {
        wait::until("the run ends", || {
            let whole = self.get(&format!("/runs/{run}"));
            has_ended(&whole).then_some(whole)
        })
    }

    /// Waits until this run stands so, and returns it with its journal.
    ///
    /// # Panics
    ///
    /// If it ends in another way.
    pub fn until(&self, run: u64, status: &str) -> Value {
        wait::until("the run stands as it should", || {
            let whole = self.get(&format!("/runs/{run}"));
            let stands = whole["run"]["status"] == status;
            assert!(stands || !has_ended(&whole), "it should be {status}: {whole:#}");
            stands.then_some(whole)
        })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It may have ended by itself, or have been killed by the test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn has_ended(whole: &Value) -> bool {
    let end = |status| matches!(status, "succeeded" | "failed" | "cancelled");
    whole["run"]["status"].as_str().is_some_and(end)
}

fn data(directory: &TempDir) -> PathBuf {
    directory.path().join("data")
}

fn log(directory: &Path) -> PathBuf {
    directory.join("host.log")
}

/// A compiled component depends on nothing but the component and the engine, and the host checks both before it uses
/// one. So hosts of tests hand theirs on, as one that is started again finds its own: compiling takes seconds each. One
/// of a language with a runtime has 35 MB, so they share the file where they can.
fn shared() -> PathBuf {
    built::scratch("artefacts")
}

fn take_artefacts(data: &Path) {
    let own = data.join("artefacts");
    built::private_directory(&own);
    copy_artefacts(&shared(), &own);
}

fn give_artefacts(data: &Path) {
    copy_artefacts(&data.join("artefacts"), &shared());
}

fn copy_artefacts(from: &Path, to: &Path) {
    let artefacts = fs::read_dir(from).expect("artefacts can be listed");
    for artefact in artefacts.map(|entry| entry.expect("an entry can be read").path()) {
        let name = artefact.file_name().expect("an entry has a name");
        let wanted = artefact.extension() == Some(OsStr::new("cwasm")) && !to.join(name).exists();
        // A host may remove one at this moment.
        if wanted && fs::hard_link(&artefact, to.join(name)).is_err() && artefact.exists() {
            // Whole or not at all: another test may look at this moment.
            let unfinished = to.join(format!("{}.{}", name.to_string_lossy(), std::process::id()));
            fs::copy(&artefact, &unfinished).expect("an artefact can be copied");
            fs::rename(&unfinished, to.join(name)).expect("an artefact can be put in place");
        }
    }
}
