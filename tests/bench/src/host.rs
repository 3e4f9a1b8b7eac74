//! The real host as a child process.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Failed,
    connection::{Connection, Endpoint},
    plugins,
    process::Process,
};

/// Time between two looks whether the host is up.
const LOOK: Duration = Duration::from_millis(1);
/// Time for a start; far more than it takes.
const START_TIME: Duration = Duration::from_secs(60);

/// A host. Dropped, it is killed as a crash would, and its data stay.
pub(crate) struct Host {
    pub(crate) child: Process,
    program: PathBuf,
    data: PathBuf,
    address: String,
}

impl Host {
    /// Starts one on these data, and waits until it listens.
    pub(crate) fn serve(data: PathBuf) -> Result<Self, Failed> {
        let program = plugins::release()?.join("palisade");
        // What is measured asks nobody.
        fs::create_dir_all(&data)?;
        fs::write(data.join("policy.toml"), "[default]\ncontain = \"allow\"\ncorrect = \"allow\"\n")?;
        // A host that was killed has left its own behind.
        fs::remove_file(data.join("host.json")).ok();
        let child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()?;
        let mut host = Self { child: Process::new(child), program, data, address: String::new() };
        host.address = host.wait_for_address()?;
        Ok(host)
    }

    fn wait_for_address(&mut self) -> Result<String, Failed> {
        let began = Instant::now();
        let file = self.data.join("host.json");
        while began.elapsed() < START_TIME {
            // It may be there and not be whole yet.
            let host = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            if let Some(url) = host.as_ref().and_then(|host| host["url"].as_str()) {
                return Ok(url.trim_start_matches("http://").to_owned());
            }
            if let Some(status) = self.child.ended()? {
                return Err(format!("palisade serve ended: {status}").into());
            }
            std::thread::sleep(LOOK);
        }
        Err(format!("palisade serve did not come up within {START_TIME:?}").into())
    }

    /// Installs built components with the command that a user has.
    pub(crate) fn install(&self, names: &[&str]) -> Result<(), Failed> {
        let mut install =
            ["plugin", "install", "--grant-all", "--anyway", "--allow-unsigned"].map(str::to_owned).to_vec();
        for name in names {
            install.push(plugins::component(name)?.display().to_string());
        }
        self.palisade(&install).map(drop)
    }

    /// Executes a command of a user, and returns what it wrote.
    pub(crate) fn palisade(&self, arguments: &[String]) -> Result<String, Failed> {
        let output = Command::new(&self.program).arg("--data").arg(&self.data).args(arguments).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        Err(format!("palisade {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into())
    }

    /// Where Splunk's webhook posts to.
    pub(crate) fn splunk(&self) -> Endpoint {
        let path = format!("/ingest/splunk/{}", self.token("ingest"));
        Endpoint { address: self.address.clone(), path, token: String::new() }
    }

    /// Where other sources post to.
    pub(crate) fn source(&self) -> Endpoint {
        Endpoint { address: self.address.clone(), path: "/ingest/bench".into(), token: self.token("ingest") }
    }

    /// A path of the API.
    pub(crate) fn api(&self, path: &str) -> Endpoint {
        let path = format!("/api/v1{path}");
        Endpoint { address: self.address.clone(), path, token: self.token("admin") }
    }

    fn token(&self, name: &str) -> String {
        let token = fs::read_to_string(self.data.join(format!("{name}.token"))).unwrap_or_default();
        token.trim().to_owned()
    }

    /// A connection to the API.
    pub(crate) async fn admin(&self) -> Result<Admin, Failed> {
        Ok(Admin { connection: Connection::open(&self.address).await?, api: self.api("") })
    }
}

/// A connection of a person or program with the admin token.
pub(crate) struct Admin {
    connection: Connection,
    api: Endpoint,
}

impl Admin {
    pub(crate) async fn get(&mut self, path: &str) -> Result<Value, Failed> {
        self.exchange("GET", path, "").await
    }

    pub(crate) async fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Value, Failed> {
        let endpoint = Endpoint { path: format!("{}{path}", self.api.path), ..self.api.clone() };
        Ok(serde_json::from_slice(&self.connection.exchange(method, &endpoint, body).await?)?)
    }
}
