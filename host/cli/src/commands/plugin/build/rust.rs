//! Plugins in Rust: cargo makes a core module, and the component is made of it here.

use std::{
    collections::BTreeMap,
    env, fs, io,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use super::crates::{Crates, METADATA, spdx};
use super::{Facts, Made};
use crate::componentize::{ComponentizeError, componentize};

/// What plugins in Rust are compiled for. It has no system interface, so nothing but the contract can be imported.
const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes of a module's own stack, an eighth of the linker's default. The stack lies below data and heap, and the host
/// keeps only the lowest part of an instance's memory mapped: with the default, every call faulted its data and heap in
/// anew, which took 1.7 times as long and halved the calls on two threads (see `docs/performance.md`). The deepest
/// recursion of an honest plugin, the 128 levels that serde_json allows, has a kilobyte for each level.
const MODULE_STACK_BYTES: u32 = 128 * 1024;

/// Why plugins in Rust cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RustError {
    /// cargo or rustc does not run.
    #[error("cannot run {program:?}")]
    Program {
        /// Which.
        program: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// rustc has no library for the target.
    #[error("this Rust toolchain cannot build for {TARGET}: {} is not there", .0.display())]
    NoTarget(PathBuf),
    /// cargo could not tell what is in a directory; it said why itself.
    #[error("cargo finds no project in {}", .0.display())]
    NoProject(PathBuf),
    /// What cargo said cannot be read.
    #[error("what cargo said cannot be read")]
    Metadata(#[from] serde_json::Error),
    /// There is no such package.
    #[error("there is no package `{package}` in the workspace {}", .workspace.display())]
    NoPackage {
        /// The package.
        package: String,
        /// The workspace.
        workspace: PathBuf,
    },
    /// The directory is a workspace.
    #[error("{} is a workspace and no plugin itself", .0.display())]
    Workspace(PathBuf),
    /// cargo failed; it said why itself.
    #[error("cargo could not build the plugins")]
    Cargo,
    /// The package makes no WebAssembly module.
    #[error("package `{0}` makes no module: it needs `crate-type = [\"cdylib\"]` under [lib]")]
    NoModule(String),
    /// The module that cargo made cannot be read.
    #[error("cannot read the module {}", .path.display())]
    Module {
        /// Its file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The module cannot become a component.
    #[error("the module of `{package}` cannot become a component")]
    Component {
        /// The package.
        package: String,
        /// Why.
        #[source]
        source: ComponentizeError,
    },
}

impl RustError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        let next = match self {
            Self::Program { .. } => "install Rust: https://rustup.rs",
            Self::NoTarget(_) => {
                "run `rustup target add wasm32-unknown-unknown`; without rustup, see docs/building-plugins.md"
            }
            Self::Workspace(_) => "name its packages with -p",
            Self::Component { .. } => {
                "a plugin imports nothing beside the contract: see docs/building-plugins.md"
            }
            _ => return None,
        };
        Some(next.to_owned())
    }
}

/// What `cargo metadata` says, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Clone, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    description: Option<String>,
    license: Option<String>,
    #[serde(default)]
    authors: Vec<String>,
    repository: Option<String>,
    homepage: Option<String>,
    manifest_path: PathBuf,
}

impl Package {
    fn facts(&self, crates: &Crates) -> Facts {
        Facts {
            sbom: crates.sbom(&self.id),
            name: self.name.clone(),
            version: Some(self.version.clone()),
            description: self.description.clone(),
            licence: self.license.as_deref().map(spdx),
            authors: self.authors.clone(),
            source: self.repository.clone(),
            homepage: self.homepage.clone(),
        }
    }
}

/// What `cargo build --message-format json` says of one thing that it made.
#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    filenames: Vec<PathBuf>,
}

/// The packages to build in one workspace.
struct Workspace {
    metadata: Metadata,
    wanted: Vec<Package>,
}

/// Whether a directory has a `Cargo.toml`.
pub(super) fn is_project(directory: &Path) -> bool {
    directory.join("Cargo.toml").is_file()
}

/// Builds the projects in these directories: one call of cargo for each workspace that they are in.
pub(super) fn build(directories: Vec<PathBuf>) -> Result<Vec<Made>, RustError> {
    let mut workspaces: BTreeMap<PathBuf, Workspace> = BTreeMap::new();
    for path in directories {
        let metadata = metadata(&path)?;
        let manifest = fs::canonicalize(path.join("Cargo.toml"));
        let manifest = manifest.map_err(|_| RustError::NoProject(path.clone()))?;
        let package = metadata.packages.iter().find(|package| package.manifest_path == manifest).cloned();
        let package = package.ok_or(RustError::Workspace(path))?;
        let root = metadata.workspace_root.clone();
        workspaces.entry(root).or_insert(Workspace { metadata, wanted: Vec::new() }).wanted.push(package);
    }
    let mut made = Vec::new();
    for workspace in workspaces.values() {
        made.extend(components(workspace)?);
    }
    Ok(made)
}

