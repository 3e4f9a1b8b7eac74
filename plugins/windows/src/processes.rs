//! The action `list processes`.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Configuration, Target, machine::Machine};

/// A running process.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Process {
    /// Its number.
    pid: u64,
    /// Number of the process that started it.
    parent_pid: Option<u64>,
    /// Name of its program.
    name: Option<String>,
    /// Path of its program.
    path: Option<String>,
    /// The command line it was started with.
    command_line: Option<String>,
    /// When it was started.
    started: Option<String>,
    /// Number of the terminal session it belongs to.
    session: Option<u64>,
}

pub(crate) fn list(call: &Call<Configuration>, target: Target) -> Result<Done<Vec<Process>>, Failure> {
    let machine = Machine::reach(call, target)?;
    let processes: Vec<_> = machine
        .wsman
        .query("SELECT ProcessId,ParentProcessId,Name,ExecutablePath,CommandLine,CreationDate,SessionId FROM Win32_Process")?
        .iter()
        .filter_map(|process| {
            Some(Process {
                pid: process.number("ProcessId")?,
                parent_pid: process.number("ParentProcessId"),
                name: process.text("Name"),
                path: process.text("ExecutablePath"),
                command_line: process.text("CommandLine"),
                started: process.text("CreationDate"),
                session: process.number("SessionId"),
            })
        })
        .collect();
    let count = processes.len();
    Ok(Done::success(format!("Processes on {}: {count}.", machine.name), processes).fact("count", count))
}
