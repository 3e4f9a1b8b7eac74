//! Projects in JavaScript.

use super::template::{Language, files};

pub(super) const JS: Language = Language {
    connector: files!("js/connector": "README.md", ".gitignore"),
    playbook: files!("js/playbook": "README.md", ".gitignore"),
    sdk_file: "package.json",
    published: env!("CARGO_PKG_VERSION"),
    local: "file:{}",
    taken: "",
};