/// Builds packages of the workspace in the current directory.
pub(super) fn build_packages(names: &[String]) -> Result<Vec<Made>, RustError> {
    let metadata = metadata(Path::new("."))?;
    let find = |name: &String| {
        let found = metadata.packages.iter().find(|package| package.name == *name).cloned();
        found.ok_or_else(|| RustError::NoPackage {
            package: name.clone(),
            workspace: metadata.workspace_root.clone(),
        })
    };
    let wanted = names.iter().map(find).collect::<Result<_, _>>()?;
    components(&Workspace { metadata, wanted })
}

/// The components of the wanted packages of a workspace.
fn components(workspace: &Workspace) -> Result<Vec<Made>, RustError> {
    let modules = compile(workspace)?;
    let crates = crates(&workspace.metadata.workspace_root)?;
    let component = |package: &Package| {
        let module = modules.get(&package.id).ok_or_else(|| RustError::NoModule(package.name.clone()))?;
        component(package, module, &crates, &workspace.metadata.target_directory)
    };
    workspace.wanted.iter().map(component).collect()
}

fn metadata(directory: &Path) -> Result<Metadata, RustError> {
    let mut cargo = Command::new(cargo());
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(directory);
    let output = cargo.stderr(Stdio::inherit()).output().map_err(program(&cargo))?;
    if !output.status.success() {
        return Err(RustError::NoProject(directory.to_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Builds the packages of one workspace and tells the module of each. cargo speaks for itself on standard error.
fn compile(workspace: &Workspace) -> Result<BTreeMap<String, PathBuf>, RustError> {
    let root = &workspace.metadata.workspace_root;
    check_target(root)?;
    let mut cargo = Command::new(cargo());
    cargo.args(["build", "--target", TARGET, "--profile", profile(root)]);
    cargo.args([
        "--config",
        &format!("target.{TARGET}.rustflags=['-Clink-arg=-zstack-size={MODULE_STACK_BYTES}']"),
    ]);
    cargo.arg("--message-format=json-render-diagnostics").current_dir(root);
    for package in &workspace.wanted {
        cargo.args(["-p", &package.id]);
    }
    let mut child = cargo.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(program(&cargo))?;

    let mut modules = BTreeMap::new();
    let lines = child.stdout.take().map(|stdout| BufReader::new(stdout).lines());
    for line in lines.into_iter().flatten() {
        let line = line.map_err(program(&cargo))?;
        // Messages of other kinds have other fields.
        let Ok(artifact) = serde_json::from_str::<Artifact>(&line) else { continue };
        let is_module = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
        if let Some(module) = artifact.filenames.into_iter().find(is_module) {
            modules.insert(artifact.package_id, module);
        }
    }
    let status = child.wait().map_err(program(&cargo))?;
    if status.success() { Ok(modules) } else { Err(RustError::Cargo) }
}

/// What is in everything that a workspace makes.
fn crates(workspace: &Path) -> Result<Crates, RustError> {
    let mut cargo = Command::new(cargo());
    cargo.args(METADATA).args(["--filter-platform", TARGET]).current_dir(workspace);
    let output = cargo.stderr(Stdio::inherit()).output().map_err(program(&cargo))?;
    if !output.status.success() {
        return Err(RustError::NoProject(workspace.to_owned()));
    }
    Ok(Crates::read(&output.stdout)?)
}

/// Makes the component of a package's module.
fn component(package: &Package, module: &Path, crates: &Crates, target: &Path) -> Result<Made, RustError> {
    let module = fs::read(module).map_err(|source| RustError::Module { path: module.to_owned(), source })?;
    let component = componentize(&module);
    let component =
        component.map_err(|source| RustError::Component { package: package.name.clone(), source })?;
    let directory = package.manifest_path.parent().unwrap_or(Path::new("."));
    Ok(Made {
        component,
        facts: package.facts(crates),
        directory: directory.to_owned(),
        out: target.join("plugins"),
    })
}

/// A rustup toolchain without the target fails with hundreds of errors about missing `std`; this says it in one line.
fn check_target(directory: &Path) -> Result<(), RustError> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let mut rustc = Command::new(rustc);
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(directory);
    let output = rustc.output().map_err(program(&rustc))?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if library.is_dir() { Ok(()) } else { Err(RustError::NoTarget(library)) }
}

/// Whether this machine can build plugins.
pub(crate) fn target_is_there() -> Result<(), RustError> {
    check_target(Path::new("."))
}

/// The profile `plugin`, if the workspace has it: its components are smaller.
fn profile(workspace: &Path) -> &'static str {
    let manifest = fs::read_to_string(workspace.join("Cargo.toml")).unwrap_or_default();
    if manifest.lines().any(|line| line.trim() == "[profile.plugin]") { "plugin" } else { "release" }
}

fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn program(command: &Command) -> impl Fn(io::Error) -> RustError + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| RustError::Program { program: program.clone(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_for_plugins_is_used_where_there_is_one() {
        let workspace = tempfile::tempdir().unwrap();
        assert_eq!(profile(workspace.path()), "release");
        fs::write(workspace.path().join("Cargo.toml"), "[workspace]\n\n[profile.plugin]\n").unwrap();
        assert_eq!(profile(workspace.path()), "plugin");
    }
}
