//! Version 0.1.0 of the contract. A playbook did not say what passes between it and the actions it needs.

use palisade_contract::{
    connector::palisade::plugin as connector,
    playbook::palisade::plugin::{
        self as playbook,
        playbook_descriptor::{ListUse, Need, Playbook},
    },
    playbook_v0_1_0::palisade::plugin::playbook_descriptor as old,
};
use semver::Version;
use wasmtime::component::Linker;

use crate::{connector::ConnectorHost, guest::Guest, playbook::PlaybookHost};

pub(super) const VERSION: Version = Version::new(0, 1, 0);

/// Links for connectors what has not changed since.
pub(super) fn link_connectors(linker: &mut Linker<Guest<ConnectorHost>>) -> wasmtime::Result<()> {
    use connector::{clock, files, http, log, random, state, tcp};
    link_as!(linker, "0.1.0", log clock random http tcp state files)
}

/// Links for playbooks what has not changed since.
pub(super) fn link_playbooks(linker: &mut Linker<Guest<PlaybookHost>>) -> wasmtime::Result<()> {
    use connector::log;
    use playbook::{
        actions, alerts, clock, configuration, history, lists, playbooks, prompts, random, steps,
    };
    link_as!(linker, "0.1.0", log clock random steps actions prompts playbooks configuration lists history alerts)
}

/// What a playbook of then says of itself, in the words of today.
pub(super) fn described(said: old::Playbook) -> Playbook {
    Playbook {
        identity: said.identity,
        labels: said.labels,
        needs: said.needs.into_iter().map(need).collect(),
        starts: said.starts,
        configuration: said.configuration,
        lists: said.lists.into_iter().map(|list| ListUse { name: list.name, adds: list.adds }).collect(),
        manual_minutes: said.manual_minutes,
    }
}

fn need(need: old::Need) -> Need {
    Need { connector: need.connector, action: need.action, parameters: None, data: None }
}
