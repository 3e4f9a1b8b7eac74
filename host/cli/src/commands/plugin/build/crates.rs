//! The crates that are in a plugin in Rust.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use serde::Deserialize;
use serde_json::{Value, json};

/// The arguments of `cargo` that print what [`Crates::read`] reads. Whatever was built is on this machine already.
pub(super) const METADATA: [&str; 4] = ["metadata", "--format-version", "1", "--offline"];

/// What `cargo metadata` says of a workspace and everything that its packages depend on.
#[derive(Deserialize)]
pub(super) struct Crates {
    packages: Vec<Package>,
    resolve: Resolve,
    workspace_root: PathBuf,
    /// SHA-256 of each crate from a registry, by name and version.
    #[serde(skip)]
    checksums: BTreeMap<(String, String), String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// None for a crate that is a directory here.
    source: Option<String>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Deserialize)]
struct DependencyKind {
    /// `build` or `dev`; none for what is linked.
    kind: Option<String>,
}

/// `Cargo.lock`, as far as it matters here.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Crates {
    /// Reads what `cargo metadata` printed. The checksums are those of the workspace's lock file, if it has one.
    pub(super) fn read(metadata: &[u8]) -> Result<Self, serde_json::Error> {
        let mut crates: Self = serde_json::from_slice(metadata)?;
        let lock = fs::read_to_string(crates.workspace_root.join("Cargo.lock")).unwrap_or_default();
        let lock = toml::from_str(&lock).unwrap_or(Lock { package: Vec::new() });
        let checksums = lock.package.into_iter();
        crates.checksums =
            checksums.filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?))).collect();
        Ok(crates)
    }

    /// The list of what is in the package with this id; none if there is no such package.
    pub(super) fn sbom(&self, id: &str) -> Option<String> {
        Some(self.list(self.package(id)?).to_string())
    }

    fn package(&self, id: &str) -> Option<&Package> {
        self.packages.iter().find(|package| package.id == id)
    }

    /// The list of crates in CycloneDX 1.5 (<https://cyclonedx.org/docs/1.5/json/>), without a serial number and a time, so
    /// that the same crates make the same list.
    fn list(&self, root: &Package) -> Value {
        let parts = self.linked(&root.id);
        let mut components: Vec<_> =
            parts.iter().filter(|id| **id != root.id).filter_map(|id| self.package(id)).collect();
        components.sort_by_key(|package| (&package.name, &package.version));
        let mut dependencies: Vec<_> = parts.iter().filter_map(|id| self.depends(id, &parts)).collect();
        dependencies.sort();
        let dependencies: Vec<_> =
            dependencies.into_iter().map(|(of, on)| json!({ "ref": of, "dependsOn": on })).collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": { "component": self.component(root) },
            "components": components.into_iter().map(|package| self.component(package)).collect::<Vec<_>>(),
            "dependencies": dependencies,
        })
    }

    /// The crates whose code can be in the component: those that are linked, and not what only runs in the compiler.
    fn linked<'a>(&'a self, root: &'a str) -> BTreeSet<&'a str> {
        let (mut linked, mut open) = (BTreeSet::from([root]), vec![root]);
        while let Some(id) = open.pop() {
            for on in self.linked_by(id) {
                if linked.insert(on) {
                    open.push(on);
                }
            }
        }
        linked
    }

    fn linked_by<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        let node = self.resolve.nodes.iter().find(|node| node.id == id);
        let dependencies = node.into_iter().flat_map(|node| &node.deps);
        dependencies
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
            .map(|dependency| dependency.pkg.as_str())
            .filter(|id| self.package(id).is_some_and(|package| !package.is_macro()))
    }

    fn depends(&self, id: &str, parts: &BTreeSet<&str>) -> Option<(String, Vec<String>)> {
        let on = self.linked_by(id).filter(|on| parts.contains(on)).filter_map(|on| self.package(on));
        let mut on: Vec<_> = on.map(Package::reference).collect();
        on.sort();
        Some((self.package(id)?.reference(), on))
    }

    fn component(&self, package: &Package) -> Value {
        let mut component = json!({
            "type": "library",
            "bom-ref": package.reference(),
            "name": package.name,
            "version": package.version,
        });
        if package.is_from_registry() {
            component["purl"] = package.reference().into();
        }
        if let Some(licence) = &package.license {
            component["licenses"] = json!([{ "expression": spdx(licence) }]);
        }
        if let Some(checksum) = self.checksums.get(&(package.name.clone(), package.version.clone())) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        component
    }
}

impl Package {
    fn is_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "proc-macro"))
    }

    fn is_from_registry(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.starts_with("registry+"))
    }

    /// What the list calls it. A crate from a registry has a package URL (<https://github.com/package-url/purl-spec>); a
    /// directory's path is nobody's business.
    fn reference(&self) -> String {
        let kind = if self.is_from_registry() { "pkg:cargo/" } else { "" };
        format!("{kind}{}@{}", self.name, self.version)
    }
}

/// Old manifests write `MIT/Apache-2.0`, which is not SPDX.
pub(super) fn spdx(licence: &str) -> String {
    licence.replace('/', " OR ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates() -> Crates {
        let library = |name: &str, source: Value, kind: &str| {
            json!({
                "id": format!("id of {name}"), "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0",
                "source": source, "targets": [{ "kind": [kind] }],
            })
        };
        let registry = json!("registry+https://github.com/rust-lang/crates.io-index");
        let dependency = |name: &str, kind: Value| json!({ "pkg": format!("id of {name}"), "dep_kinds": [{ "kind": kind }] });
        let node = |name: &str, deps: Value| json!({ "id": format!("id of {name}"), "deps": deps });
        let metadata = json!({
            "workspace_root": "/nowhere",
            "packages": [
                library("acme", Value::Null, "cdylib"), library("serde", registry.clone(), "lib"),
                library("derive", registry.clone(), "proc-macro"), library("syn", registry.clone(), "lib"),
                library("testing", registry, "lib"),
            ],
            "resolve": { "nodes": [
                node("acme", json!([dependency("serde", Value::Null), dependency("testing", json!("dev"))])),
                node("serde", json!([dependency("derive", Value::Null)])),
                node("derive", json!([dependency("syn", Value::Null)])),
            ] },
        });
        let mut crates = Crates::read(metadata.to_string().as_bytes()).unwrap();
        crates.checksums.insert(("serde".into(), "1.0.0".into()), "ab".repeat(32));
        crates
    }

    #[test]
    fn a_list_has_what_is_linked_and_nothing_else() {
        assert_eq!(crates().sbom("id of nothing"), None);
        let sbom: Value = serde_json::from_str(&crates().sbom("id of acme").unwrap()).unwrap();
        let components = sbom["components"].as_array().unwrap();
        assert_eq!(components.len(), 1, "{sbom:#}");
        assert_eq!(components[0]["purl"], "pkg:cargo/serde@1.0.0");
        assert_eq!(components[0]["hashes"][0]["content"], "ab".repeat(32));
        assert_eq!(components[0]["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
        assert_eq!(sbom["metadata"]["component"]["bom-ref"], "acme@1.0.0");
        assert_eq!(
            sbom["dependencies"],
            json!([
                { "ref": "acme@1.0.0", "dependsOn": ["pkg:cargo/serde@1.0.0"] },
                { "ref": "pkg:cargo/serde@1.0.0", "dependsOn": [] },
            ])
        );
        assert!(!sbom.to_string().contains("id of"), "ids have paths of this machine: {sbom}");
    }
}
