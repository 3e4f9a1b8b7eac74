//! What is installed and configured.

use palisade_model::{
    action::RetryLimits,
    asset::{Asset, Network},
    audit::Record,
    limits::REGISTRY_ITEMS,
    playbook::PlaybookSettings,
    plugin::{Identity, Manifest, PlaybookManifest, Plugin, Provenance},
    user::{KeptUser, User},
};
use serde_json::{Map, json};

use super::samples::{at, digest, name, record};
use crate::{error::StoreError, store::Store};

fn plugin(text: &str, version: &str) -> Plugin {
    let identity = Identity {
        name: name(text),
        version: version.to_owned(),
        description: "Looks.".to_owned(),
        publisher: "Palisade".to_owned(),
    };
    let manifest = PlaybookManifest {
        identity,
        contract: None,
        labels: vec!["c2".to_owned()],
        needs: vec![],
        starts: vec![],
        configuration: palisade_model::plugin::nothing_to_configure(),
        lists: Vec::new(),
        manual_minutes: 5,
    };
    let provenance = Provenance { by: Some("anna".to_owned()), ..Provenance::default() };
    Plugin { provenance, ..Plugin::new(digest(1), 12, at(1), Manifest::Playbook(manifest)) }
}

fn asset(text: &str) -> Asset {
    Asset {
        name: name(text),
        connector: name("shodan"),
        configuration: Map::new(),
        sealed: [("api_key".to_owned(), "v1:x".to_owned())].into(),
        network: Network::default(),
        retries: RetryLimits::default(),
    }
}

fn said() -> Record {
    record("anna", 1)
}

pub(super) async fn keeps_plugins_and_assets(store: &dyn Store) {
    for (text, version) in [("triage", "1.0.0"), ("block", "1.0.0"), ("triage", "2.0.0")] {
        store.put_plugin(plugin(text, version), said()).await.unwrap();
    }
    assert_eq!(store.plugins().unwrap(), [plugin("block", "1.0.0"), plugin("triage", "2.0.0")]);
    assert_eq!(store.plugin(&name("triage")).unwrap(), Some(plugin("triage", "2.0.0")));
    assert_eq!(store.plugin(&name("tri")).unwrap(), None);
    assert!(store.remove_plugin(name("triage"), said()).await.unwrap());
    assert!(!store.remove_plugin(name("triage"), said()).await.unwrap());
    assert_eq!(store.plugins().unwrap(), [plugin("block", "1.0.0")]);

    store.put_asset(asset("edge"), said()).await.unwrap();
    assert_eq!(store.asset(&name("edge")).unwrap(), Some(asset("edge")));
    assert_eq!(store.assets().unwrap(), [asset("edge")]);
    assert!(store.remove_asset(name("edge"), said()).await.unwrap());
    assert!(!store.remove_asset(name("edge"), said()).await.unwrap());
    assert_eq!(store.assets().unwrap(), []);
}

fn user(text: &str, roles: &[&str]) -> KeptUser {
    let roles = roles.iter().map(|role| name(role)).collect();
    KeptUser { user: User { name: name(text), roles, created: at(1) }, token: digest(3) }
}

pub(super) async fn keeps_users(store: &dyn Store) {
    for (text, roles) in [("zoe", &["tier2"][..]), ("anna", &[]), ("zoe", &["tier2", "soc-lead"])] {
        store.put_user(user(text, roles), said()).await.unwrap();
    }
    assert_eq!(store.users().unwrap(), [user("anna", &[]), user("zoe", &["tier2", "soc-lead"])]);
    assert!(store.remove_user(name("zoe"), said()).await.unwrap());
    assert!(!store.remove_user(name("zoe"), said()).await.unwrap());
    assert_eq!(store.users().unwrap(), [user("anna", &[])]);
}

pub(super) async fn keeps_plugins_that_change_together(store: &dyn Store) {
    let disabled = Plugin { disabled: true, ..plugin("triage", "1.0.0") };
    let upgraded = Plugin { previous: Some(Box::new(plugin("block", "1.0.0"))), ..plugin("block", "2.0.0") };
    store.put_plugins(vec![plugin("block", "1.0.0")], vec![said()]).await.unwrap();
    store.put_plugins(vec![upgraded.clone(), disabled.clone()], vec![said(), said()]).await.unwrap();
    assert_eq!(store.plugins().unwrap(), [upgraded, disabled]);
    assert_eq!(store.audit_head().seq, 3);
}

pub(super) async fn keeps_components_of_any_size(store: &dyn Store) {
    let large: Vec<u8> = (0..3_000_001_u32).map(|index| (index % 251) as u8).collect();
    for (byte, file) in [(1, vec![]), (2, vec![9; 4096]), (3, large)] {
        store.put_component(digest(byte), file.clone()).await.unwrap();
        store.put_component(digest(byte), file.clone()).await.unwrap();
        assert!(
            store.component(&digest(byte)).unwrap().unwrap() == file,
            "{} bytes came back changed",
            file.len()
        );
    }
    assert_eq!(store.components().unwrap(), [digest(1), digest(2), digest(3)]);
    assert!(store.remove_component(digest(3)).await.unwrap());
    assert!(!store.remove_component(digest(3)).await.unwrap());
    assert!(store.component(&digest(3)).unwrap().is_none());
    assert!(store.component(&digest(2)).unwrap().is_some());
}

pub(super) async fn keeps_settings(store: &dyn Store) {
    let key = name("retention");
    assert_eq!(store.setting(&key).unwrap(), None);
    // Longer, then shorter: what the long value took must not come back.
    for value in [json!({ "note": "x".repeat(100_000) }), json!({ "days": 90 }), json!(null)] {
        store.put_setting(key.clone(), value.clone()).await.unwrap();
        assert!(store.setting(&key).unwrap() == Some(value), "a setting came back changed");
    }
}

pub(super) async fn keeps_what_is_said_of_playbooks(store: &dyn Store) {
    let said = |text| PlaybookSettings::of(name(text));
    let safe = PlaybookSettings { safe_mode: true, ..said("triage") };
    for settings in [said("triage"), said("block"), safe.clone()] {
        store.put_playbook_settings(settings).await.unwrap();
    }
    assert_eq!(store.playbook_settings().unwrap(), [said("block"), safe]);
    assert_eq!((store.plugins().unwrap(), store.lists().unwrap()), (vec![], vec![]));
}

pub(super) async fn is_bounded(store: &dyn Store) {
    for index in 1..REGISTRY_ITEMS {
        drop(store.put_asset(asset(&format!("a{index}")), said()));
    }
    store.put_asset(asset("last"), said()).await.unwrap();
    let full = store.put_asset(asset("one-more"), said()).await;
    assert!(matches!(full, Err(StoreError::Full { what: "assets", max: REGISTRY_ITEMS })), "{full:?}");
    store.put_asset(asset("last"), said()).await.unwrap();
    assert_eq!(store.assets().unwrap().len(), REGISTRY_ITEMS);
}
