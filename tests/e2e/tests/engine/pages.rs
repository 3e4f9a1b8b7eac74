//! The pages of the plugins that Palisade brings along.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use palisade_e2e::built;
use serde_json::Value;

/// The workspace.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The packages of every plugin that users install.
pub(crate) fn packages() -> Vec<String> {
    let mut packages = Vec::new();
    for directory in ["plugins", "playbooks"] {
        for plugin in fs::read_dir(root().join(directory)).unwrap() {
            let manifest = fs::read_to_string(plugin.unwrap().path().join("Cargo.toml")).unwrap();
            // What plugins share is no plugin itself.
            if manifest.contains("cdylib") {
                let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).unwrap();
                packages.push(name.trim_matches('"').to_owned());
            }
        }
    }
    packages
}

/// The pages that there are, by path within `docs`.
fn written() -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for directory in ["connectors", "playbooks"] {
        for page in fs::read_dir(root().join("docs").join(directory)).unwrap() {
            let page = page.unwrap();
            let path = format!("{directory}/{}", page.file_name().to_str().unwrap());
            pages.insert(path, fs::read_to_string(page.path()).unwrap());
        }
    }
    pages
}

#[test]
fn every_plugin_has_the_page_that_it_makes_of_itself() {
    let mut docs = Command::new(built::palisade());
    docs.args(["plugin", "docs", "--json"]);
    docs.args(packages().iter().map(|package| built::component_path(package)));
    let output = docs.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let pages: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let pages: BTreeMap<_, _> = pages
        .iter()
        .map(|page| {
            let text = |field: &str| page[field].as_str().unwrap();
            (format!("{}s/{}.md", text("kind"), text("name")), text("markdown").to_owned())
        })
        .collect();

    let written = written();
    let paths = |pages: &BTreeMap<String, String>| pages.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        paths(&written),
        paths(&pages),
        "run `make docs`, and remove the pages of plugins that are gone"
    );
    for (path, page) in &pages {
        assert!(written[path] == *page, "docs/{path} is stale: run `make docs`");
    }
}
