//! What a component made of Python has in it: the list of the distributions in the virtual environment that it was built
//! with, as CycloneDX writes it. componentize-py, which brings CPython along, is one of them.

use std::{fs, path::Path};

use super::cyclonedx::{self, Part};

/// What builds and installs, and never gets into a component.
const TOOLS: [&str; 3] = ["pip", "setuptools", "wheel"];

/// The list. Nothing if there is no virtual environment to look into.
pub(super) fn sbom(name: &str, version: Option<&str>, venv: &Path) -> Option<String> {
    let part = |(name, version)| {
        let purl = format!("pkg:pypi/{name}@{version}");
        Part { name, version, purl }
    };
    let parts = installed(venv)?.into_iter().map(part).collect();
    Some(cyclonedx::list(name, version, parts))
}

/// Name and version of each, from the directories `NAME-VERSION.dist-info` that installers write. In a name `-`, `_` and `.`
/// are one, and its case does not matter.
fn installed(venv: &Path) -> Option<Vec<(String, String)>> {
    let pythons = fs::read_dir(venv.join("lib")).ok()?.flatten();
    let places = pythons.map(|python| python.path().join("site-packages")).filter(|place| place.is_dir());
    let entries = places.filter_map(|place| fs::read_dir(place).ok()).flat_map(Iterator::flatten);
    let distribution = |file: fs::DirEntry| {
        let file = file.file_name().into_string().ok()?;
        let (name, version) = file.strip_suffix(".dist-info")?.split_once('-')?;
        let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
        (!TOOLS.contains(&name.as_str())).then(|| (name, version.to_owned()))
    };
    Some(entries.filter_map(distribution).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_installed_is_listed_and_tools_are_not() {
        let venv = tempfile::tempdir().unwrap();
        assert_eq!(sbom("example", None, venv.path()), None);
        let place = venv.path().join("lib/python3.14/site-packages");
        for name in
            ["pip-26.0.dist-info", "componentize_py-0.25.1.dist-info", "Acme.Tools-1.dist-info", "acme"]
        {
            fs::create_dir_all(place.join(name)).unwrap();
        }
        let list = sbom("example", Some("1.2.3"), venv.path()).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        let names: Vec<_> = list["components"].as_array().unwrap().iter().map(|it| &it["purl"]).collect();
        assert_eq!(names, ["pkg:pypi/acme-tools@1", "pkg:pypi/componentize-py@0.25.1"]);
        assert_eq!(list["metadata"]["component"]["version"], "1.2.3");
    }
}
