use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

use palisade_e2e::{built, wait};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::Api;

/// A process of `palisade serve`, made to be killed. Dropped, it is killed; its data stay.
pub struct Host {
    /// The host itself, or strace around it.
    process: Child,
    directory: PathBuf,
}

impl Host {
    /// Starts one in this directory, and does not wait for anything.
    ///
    /// # Panics
    ///
    /// If the program cannot be run.
    pub fn spawn(directory: &Path) -> Self {
        Self::run(Command::new("sh"), directory).0
    }

    /// Starts one under strace, which writes every system call in `calls` to what is returned before it executes it, and
    /// lets the thread that made it stand for so many microseconds between the two.
    ///
    /// # Panics
    ///
    /// If strace cannot be run.
    pub fn spawn_traced(directory: &Path, calls: &str, stand_us: u32) -> (Self, ChildStderr) {
        let mut strace = Command::new("strace");
        strace.args(["-f", "--seccomp-bpf", "-yy", "-s", "0", "-e", &format!("trace={calls}")]);
        strace.args(["-e", &format!("inject={calls}:delay_enter={stand_us}"), "sh"]);
        let (host, trace) = Self::run(strace, directory);
        (host, trace.expect("strace has its output piped"))
    }

    /// The shell makes the number of the process known before there is a host, and keeps its log apart from the trace.
    fn run(mut command: Command, directory: &Path) -> (Self, Option<ChildStderr>) {
        let _ = fs::remove_file(directory.join("pid"));
        let traced = command.get_args().len() > 0;
        let mut process = command
            .args(["-c", r#"echo $$ >"$0/pid"; exec "$@" 2>>"$0/host.log""#])
            .arg(directory)
            .arg(built::palisade())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(directory.join("data"))
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(if traced { Stdio::piped() } else { Stdio::null() })
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let trace = process.stderr.take();
        (Self { process, directory: directory.to_owned() }, trace)
    }

    /// Waits until it listens; nothing if it dies before.
    pub fn api(&mut self) -> Option<Api> {
        let data = self.directory.join("data");
        let address = wait::until("the host starts", || {
            if self.has_ended() {
                return Some(None);
            }
            // A host that was killed has left its file behind, so the process must be this one.
            let file: Value = serde_json::from_slice(&fs::read(data.join("host.json")).ok()?).ok()?;
            (file["pid"].as_u64()? == u64::from(pid(&self.directory)?))
                .then(|| file["url"].as_str().map(|url| url.replace("http://", "")))
        })?;
        let token = |name| fs::read_to_string(data.join(name)).map(|token| token.trim().to_owned()).ok();
        Some(Api { address, admin: token("admin.token")?, ingest: token("ingest.token")? })
    }

    /// Whether it is dead.
    pub fn has_ended(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(Some(_)))
    }

    /// Kills it as the kernel would, without a chance to tidy up.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if !self.has_ended() {
            kill(&self.directory);
            // Before the shell has written its number, or if strace itself hangs.
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// Kills the host that was started in this directory, from any thread.
pub(crate) fn kill(directory: &Path) {
    if let Some(pid) = pid(directory).and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        // It may have died by itself.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn pid(directory: &Path) -> Option<u32> {
    fs::read_to_string(directory.join("pid")).ok()?.trim().parse().ok()
}

/// The last lines of the log of all hosts in this directory.
pub(crate) fn end_of_log(directory: &Path) -> String {
    let log = fs::read_to_string(directory.join("host.log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
