//! The action `list sessions`.

use std::collections::BTreeMap;

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Configuration, Target, machine::Machine};

/// Someone who is logged on.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Session {
    /// Number of the session.
    id: String,
    /// Account, with its domain.
    user: Option<String>,
    /// How: `interactive`, `network`, `remote interactive` and so on.
    kind: String,
    /// Since when.
    started: Option<String>,
    /// How the account was proven, for example `Kerberos`.
    authentication: Option<String>,
}

pub(crate) fn list(call: &Call<Configuration>, target: Target) -> Result<Done<Vec<Session>>, Failure> {
    let machine = Machine::reach(call, target)?;
    let users: BTreeMap<_, _> = machine
        .wsman
        .query("SELECT Antecedent,Dependent FROM Win32_LoggedOnUser")?
        .iter()
        .filter_map(|logon| {
            let (domain, name) = (logon.key("Antecedent", "Domain")?, logon.key("Antecedent", "Name")?);
            Some((logon.key("Dependent", "LogonId")?.to_owned(), format!("{domain}\\{name}")))
        })
        .collect();
    let sessions: Vec<_> = machine
        .wsman
        .query("SELECT LogonId,LogonType,StartTime,AuthenticationPackage FROM Win32_LogonSession")?
        .iter()
        .filter_map(|session| {
            let id = session.text("LogonId")?;
            Some(Session {
                user: users.get(&id).cloned(),
                kind: kind(session.number("LogonType")?),
                started: session.text("StartTime"),
                authentication: session.text("AuthenticationPackage"),
                id,
            })
        })
        .collect();
    let count = sessions.len();
    Ok(Done::success(format!("Sessions on {}: {count}.", machine.name), sessions).fact("count", count))
}

/// The values of `Win32_LogonSession.LogonType`.
fn kind(number: u64) -> String {
    match number {
        0 => "system".to_owned(),
        2 => "interactive".to_owned(),
        3 => "network".to_owned(),
        4 => "batch".to_owned(),
        5 => "service".to_owned(),
        6 => "proxy".to_owned(),
        7 => "unlock".to_owned(),
        8 => "network with clear text password".to_owned(),
        9 => "new credentials".to_owned(),
        10 => "remote interactive".to_owned(),
        11 => "cached interactive".to_owned(),
        12 => "cached remote interactive".to_owned(),
        13 => "cached unlock".to_owned(),
        other => format!("type {other}"),
    }
}
