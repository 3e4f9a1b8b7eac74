//! Wasi is there for those who need it, and has nothing to give.

use palisade_e2e::built;
use palisade_engine::{Allocation, Cache, Sandbox, SandboxOptions};
use palisade_model::{asset::Network, plugin::Manifest};
use palisade_package::Package;
use serde_json::json;

use crate::bound::{Bound, none, sandbox};

#[tokio::test]
async fn a_connector_gets_nothing_through_wasi() {
    let connector = Bound::new("hostile-wasi-connector", json!({}), &[], Network::default()).await;
    let report = connector.report("look around", none()).await;
    assert_eq!(
        report.data,
        json!({
            "environment": [],
            "arguments": [],
            "working_directory": null,
            "directories": [],
            "network": ["access-denied", "access-denied", "permanent-resolver-failure"],
        })
    );
}

/// Time, randomness, what surrounds it and how often it was asked: each could make the plugin that is installed another than
/// the one that the operator was shown.
#[tokio::test]
async fn a_connector_describes_itself_the_same_way_each_time_whatever_it_asks_of_wasi() {
    let component = built::component("hostile-wasi-connector");
    let mut described = Vec::new();
    for cache in [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()] {
        // Nothing is shared between the two: another engine, and code that was compiled once more.
        let sandbox = Sandbox::new(SandboxOptions {
            cache: Cache::Own(cache.path().to_owned()),
            compiler: built::palisade(),
            allocation: Allocation::OnDemand,
        });
        let sandbox = sandbox.unwrap();
        let compiled = sandbox.compile(&component).await.unwrap();
        for _ in 0..2 {
            described.push(sandbox.describe(&compiled).await.unwrap());
        }
    }
    let words = &described[0].identity().description;
    let still = "Asked 0 before; 0.000000000 s since 1970; at 0 and then 0; 2 turns; [] [] None; drew ";
    assert!(words.starts_with(still), "{words}\ndoes not begin with\n{still}");
    assert!(described.iter().all(|one| *one == described[0]), "{described:#?}");
    // It was packed in a third process, by `palisade plugin build`.
    assert_eq!(Package::read(&component).unwrap().manifest.as_ref(), Some(&described[0]));
}

#[tokio::test]
async fn a_playbook_describes_itself_in_1970() {
    let sandbox = sandbox();
    let compiled = sandbox.compile(&built::component("hostile-wasi-playbook")).await.unwrap();
    let Manifest::Playbook(manifest) = sandbox.describe(&compiled).await.unwrap() else {
        panic!("it is a connector");
    };
    assert_eq!(manifest.identity.description, "It is 0 ms since 1970.");
}
