//! The tests of the examples. They are compiled here once more, as the modules of one program.
#![allow(clippy::unwrap_used, clippy::needless_pass_by_value)]

#[path = "../examples/actions.rs"]
mod actions;
#[path = "../examples/children.rs"]
mod children;
#[path = "../examples/configuration.rs"]
mod configuration;
#[path = "../examples/escalate.rs"]
mod escalate;
#[path = "../examples/files.rs"]
mod files;
#[path = "../examples/history.rs"]
mod history;
#[path = "../examples/http.rs"]
mod http;
#[path = "../examples/lists.rs"]
mod lists;
#[path = "../examples/pending.rs"]
mod pending;
#[path = "../examples/prompts.rs"]
mod prompts;
#[path = "../examples/retries.rs"]
mod retries;
#[path = "../examples/secrets.rs"]
mod secrets;
#[path = "../examples/state.rs"]
mod state;
#[path = "../examples/tcp.rs"]
mod tcp;
#[path = "../examples/timers.rs"]
mod timers;
#[path = "../examples/undo.rs"]
mod undo;
#[path = "../examples/verify.rs"]
mod verify;

/// Every example is a target in the manifest, and a module here.
#[test]
fn no_example_is_left_out() {
    let examples = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap();
    for file in examples.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        assert!(
            include_str!("examples.rs").contains(&format!("\"../examples/{file}\"")),
            "{file} is not tested"
        );
        let name = file.trim_end_matches(".rs");
        assert!(
            include_str!("../Cargo.toml").contains(&format!("name = \"{name}\"")),
            "{file} is no component"
        );
    }
}
