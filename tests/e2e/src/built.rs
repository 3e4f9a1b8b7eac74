//! What the Makefile has built before the tests run.

use std::{
    env, fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::binary::section;

/// The component of a package, as `make plugins` built it.
///
/// # Panics
///
/// If it is not there; the message says what to do.
pub fn component(package: &str) -> Vec<u8> {
    let path = component_path(package);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make plugins` first", path.display()))
}

/// The component of a package that describes itself by a word in its own data, told to do so in this way: the hostile ones.
///
/// # Panics
///
/// If it has no place for the word, or that is too long.
pub fn variant(package: &str, word: &str) -> Vec<u8> {
    // What its file says of it would not be true any more.
    let mut component = palisade_package::unpack(&component(package)).expect("it is a component");
    let marker = b"variant:honest..........................";
    let at = component.windows(marker.len()).position(|window| window == marker);
    let at = at.expect("the component has the place for its variant") + "variant:".len();
    let place = &mut component[at..at + marker.len() - "variant:".len()];
    place.fill(b'.');
    place[..word.len()].copy_from_slice(word.as_bytes());
    component
}

/// The same component once more, with a custom section that says nothing to a machine: another build of it.
pub fn another_build(component: &[u8], number: u32) -> Vec<u8> {
    let content = [b"\x05build".as_slice(), &number.to_be_bytes()].concat();
    [component, &section(0, &content)].concat()
}

/// Where the component of a package is: in `PALISADE_PLUGINS`, or in `plugins` of the build directory.
pub fn component_path(package: &str) -> PathBuf {
    let directory = env::var_os("PALISADE_PLUGINS").map_or_else(|| build().join("plugins"), PathBuf::from);
    directory.join(format!("{package}.wasm"))
}

/// The directory with what pip installs for plugins in Python, as `make plugins` downloaded it.
pub fn wheels() -> PathBuf {
    build().join("python/wheels")
}

/// The cache with what npm installs for plugins in JavaScript, as `make plugins` filled it.
pub fn npm_cache() -> PathBuf {
    build().join("js/npm")
}

/// A directory of this checkout.
///
/// # Panics
///
/// If it is not there.
pub fn checkout(path: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    directory.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
}

/// Runs a program to its end, and returns whether it went well and what it said.
///
/// # Panics
///
/// If it cannot be run.
pub fn run(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().expect("the program can be run");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// The program `palisade`: `PALISADE_BIN`, or the one built with the tests.
///
/// # Panics
///
/// If it is not there; the message says what to do.
pub fn palisade() -> PathBuf {
    let path = env::var_os("PALISADE_BIN").map_or_else(|| build().join("debug/palisade"), PathBuf::from);
    assert!(path.exists(), "{} is not there; run `cargo build -p palisade` first", path.display());
    path
}

/// A directory that outlives one test, for its owner alone.
///
/// # Panics
///
/// If it cannot be made.
pub fn scratch(name: &str) -> PathBuf {
    let directory = build().join("tmp").join("palisade-e2e").join(name);
    private_directory(&directory);
    directory
}

/// Makes a directory for its owner alone, unless it is there.
///
/// # Panics
///
/// If it cannot be made.
pub fn private_directory(directory: &Path) {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).expect("a directory can be made");
}

/// The build directory. A test program is at `debug/deps/NAME-HASH` in it.
///
/// # Panics
///
/// If this is no test program.
pub fn build() -> PathBuf {
    let program = env::current_exe().expect("a running program has a path");
    let build = program.ancestors().nth(3).map(Path::to_owned);
    build.expect("a test program is three levels below the build directory")
}
