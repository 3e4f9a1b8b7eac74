//! `palisade plugin build`

use std::{
    collections::BTreeMap,
    env, fs, io,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    capabilities,
    componentize::{ComponentizeError, componentize},
    context::Context,
    error::Error,
    screen,
    style::{BOLD, DIM, GOOD},
};

/// What plugins in Rust are compiled for. It has no system interface, so nothing but the contract can be imported.
const TARGET: &str = "wasm32-unknown-unknown";

/// Bytes of a module's own stack, an eighth of the linker's default. The stack lies below data and heap, and the host
/// keeps only the lowest part of an instance's memory mapped: with the default, every call faulted its data and heap in
/// anew, which took 1.7 times as long and halved the calls on two threads (see `docs/performance.md`). The deepest
/// recursion of an honest plugin, the 128 levels that serde_json allows, has a kilobyte for each level.
const MODULE_STACK_BYTES: u32 = 128 * 1024;

/// What to build.
#[derive(Args)]
pub(crate) struct Build {
    /// Directories of plugins [default: the current directory]
    #[arg(conflicts_with = "packages", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Packages of the workspace in the current directory
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Where to write the components [default: `plugins` in cargo's target directory]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Why plugins cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
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

impl BuildError {
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
    manifest_path: PathBuf,
}

/// What `cargo build --message-format json` says of one thing that it made.
#[derive(Deserialize)]
struct Artifact {
    package_id: String,
    filenames: Vec<PathBuf>,
}

/// A plugin that was built.
#[derive(Serialize)]
struct Built {
    package: String,
    component: PathBuf,
    size: usize,
    imports: Vec<String>,
}

/// The packages to build in one workspace.
struct Workspace {
    metadata: Metadata,
    wanted: Vec<Package>,
}

pub(super) fn run(command: Build, context: &Context) -> Result<(), Error> {
    let mut built = Vec::new();
    for workspace in workspaces(command.paths, &command.packages)? {
        let out = command.out.clone().unwrap_or_else(|| workspace.metadata.target_directory.join("plugins"));
        fs::create_dir_all(&out).map_err(|source| Error::File {
            what: "create",
            path: out.clone(),
            source,
        })?;
        let modules = compile(&workspace)?;
        for package in &workspace.wanted {
            let module =
                modules.get(&package.id).ok_or_else(|| BuildError::NoModule(package.name.clone()))?;
            built.push(write_component(package, module, &out)?);
        }
    }
    if context.json {
        return screen::show_json(&built);
    }
    screen::show(&built.iter().map(line).collect::<String>())
}

/// The packages by workspace, so that each workspace takes one call of cargo.
fn workspaces(paths: Vec<PathBuf>, packages: &[String]) -> Result<Vec<Workspace>, BuildError> {
    if !packages.is_empty() {
        let metadata = metadata(Path::new("."))?;
        let find = |name: &String| {
            let found = metadata.packages.iter().find(|package| package.name == *name).cloned();
            found.ok_or_else(|| BuildError::NoPackage {
                package: name.clone(),
                workspace: metadata.workspace_root.clone(),
            })
        };
        let wanted = packages.iter().map(find).collect::<Result<_, _>>()?;
        return Ok(vec![Workspace { metadata, wanted }]);
    }
    let mut workspaces: BTreeMap<PathBuf, Workspace> = BTreeMap::new();
    for path in if paths.is_empty() { vec![PathBuf::from(".")] } else { paths } {
        let metadata = metadata(&path)?;
        let manifest = fs::canonicalize(path.join("Cargo.toml"));
        let manifest = manifest.map_err(|_| BuildError::NoProject(path.clone()))?;
        let package = metadata.packages.iter().find(|package| package.manifest_path == manifest).cloned();
        let package = package.ok_or(BuildError::Workspace(path))?;
        let root = metadata.workspace_root.clone();
        workspaces.entry(root).or_insert(Workspace { metadata, wanted: Vec::new() }).wanted.push(package);
    }
    Ok(workspaces.into_values().collect())
}

fn metadata(directory: &Path) -> Result<Metadata, BuildError> {
    let mut cargo = Command::new(cargo());
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(directory);
    let output = cargo.stderr(Stdio::inherit()).output().map_err(program(&cargo))?;
    if !output.status.success() {
        return Err(BuildError::NoProject(directory.to_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Builds the packages of one workspace and tells the module of each. cargo speaks for itself on standard error.
fn compile(workspace: &Workspace) -> Result<BTreeMap<String, PathBuf>, BuildError> {
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
    if status.success() { Ok(modules) } else { Err(BuildError::Cargo) }
}

/// Makes the component of a package's module.
fn write_component(package: &Package, module: &Path, out: &Path) -> Result<Built, Error> {
    let name = &package.name;
    let component = componentize(&super::read(module)?)
        .map_err(|source| BuildError::Component { package: name.clone(), source })?;
    let path = out.join(format!("{name}.wasm"));
    fs::write(&path, &component.bytes).map_err(|source| Error::File {
        what: "write",
        path: path.clone(),
        source,
    })?;
    Ok(Built {
        package: name.clone(),
        component: path,
        size: component.bytes.len(),
        imports: component.imports,
    })
}

/// A rustup toolchain without the target fails with hundreds of errors about missing `std`; this says it in one line.
fn check_target(directory: &Path) -> Result<(), BuildError> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let mut rustc = Command::new(rustc);
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(directory);
    let output = rustc.output().map_err(program(&rustc))?;
    let library = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if library.is_dir() { Ok(()) } else { Err(BuildError::NoTarget(library)) }
}

/// Whether this machine can build plugins.
pub(crate) fn target_is_there() -> Result<(), BuildError> {
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

fn program(command: &Command) -> impl Fn(io::Error) -> BuildError + use<> {
    let program = command.get_program().to_string_lossy().into_owned();
    move |source| BuildError::Program { program: program.clone(), source }
}

fn line(built: &Built) -> String {
    format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#}  {}  {}\n  {DIM}imports {}{DIM:#}\n",
        built.package,
        capabilities::bytes(built.size as u64),
        built.component.display(),
        if built.imports.is_empty() { "nothing".to_owned() } else { built.imports.join(", ") }
    )
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
