//! Projects in Rust.

use super::template::{Language, files};

pub(super) const RUST: Language = Language {
    connector: files!("rust/connector": "Cargo.toml", "src/lib.rs", "tests/actions.rs", "README.md", ".gitignore"),
    playbook: files!("rust/playbook": "Cargo.toml", "src/lib.rs", "tests/decisions.rs", "alert.json", "cassettes/bad-address.json", "README.md", ".gitignore"),
    sdk_file: "Cargo.toml",
    published: concat!("\"", env!("CARGO_PKG_VERSION"), "\""),
    local: "{ path = \"{}\" }",
    taken: "abstract alloc as async await become box break const continue core crate do dyn else \
            enum extern false final fn for gen if impl in let loop macro match mod move mut override \
            palisade-sdk priv proc-macro pub ref return schemars self serde serde-json static std \
            struct super test trait true try type typeof unsafe unsized use virtual where while \
            yield",
};
