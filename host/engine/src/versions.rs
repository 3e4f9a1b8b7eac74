//! Versions of the contract: which one a component was built for, and what differs in the older ones.
//!
//! A component names the version in what it imports, `palisade:plugin/http@0.2.0`. What has not changed since an older
//! version is linked under that version's names too; what has is in one module for each of them. Once a component is
//! linked, nothing else of the host knows how old it is.

/// Links the host's side of these interfaces under the names that they have in another version. Types are compared when a
/// component is linked, so one that has changed is found out.
macro_rules! link_as {
    ($linker:ident, $version:literal, $($interface:ident)*) => {{
        $($interface::add_to_linker_instance::<_, wasmtime::component::HasSelf<_>>(
            &mut $linker.instance(concat!("palisade:plugin/", stringify!($interface), "@", $version))?,
            |guest| guest,
        )?;)*
        Ok(())
    }};
}

mod since_v0_1_0;

use std::collections::BTreeSet;

use palisade_contract::{
    connector::Connector,
    playbook::{Playbook, PlaybookPre as CurrentPre, palisade::plugin::playbook_descriptor as wit},
    playbook_v0_1_0::PlaybookPre as PreV0_1_0,
};
use palisade_model::limits::MANIFEST_TEXT_BYTES;
use semver::Version;
use wasmtime::{
    Engine, Store,
    component::{
        Component, HasSelf, InstancePre, Linker,
        types::{ComponentExtern, ComponentItem},
    },
};

use crate::{connector::ConnectorHost, guest::Guest, playbook::PlaybookHost, wit::line};

/// The package of the contract, as it begins the names of its interfaces.
const PACKAGE: &str = "palisade:plugin/";

/// The version in `wit/`.
const CURRENT: Version = Version::new(0, 2, 0);

/// Every version that this host can run, oldest first.
const KNOWN: [Version; 2] = [since_v0_1_0::VERSION, CURRENT];

/// The packages of Wasi 0.2 that a component may import.
const WASI: [&str; 6] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/", "wasi:sockets/"];

/// How many foreign imports a refusal names.
const NAMED: usize = 5;

/// What a component may import of the contract.
pub(crate) struct World {
    pub(crate) name: &'static str,
    interfaces: &'static [&'static str],
}

/// The world of connectors.
pub(crate) const CONNECTOR: World = World {
    name: "connector",
    interfaces: &["types", "connector-descriptor", "log", "clock", "random", "http", "tcp", "state", "files"],
};

/// The world of playbooks.
pub(crate) const PLAYBOOK: World = World {
    name: "playbook",
    interfaces: &[
        "types",
        "playbook-descriptor",
        "log",
        "clock",
        "random",
        "steps",
        "actions",
        "prompts",
        "playbooks",
        "configuration",
        "lists",
        "history",
        "alerts",
    ],
};

/// Why a component is not for this host, by the names of what it imports.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Foreign {
    #[error(
        "it is built for version {0} of the contract, this host knows {known}: upgrade Palisade, or {REBUILD} {CURRENT}",
        known = known()
    )]
    Newer(String),
    #[error(
        "it is built for version {0} of the contract, and of those this host knows only {known}: {REBUILD} {CURRENT}",
        known = known()
    )]
    Unreleased(String),
    #[error("it is built for versions {0} and {1} of the contract at once: {REBUILD} {CURRENT}")]
    Mixed(Version, Version),
    #[error(
        "it imports {imports}, which this host does not give to a {world}: {REBUILD} {CURRENT}; beside it, only Wasi 0.2 \
         is given"
    )]
    Imports { imports: String, world: &'static str },
}

/// What to do about it; the version follows.
const REBUILD: &str = "build the whole plugin with an SDK for";

/// The versions that this host knows, for people.
pub(crate) fn known() -> String {
    format!("{} to {CURRENT}", KNOWN[0])
}

/// The version of the contract that a component was built for. None if it uses nothing of the contract by name: then its
/// types decide whether it can be linked as one of today.
///
/// # Errors
///
/// If it is not a version that this host knows.
pub(crate) fn of(component: &Component, engine: &Engine) -> Result<Option<Version>, Foreign> {
    let component = component.component_type();
    let imported = component.imports(engine).filter_map(|(name, _)| version(name));
    let exported = component.exports(engine).filter_map(|(name, _)| version(name));
    let versions: BTreeSet<Version> = imported.chain(exported).collect();
    let shown = |version: &Version| line(version.to_string(), MANIFEST_TEXT_BYTES);
    if let Some(newest) = versions.last()
        && *newest > CURRENT
    {
        return Err(Foreign::Newer(shown(newest)));
    }
    if let Some(unknown) = versions.iter().find(|version| !KNOWN.contains(version)) {
        return Err(Foreign::Unreleased(shown(unknown)));
    }
    let mut versions = versions.into_iter();
    match (versions.next(), versions.next()) {
        (Some(one), Some(other)) => Err(Foreign::Mixed(one, other)),
        (one, _) => Ok(one),
    }
}

