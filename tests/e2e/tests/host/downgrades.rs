//! Versions that come back, whether they have an order or not.

use palisade_e2e::{Answer, Host, built};
use palisade_model::name::Name;
use palisade_store::{SledStore, Store};
use serde_json::{Map, Value, json};

use crate::packages::{in_version, install, last_entry, last_installed};

fn install_version(host: &Host, version: &[u8; 5], allow_downgrade: bool) -> Answer {
    let component = in_version(&built::component("script"), version);
    let allow = if allow_downgrade { "&allow_downgrade=true" } else { "" };
    install(host, &component, None, &format!("&allow_unsigned=true{allow}"))
}

fn is_refused(host: &Host, version: &[u8; 5], for_the_sake_of: &str) {
    let before = (host.get("/plugins"), last_entry(host));
    let answer = install_version(host, version, false);
    assert_eq!(answer.status, 409, "{}", answer.text);
    let words = format!("of `script` is older than {for_the_sake_of}, which was installed here before");
    assert!(answer.text.contains(&words), "{}", answer.text);
    assert_eq!((host.get("/plugins"), last_entry(host)), before);
}

fn is_installed(host: &Host, version: &[u8; 5]) {
    let answer = install_version(host, version, false);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(last_installed(host)["older_than"].is_null());
}

fn is_installed_if_allowed(host: &Host, version: &[u8; 5], for_the_sake_of: &str) {
    is_refused(host, version, for_the_sake_of);
    let answer = install_version(host, version, true);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(last_installed(host)["older_than"], for_the_sake_of);
}

#[test]
fn a_version_without_an_order_is_asked_for_once_and_hides_no_older_one() {
    let host = Host::start();
    is_installed(&host, b"0.9.0");
    is_installed_if_allowed(&host, b"tuesd", "0.9.0");
    // The same once more, say another build, is nothing new.
    is_installed(&host, b"tuesd");
    is_installed_if_allowed(&host, b"wedne", "tuesd");
    is_refused(&host, b"0.8.0", "0.9.0");
    is_installed_if_allowed(&host, b"0.9.1", "wedne");
    // From here on there is an order again.
    is_installed(&host, b"0.9.2");
    is_refused(&host, b"0.9.1", "0.9.2");
    is_refused(&host, b"wedne", "0.9.2");

    let host = host.kill_and_restart();
    is_refused(&host, b"0.9.1", "0.9.2");
    // What a rollback brings back is no newer for it, and what comes next needs no word that it did not need before.
    host.text(&["plugin", "rollback", "script"]);
    assert_eq!(host.get("/plugins/script")["manifest"]["identity"]["version"], "0.9.1");
    is_refused(&host, b"0.9.1", "0.9.2");
    is_installed(&host, b"0.9.3");
    host.text(&["plugin", "remove", "script"]);
    is_refused(&host, b"0.9.2", "0.9.3");
    is_installed_if_allowed(&host, b"frida", "0.9.3");
    host.text(&["plugin", "remove", "script"]);
    is_refused(&host, b"0.9.4", "frida");
}

/// The host knows of many plugins, of this one among them or not.
fn host_that_remembers(plugins: usize, this_one: bool) -> Host {
    let data = Host::start().stop();
    let mut known: Map<String, Value> = (0..plugins - usize::from(this_one))
        .map(|number| (format!("other-{number}"), json!("1.0.0")))
        .collect();
    if this_one {
        known.insert("script".to_owned(), json!("0.1.0"));
    }
    let store = SledStore::open(&data.path().join("data/store")).unwrap();
    let setting: Name = "newest-versions".parse().unwrap();
    let written = store.put_setting(setting, Value::Object(known));
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(written).unwrap();
    drop(store);
    Host::on(data)
}

#[test]
fn a_plugin_whose_version_cannot_be_remembered_is_not_installed() {
    const MOST: usize = 10_000;
    let host = host_that_remembers(MOST, false);
    let before = (host.get("/plugins"), last_entry(&host));
    let answer = install_version(&host, b"0.1.1", true);
    assert_eq!(answer.status, 409, "{}", answer.text);
    assert!(answer.text.contains("10000 plugins were installed here over time"), "{}", answer.text);
    assert_eq!((host.get("/plugins"), last_entry(&host)), before);

    let host = host_that_remembers(MOST - 1, false);
    is_installed(&host, b"0.1.1");
    let host = host_that_remembers(MOST, true);
    is_installed(&host, b"0.2.0");
    is_refused(&host, b"0.1.1", "0.2.0");
    host.text(&["plugin", "remove", "script"]);
}
