//! Wasi is there for those who need it, and has nothing to give.

use palisade_e2e::built;
use palisade_model::{asset::Network, plugin::Manifest};
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

#[tokio::test]
async fn a_playbook_describes_itself_in_1970() {
    let sandbox = sandbox();
    let compiled = sandbox.compile(&built::component("hostile-wasi-playbook")).await.unwrap();
    let Manifest::Playbook(manifest) = sandbox.describe(&compiled).await.unwrap() else {
        panic!("it is a connector");
    };
    assert_eq!(manifest.identity.description, "It is 0 ms since 1970.");
}