/// Checks that a component imports nothing beyond its world, and tells the version that it was built for.
///
/// # Errors
///
/// See [`Foreign`].
pub(crate) fn check(
    component: &Component,
    engine: &Engine,
    world: &World,
) -> Result<Option<Version>, Foreign> {
    let contract = of(component, engine)?;
    let component = component.component_type();
    let foreign = component
        .imports(engine)
        .filter(|(name, item)| !world.gives(name) && !is_vocabulary(name, &item.ty, engine));
    let mut foreign = foreign.map(|(name, _)| name);
    let named: Vec<&str> = foreign.by_ref().take(NAMED).collect();
    if named.is_empty() {
        return Ok(contract);
    }
    let more = match foreign.count() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let imports = format!("{}{more}", line(named.join(", "), MANIFEST_TEXT_BYTES));
    Err(Foreign::Imports { imports, world: world.name })
}

impl World {
    /// Whether a component of this world may import what has this name.
    fn gives(&self, name: &str) -> bool {
        match name.strip_prefix(PACKAGE).and_then(|rest| rest.split_once('@')) {
            Some((interface, _)) => self.interfaces.contains(&interface),
            None => WASI.iter().any(|package| name.starts_with(package)),
        }
    }
}

/// Whether an import is an interface of the contract's package that has nothing but types. It asks nothing of the host. Some
/// compilers need the types of a world in an interface of their own: componentize-qjs 0.4 loses them otherwise.
fn is_vocabulary(name: &str, item: &ComponentItem, engine: &Engine) -> bool {
    let ComponentItem::ComponentInstance(interface) = item else { return false };
    let types = |(_, item): (_, ComponentExtern<'_>)| matches!(item.ty, ComponentItem::Type(_));
    version(name).is_some() && interface.exports(engine).all(types)
}

/// The version in the name of an interface of the contract.
fn version(name: &str) -> Option<Version> {
    let (_, version) = name.strip_prefix(PACKAGE)?.split_once('@')?;
    Version::parse(version).ok()
}

/// Links what connectors of every version import.
pub(crate) fn link_connectors(linker: &mut Linker<Guest<ConnectorHost>>) -> wasmtime::Result<()> {
    Connector::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    since_v0_1_0::link_connectors(linker)
}

/// Links what playbooks of every version import.
pub(crate) fn link_playbooks(linker: &mut Linker<Guest<PlaybookHost>>) -> wasmtime::Result<()> {
    Playbook::add_to_linker::<_, HasSelf<_>>(linker, |guest| guest)?;
    since_v0_1_0::link_playbooks(linker)
}

/// A linked playbook. Connectors export the same in every version; what a playbook says of itself has changed.
pub(crate) enum PlaybookPre {
    Current(CurrentPre<Guest<PlaybookHost>>),
    V0_1_0(PreV0_1_0<Guest<PlaybookHost>>),
}

impl PlaybookPre {
    /// Of a component that was built for this version.
    pub(crate) fn new(
        pre: InstancePre<Guest<PlaybookHost>>,
        contract: Option<&Version>,
    ) -> wasmtime::Result<Self> {
        Ok(if contract == Some(&since_v0_1_0::VERSION) {
            Self::V0_1_0(PreV0_1_0::new(pre)?)
        } else {
            Self::Current(CurrentPre::new(pre)?)
        })
    }

    /// Asks what it is, in the words of today.
    pub(crate) async fn describe(
        &self,
        store: &mut Store<Guest<PlaybookHost>>,
    ) -> wasmtime::Result<wit::Playbook> {
        match self {
            Self::Current(pre) => pre.instantiate_async(&mut *store).await?.call_describe(store).await,
            Self::V0_1_0(pre) => {
                let described = pre.instantiate_async(&mut *store).await?.call_describe(store).await?;
                Ok(since_v0_1_0::described(described))
            }
        }
    }

    /// Runs it.
    pub(crate) async fn run(
        &self,
        store: &mut Store<Guest<PlaybookHost>>,
    ) -> wasmtime::Result<Result<String, String>> {
        match self {
            Self::Current(pre) => pre.instantiate_async(&mut *store).await?.call_run(store).await,
            Self::V0_1_0(pre) => pre.instantiate_async(&mut *store).await?.call_run(store).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_known_versions_are_those_of_the_wit() {
        let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
        for file in ["types", "connector", "playbook"] {
            let text = fs::read_to_string(format!("{wit}/{file}.wit")).unwrap();
            assert!(text.starts_with(&format!("package palisade:plugin@{CURRENT};\n")), "{file}");
        }
        let released =
            fs::read_dir(format!("{wit}/released")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut released: Vec<Version> = released
            .map(|name| name.to_str().unwrap().parse().unwrap())
            .filter(|one| *one != CURRENT)
            .collect();
        released.sort();
        assert_eq!(released, KNOWN[..KNOWN.len() - 1]);
    }
}
