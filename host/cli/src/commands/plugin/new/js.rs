//! Projects in JavaScript.

use super::template::{Language, files};

pub(super) const JS: Language = Language {
    connector: files!(
        "js/connector": "package.json", "src/plugin.js", "test/actions.test.js", "README.md", ".gitignore"
    ),
    playbook: files!(
        "js/playbook": "package.json", "src/plugin.js", "test/decisions.test.js", "alert.json", "cassettes/bad-address.json", "README.md",
        ".gitignore"
    ),
    sdk_file: "package.json",
    published: env!("CARGO_PKG_VERSION"),
    local: "file:{}",
    taken: "",
};
