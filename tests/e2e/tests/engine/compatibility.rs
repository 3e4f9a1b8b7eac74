//! Components of every released version of the contract are still run; those of other versions are refused by name.

use std::{collections::BTreeSet, fs, path::Path};

use palisade_e2e::built;
use palisade_engine::LoadError;
use palisade_model::plugin::{Digest, Manifest};
use ring::digest::{SHA256, digest};

use crate::bound::sandbox;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The names of what is in a directory of the repository, but for what is about the whole of it.
fn entries(directory: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap());
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| !["README.md", "SHA256SUMS"].contains(&name.as_str())).collect()
}

#[test]
fn what_was_released_is_never_changed() {
    let mut found = BTreeSet::new();
    for directory in ["wit/released", "tests/compatibility"] {
        for version in entries(directory) {
            for file in entries(&format!("{directory}/{version}")) {
                let path = format!("{directory}/{version}/{file}");
                let content = digest(&SHA256, &fs::read(root().join(&path)).unwrap());
                let digest = Digest::from_bytes(content.as_ref().try_into().unwrap());
                found.insert(format!("{digest}  {path}"));
            }
        }
    }
    let known = fs::read_to_string(root().join("tests/compatibility/SHA256SUMS")).unwrap();
    assert_eq!(found, known.lines().map(str::to_owned).collect());
}

#[tokio::test]
async fn components_of_every_released_version_are_linked() {
    let versions = entries("wit/released");
    assert_eq!(versions, entries("tests/compatibility"), "each has its components, and no others");
    for version in versions {
        for kind in ["connector", "playbook"] {
            let file = root().join(format!("tests/compatibility/{version}/{kind}.wasm"));
            let manifest = described(&fs::read(file).unwrap()).await.unwrap();
            assert_eq!((manifest.kind(), manifest.contract()), (kind, Some(version.as_str())));
        }
    }
}

/// What a component says of itself, once it was loaded as what it says.
async fn described(component: &[u8]) -> Result<Manifest, LoadError> {
    let sandbox = sandbox();
    let compiled = sandbox.compile(component).await.unwrap();
    let manifest = sandbox.describe(&compiled).await?;
    match &manifest {
        Manifest::Connector(connector) => drop(sandbox.connector(&compiled, connector)?),
        Manifest::Playbook(playbook) => drop(sandbox.playbook(&compiled, playbook)?),
    }
    Ok(manifest)
}

/// A component of today, with one text in it replaced by another of the same length wherever it is.
fn altered(package: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut component = built::component(package);
    let places = component.windows(from.len()).enumerate().filter(|(_, window)| *window == from.as_bytes());
    let places: Vec<usize> = places.map(|(at, _)| at).collect();
    assert!(!places.is_empty(), "{from} is nowhere in {package}");
    for at in places {
        component[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    component
}

async fn refusal(component: &[u8]) -> String {
    match described(component).await {
        Err(LoadError::World(why)) => why,
        Err(other) => panic!("it is refused otherwise: {other:?}"),
        Ok(manifest) => panic!("{} is taken", manifest.kind()),
    }
}

#[tokio::test]
async fn the_contract_of_today_is_told() {
    for package in ["actuator", "script"] {
        let manifest = described(&built::component(package)).await.unwrap();
        assert_eq!(manifest.contract(), Some("0.2.0"), "{package}");
    }
}

#[tokio::test]
async fn another_version_is_refused_with_both_named() {
    for package in ["actuator", "script"] {
        assert_eq!(
            refusal(&altered(package, "@0.2.0", "@0.3.0")).await,
            "it is built for version 0.3.0 of the contract, this host knows 0.1.0 to 0.2.0: upgrade Palisade, or build \
             the whole plugin with an SDK for 0.2.0"
        );
        assert_eq!(
            refusal(&altered(package, "@0.2.0", "@0.1.7")).await,
            "it is built for version 0.1.7 of the contract, and of those this host knows only 0.1.0 to 0.2.0: build the \
             whole plugin with an SDK for 0.2.0"
        );
        assert_eq!(
            refusal(&altered(package, "palisade:plugin/log@0.2.0", "palisade:plugin/log@0.1.0")).await,
            "it is built for versions 0.1.0 and 0.2.0 of the contract at once: build the whole plugin with an SDK for \
             0.2.0"
        );
    }
}

#[tokio::test]
async fn a_foreign_import_is_refused_by_name() {
    // One of the other world, one of no world.
    assert_eq!(
        refusal(&altered("script", "palisade:plugin/log@", "palisade:plugin/tcp@")).await,
        "it imports palisade:plugin/tcp@0.2.0, which this host does not give to a playbook: build the whole plugin with \
         an SDK for 0.2.0; beside it, only Wasi 0.2 is given"
    );
    assert_eq!(
        refusal(&altered("actuator", "palisade:plugin/http@", "acme0000:plugin/http@")).await,
        "it imports acme0000:plugin/http@0.2.0, which this host does not give to a connector: build the whole plugin \
         with an SDK for 0.2.0; beside it, only Wasi 0.2 is given"
    );
}

#[tokio::test]
async fn a_version_is_no_way_around_the_types() {
    // A playbook of today that calls itself one of 0.1.0 says more of itself than one could then.
    let why = refusal(&altered("script", "@0.2.0", "@0.1.0")).await;
    assert!(why.starts_with("it is no playbook for this host: "), "{why}");
}
