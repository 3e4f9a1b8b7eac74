//! What the Makefile has built before the tests run.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The component of a package, as `make plugins` built it.
///
/// # Panics
///
/// If it is not there; the message says what to do.
pub fn component(package: &str) -> Vec<u8> {
    let path = component_path(package);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make plugins` first", path.display()))
}

/// Where the component of a package is: in `PALISADE_PLUGINS`, or in `plugins` of the build directory.
pub fn component_path(package: &str) -> PathBuf {
    let directory = env::var_os("PALISADE_PLUGINS").map_or_else(|| build().join("plugins"), PathBuf::from);
    directory.join(format!("{package}.wasm"))
}

/// The program `palisade`: `PALISADE_BIN`, or the one built with the tests.
///
/// # Panics
///
/// If it is not there; the message says what to do.
pub fn palisade() -> PathBuf {
    let path = env::var_os("PALISADE_BIN").map_or_else(|| build().join("debug/palisade"), PathBuf::from);
    assert!(path.exists(), "{} is not there; run `cargo build -p palisade-cli` first", path.display());
    path
}

/// The build directory. A test program is at `debug/deps/NAME-HASH` in it.
fn build() -> PathBuf {
    let program = env::current_exe().expect("a running program has a path");
    let build = program.ancestors().nth(3).map(Path::to_owned);
    build.expect("a test program is three levels below the build directory")
}
