//! What authors get from a registry is this crate and nothing around it.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn the_package_has_all_that_it_is_built_from() {
    let list = Command::new(env!("CARGO"))
        .args(["package", "--list", "--offline", "--allow-dirty", "--quiet"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(list.status.success(), "{}", String::from_utf8_lossy(&list.stderr));
    let list = String::from_utf8(list.stdout).unwrap();
    let files: Vec<_> = list.lines().collect();
    // Links out of the crate, which the package has as files.
    for file in ["LICENSE", "wit/types.wit", "wit/connector.wit", "wit/playbook.wit"] {
        assert!(files.contains(&file), "{file} is missing in\n{list}");
    }
    for file in ["README.md", "src/lib.rs", "examples/http.rs", "tests/examples.rs"] {
        assert!(files.contains(&file), "{file} is missing in\n{list}");
    }
    assert!(!files.iter().any(|file| file.starts_with("wit/released")), "{list}");
}
