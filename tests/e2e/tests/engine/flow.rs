//! Our playbooks and our connectors fit each other.

use palisade_e2e::built;
use palisade_model::plugin::{ConnectorManifest, Manifest, flow::Stands};

use crate::{bound::sandbox, pages::packages};

#[tokio::test]
async fn our_playbooks_can_have_what_they_need_of_our_connectors() {
    let sandbox = sandbox();
    let (mut connectors, mut playbooks) = (Vec::new(), Vec::new());
    for package in packages() {
        let compiled = sandbox.compile(&built::component(&package)).await.unwrap();
        match sandbox.describe(&compiled).await.unwrap() {
            Manifest::Connector(connector) => connectors.push(connector),
            Manifest::Playbook(playbook) => playbooks.push(playbook),
        }
    }
    for playbook in playbooks {
        for need in &playbook.needs {
            let named = |connector: &&ConnectorManifest| connector.identity.name.as_str() == need.connector;
            let connector =
                connectors.iter().find(named).unwrap_or_else(|| panic!("no connector for {need:?}"));
            let standing = need.standing(connector.action(&need.action));
            assert_eq!(standing.stands, Stands::Ready, "{}: {standing:?}", playbook.identity.name);
            assert!(
                need.parameters.is_some(),
                "{} does not say what it sends: {need:?}",
                playbook.identity.name
            );
        }
    }
}
