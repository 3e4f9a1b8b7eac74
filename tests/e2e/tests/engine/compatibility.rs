//! Components of every released version of the contract are still run; those of other versions are refused by name.

use std::{collections::BTreeSet, fs, path::Path};

use palisade_e2e::built;
use palisade_engine::LoadError;
use palisade_model::plugin::{Digest, Manifest};
use ring::digest::{SHA256, digest};

use crate::bound::sandbox;

/// The file of each released version, and its digest. It is never changed: a change to the contract is a new version.
const RELEASED: [(&str, &str, &str); 3] = [
    ("0.1.0", "connector.wit", "ac9198d4f99d771c8c5b78a26aaccc1e6a1f2e00ff8d8c624de4e2cc9a023038"),
    ("0.1.0", "playbook.wit", "8c6f3efba56f925f9d1cf9ca91c324fa34332cb6880d736e0cfdcd9ca22fd44f"),
    ("0.1.0", "types.wit", "1477476f547786a1a8396768d7eaf4373c35705f6b6d029a2b741b6695ea5f0a"),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn entries(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name != "README.md").collect()
}

#[test]
fn what_was_released_is_never_changed() {
    let released = root().join("wit/released");
    let mut found = BTreeSet::new();
    for version in entries(&released) {
        for file in entries(&released.join(&version)) {
            let wit = fs::read(released.join(&version).join(&file)).unwrap();
            let digest = Digest::from_bytes(digest(&SHA256, &wit).as_ref().try_into().unwrap());
            found.insert((version.clone(), file, digest.to_string()));
        }
    }
    let known =
        RELEASED.map(|(version, file, digest)| (version.to_owned(), file.to_owned(), digest.to_owned()));
    assert_eq!(found, BTreeSet::from(known));
}

#[tokio::test]
async fn components_of_every_released_version_are_linked() {
    let versions = entries(&root().join("wit/released"));
    assert_eq!(
        versions,
        entries(&root().join("tests/compatibility")),
        "each has its components, and no others"
    );
    for version in versions {
        let directory = root().join("tests/compatibility").join(&version);
        assert_eq!(entries(&directory), ["connector.wasm", "playbook.wasm"].map(str::to_owned).into());
        let manifest = described(&fs::read(directory.join("connector.wasm")).unwrap()).await.unwrap();
        assert_eq!((manifest.kind(), manifest.contract()), ("connector", Some(version.as_str())));
        let manifest = described(&fs::read(directory.join("playbook.wasm")).unwrap()).await.unwrap();
        assert_eq!((manifest.kind(), manifest.contract()), ("playbook", Some(version.as_str())));
    }
}

/// What a component says of itself, once it was loaded as what it says.
async fn described(component: &[u8]) -> Result<Manifest, LoadError> {
    let sandbox = sandbox();
    let digest = sandbox.compile(component).await.unwrap();
    let manifest = sandbox.describe(&digest).await?;
    match &manifest {
        Manifest::Connector(connector) => drop(sandbox.connector(&digest, connector)?),
        Manifest::Playbook(playbook) => drop(sandbox.playbook(&digest, playbook)?),
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
