//! The action `get system info`.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Configuration, Target, machine::Machine};

/// What a machine is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct System {
    /// Its name.
    name: String,
    /// Domain or workgroup it belongs to.
    domain: Option<String>,
    /// Its part in the domain, for example `member server`.
    role: Option<String>,
    /// Its addresses.
    addresses: Vec<String>,
    /// Operating system.
    operating_system: Option<String>,
    /// Version of the operating system.
    version: Option<String>,
    /// Processor architecture of the operating system.
    architecture: Option<String>,
    /// When the operating system was installed.
    installed: Option<String>,
    /// When it was last started.
    last_boot: Option<String>,
    /// Who made the machine.
    manufacturer: Option<String>,
    /// Which model it is.
    model: Option<String>,
    /// Memory in bytes.
    memory_bytes: Option<u64>,
    /// Who is logged on at the console.
    user: Option<String>,
}

pub(crate) fn get(call: &Call<Configuration>, target: Target) -> Result<Done<System>, Failure> {
    let machine = Machine::reach(call, target)?;
    let os = machine
        .wsman
        .query("SELECT Caption,Version,OSArchitecture,InstallDate,LastBootUpTime FROM Win32_OperatingSystem")?
        .into_iter()
        .next()
        .ok_or_else(|| Failure::upstream("the server has no Win32_OperatingSystem"))?;

    let addresses = machine.addresses()?;
    let computer = &machine.computer;
    let system = System {
        domain: computer.text("Domain"),
        role: computer.number("DomainRole").map(role),
        operating_system: os.text("Caption"),
        version: os.text("Version"),
        architecture: os.text("OSArchitecture"),
        installed: os.text("InstallDate"),
        last_boot: os.text("LastBootUpTime"),
        manufacturer: computer.text("Manufacturer"),
        model: computer.text("Model"),
        memory_bytes: computer.number("TotalPhysicalMemory"),
        user: computer.text("UserName"),
        name: machine.name,
        addresses,
    };
    let os = system.operating_system.clone().unwrap_or_else(|| "an unknown operating system".to_owned());
    let message = format!("{} runs {os}.", system.name);
    let (name, user) = (system.name.clone(), system.user.clone());
    Ok(Done::success(message, system).fact("name", name).fact("operating_system", os).fact("user", user))
}

/// The values of `Win32_ComputerSystem.DomainRole`.
fn role(number: u64) -> String {
    match number {
        0 => "standalone workstation".to_owned(),
        1 => "member workstation".to_owned(),
        2 => "standalone server".to_owned(),
        3 => "member server".to_owned(),
        4 => "backup domain controller".to_owned(),
        5 => "primary domain controller".to_owned(),
        other => format!("role {other}"),
    }
}
