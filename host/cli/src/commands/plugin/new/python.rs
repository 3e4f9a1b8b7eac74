//! Projects in Python.

use super::template::{Language, files};

pub(super) const PYTHON: Language = Language {
    connector: files!(
        "python/connector": "pyproject.toml", "requirements.txt", "plugin.py", "test_plugin.py", "README.md", ".gitignore",
    ),
    playbook: files!(
        "python/playbook": "pyproject.toml", "requirements.txt", "plugin.py", "test_plugin.py", "alert.json", "cassettes/bad-address.json",
        "README.md", ".gitignore",
    ),
    sdk_file: "pyproject.toml",
    published: concat!("palisade-sdk==", env!("CARGO_PKG_VERSION")),
    local: "palisade-sdk @ file://{}",
    taken: "palisade-sdk",
};
