//! What a component made of JavaScript has in it: the npm packages that the project depends on, as they are installed, and
//! those that they depend on. The compiler, which brings QuickJS along, is one of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::cyclonedx::{self, Part};

/// Packages that are looked into: far more than any plugin has, and an end for a list that somebody made to have none.
const PACKAGES: usize = 10_000;

/// A `package.json`, as far as it matters here.
#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    dependencies: BTreeMap<String, serde_json::Value>,
}

/// The list for the project in a directory, with the compiler that is called so. Nothing if the project cannot be read.
pub(super) fn sbom(name: &str, version: Option<&str>, project: &Path, compiler: &str) -> Option<String> {
    let Package { dependencies, .. } = read(project)?;
    let mut open: Vec<(PathBuf, String)> =
        dependencies.into_keys().chain([compiler.to_owned()]).map(|on| (project.to_owned(), on)).collect();
    let (mut seen, mut parts) = (BTreeSet::new(), Vec::new());
    while let Some((from, on)) = open.pop() {
        let Some(directory) = installed(&from, &on) else { continue };
        if seen.len() == PACKAGES || !seen.insert(directory.clone()) {
            continue;
        }
        let Some(package) = read(&directory) else { continue };
        parts.push(part(package.name, package.version));
        // What the compiler is made of does not get into the component.
        if on != compiler {
            open.extend(package.dependencies.into_keys().map(|on| (directory.clone(), on)));
        }
    }
    Some(cyclonedx::list(name, version, parts))
}

/// Where Node.js finds a package that is asked for from a directory: in `node_modules` there, or above
/// (<https://nodejs.org/api/modules.html#loading-from-node_modules-folders>).
fn installed(from: &Path, name: &str) -> Option<PathBuf> {
    from.ancestors().find_map(|above| above.join("node_modules").join(name).canonicalize().ok())
}

fn read(directory: &Path) -> Option<Package> {
    serde_json::from_slice(&fs::read(directory.join("package.json")).ok()?).ok()
}

/// In the address of a package, the `@` of a scope is escaped.
fn part(name: String, version: String) -> Part {
    let purl = format!("pkg:npm/{}@{version}", name.replace('@', "%40"));
    Part { name, version, purl }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_is_depended_on_is_listed_with_what_that_depends_on() {
        let directory = tempfile::tempdir().unwrap();
        let package = |at: &str, package: Value| {
            let directory = directory.path().join(at);
            fs::create_dir_all(&directory).unwrap();
            fs::write(directory.join("package.json"), package.to_string()).unwrap();
        };
        let on = |names: &[&str]| names.iter().map(|name| (name.to_string(), json!("*"))).collect::<Value>();
        package(
            ".",
            json!({ "dependencies": on(&["@palisade/sdk", "gone"]), "devDependencies": on(&["test"]) }),
        );
        package(
            "node_modules/@palisade/sdk",
            json!({ "name": "@palisade/sdk", "version": "1.0.0", "dependencies": on(&["b"]) }),
        );
        package(
            "node_modules/b",
            json!({ "name": "b", "version": "2.0.0", "dependencies": on(&["@palisade/sdk"]) }),
        );
        package("node_modules/test", json!({ "name": "test", "version": "3.0.0" }));
        package(
            "node_modules/qjs",
            json!({ "name": "qjs", "version": "0.4.5", "dependencies": on(&["test"]) }),
        );
        let list = sbom("example", Some("1.2.3"), directory.path(), "qjs").unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let purls: Vec<_> = list["components"].as_array().unwrap().iter().map(|part| &part["purl"]).collect();
        assert_eq!(purls, ["pkg:npm/%40palisade/sdk@1.0.0", "pkg:npm/b@2.0.0", "pkg:npm/qjs@0.4.5"]);
        assert_eq!(list["metadata"]["component"]["version"], "1.2.3");
    }
}
