//! Plugins in JavaScript: componentize-qjs makes the component, with QuickJS in it.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use super::{Facts, Made, npm, run_compiler};
use crate::screen;

/// The compiler's command, as its npm package installs it. It is what jco calls for its backend `quickjs`; jco itself cannot
/// pass on that the small runtime is wanted, nor where modules may lie.
const COMPILER: &str = "componentize-qjs";

/// The version of [`COMPILER`] that this host is tested with.
const COMPILER_VERSION: &str = "0.4.5";

/// Where the SDK is below a directory.
const SDK: &str = "node_modules/@palisade/sdk";

/// Why a project in JavaScript cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsError {
    /// The project file cannot be used.
    #[error("{} cannot be used", .path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// The module that the project names is not there.
    #[error("{} is not there", .0.display())]
    NoModule(PathBuf),
    /// The SDK is not installed.
    #[error("the SDK is not installed for {}", .0.display())]
    NoSdk(PathBuf),
    /// Node.js does not run.
    #[error("cannot run Node.js")]
    Node(#[source] io::Error),
    /// The compiler is not installed.
    #[error("{COMPILER} is not installed for {}", .0.display())]
    NoCompiler(PathBuf),
    /// The compiler failed; it said why itself.
    #[error("{COMPILER} could not build `{0}`")]
    Compiler(String),
    /// What the compiler made cannot be had.
    #[error("cannot keep what {COMPILER} makes")]
    Output(#[source] io::Error),
}

impl JsError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        match self {
            Self::NoModule(_) => {
                Some("\"main\" in package.json names the module that exports the plugin".to_owned())
            }
            Self::NoSdk(directory) => Some(format!("run `npm install` in {}", directory.display())),
            Self::Node(_) => Some("install Node.js, version 20 or newer: https://nodejs.org".to_owned()),
            Self::NoCompiler(directory) => Some(format!(
                "run `npm install` in {}; if its package.json does not name {COMPILER}, \
                 `npm install --save-dev --save-exact {COMPILER}@{COMPILER_VERSION}`",
                directory.display()
            )),
            _ => None,
        }
    }
}

/// A `package.json`, as far as it matters here.
#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    name: String,
    version: Option<String>,
    description: Option<String>,
    license: Option<String>,
    author: Option<Person>,
    repository: Option<Repository>,
    homepage: Option<String>,
    #[serde(default = "main_file")]
    main: PathBuf,
    palisade: Option<Palisade>,
}

/// What Palisade has to know beside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Palisade {
    kind: Kind,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Connector,
    Playbook,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Person {
    Line(String),
    Parts { name: String, email: Option<String> },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Repository {
    Line(String),
    Parts { url: String },
}

fn main_file() -> PathBuf {
    "index.js".into()
}

/// Whether a directory has a `package.json` with a `"palisade"` object.
pub(super) fn is_project(directory: &Path) -> Result<bool, JsError> {
    let path = directory.join("package.json");
    Ok(path.is_file() && Project::read(&path)?.palisade.is_some())
}

/// Builds the project in a directory.
pub(super) fn build(directory: &Path) -> Result<Made, JsError> {
    let path = directory.join("package.json");
    let broken = |source| JsError::Project { path: path.clone(), source };
    let project = Project::read(&path)?;
    let Some(palisade) = &project.palisade else {
        return Err(broken(io::Error::other("it has no \"palisade\" object")));
    };
    let root = directory.canonicalize().map_err(broken)?;
    let main = root.join(&project.main);
    if !main.is_file() {
        return Err(JsError::NoModule(main));
    }
    let facts = project.facts(&root);
    let compiler = Compiler::of(&root)?;
    let sdk = root.ancestors().find_map(|above| above.join(SDK).canonicalize().ok());
    let sdk = sdk.ok_or_else(|| JsError::NoSdk(root.clone()))?;

    let scratch = tempfile::tempdir().map_err(JsError::Output)?;
    let output = scratch.path().join("component.wasm");
    let mut command = compiler.command(palisade.kind);
    // The SDK was made for the contract that it brings along.
    command.arg("--wit").arg(sdk.join("wit")).arg("--js").arg(main);
    command.arg("--module-root").arg(above_both(&root, &sdk)).arg("--output").arg(&output);
    if let Err(said) = run_compiler(&mut command, &facts.name).map_err(JsError::Node)? {
        screen::tell(&said);
        return Err(JsError::Compiler(facts.name));
    }
    let component = fs::read(&output).map_err(JsError::Output)?;
    Ok(Made { component, facts, directory: directory.to_owned(), out: directory.join("dist") })
}

impl Project {
    fn read(path: &Path) -> Result<Self, JsError> {
        let broken = |source| JsError::Project { path: path.to_owned(), source };
        let text = fs::read(path).map_err(broken)?;
        serde_json::from_slice(&text).map_err(|error| broken(error.into()))
    }

    fn facts(&self, root: &Path) -> Facts {
        let authors = self.author.iter().map(|author| match author {
            Person::Line(line) => line.clone(),
            Person::Parts { name, email: Some(email) } => format!("{name} <{email}>"),
            Person::Parts { name, email: None } => name.clone(),
        });
        let source = self.repository.as_ref().map(|repository| match repository {
            Repository::Line(url) | Repository::Parts { url } => url.trim_start_matches("git+").to_owned(),
        });
        // A name may have a scope, `@acme/example`, which is no part of a plugin's name.
        let name = self.name.rsplit('/').next().unwrap_or_default();
        Facts {
            name: name.to_owned(),
            version: self.version.clone(),
            description: self.description.clone(),
            licence: self.license.clone(),
            authors: authors.collect(),
            source,
            homepage: self.homepage.clone(),
            sbom: npm::sbom(name, self.version.as_deref(), root, COMPILER),
        }
    }
}

/// The directory that has all modules of a project, as the compiler reads nothing outside of one: the project's own, or one
/// above it if the SDK is elsewhere. npm makes a link to an SDK that is given as a path.
fn above_both<'a>(project: &'a Path, sdk: &Path) -> &'a Path {
    project.ancestors().find(|root| sdk.starts_with(root)).unwrap_or(project)
}

/// The compiler, and Node.js to run it.
struct Compiler {
    program: PathBuf,
}

impl Compiler {
    /// The compiler of a project, as npm looks for it: in the project, in the directories above it, then in `PATH`.
    fn of(project: &Path) -> Result<Self, JsError> {
        let mut node = Command::new("node");
        node.arg("--version").stdin(Stdio::null()).output().map_err(JsError::Node)?;
        let local = project.ancestors().map(|directory| directory.join("node_modules/.bin"));
        let path = env::var_os("PATH").unwrap_or_default();
        let mut found = local.chain(env::split_paths(&path)).map(|directory| directory.join(COMPILER));
        match found.find(|program| program.is_file()) {
            Some(program) => Ok(Self { program }),
            None => Err(JsError::NoCompiler(project.to_owned())),
        }
    }

    fn command(&self, kind: Kind) -> Command {
        let world = match kind {
            Kind::Connector => "connector",
            Kind::Playbook => "playbook",
        };
        let mut compiler = Command::new(&self.program);
        // The contract has no async functions, so the runtime needs none; and the small runtime is fast enough.
        compiler.args(["--world", world, "--sync", "--opt-size"]);
        compiler
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(package: &str) -> Facts {
        let project: Project = serde_json::from_str(package).unwrap();
        project.facts(Path::new("."))
    }

    #[test]
    fn a_package_says_what_it_is() {
        let whole = facts(
            r#"{
                "name": "@acme/example", "version": "1.2.3", "description": "Looks up.", "license": "MIT",
                "author": { "name": "Kim", "email": "kim@acme.example" },
                "repository": { "type": "git", "url": "git+https://git.acme.example/example.git" }
            }"#,
        );
        assert_eq!((whole.name.as_str(), whole.version.as_deref()), ("example", Some("1.2.3")));
        assert_eq!(whole.authors, ["Kim <kim@acme.example>"]);
        assert_eq!(whole.source.as_deref(), Some("https://git.acme.example/example.git"));
        let short = facts(r#"{ "name": "x", "author": "Kim", "repository": "https://git.acme.example/x" }"#);
        assert_eq!(
            (short.authors, short.source.as_deref()),
            (vec!["Kim".to_owned()], Some("https://git.acme.example/x"))
        );
    }

    #[test]
    fn a_package_is_a_plugin_if_it_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let write = |text| fs::write(directory.path().join("package.json"), text).unwrap();
        assert!(!is_project(directory.path()).unwrap());
        write(r#"{ "name": "tools" }"#);
        assert!(!is_project(directory.path()).unwrap());
        write(r#"{ "name": "x", "palisade": { "kind": "connector" } }"#);
        assert!(is_project(directory.path()).unwrap());
        write(r#"{ "palisade": { "kind": "other" } }"#);
        assert!(matches!(is_project(directory.path()), Err(JsError::Project { .. })));
    }

    #[test]
    fn modules_are_looked_for_no_higher_than_they_are() {
        let project = Path::new("/home/kim/plugins/example");
        assert_eq!(
            above_both(project, Path::new("/home/kim/plugins/example/node_modules/@palisade/sdk")),
            project
        );
        assert_eq!(above_both(project, Path::new("/home/kim/palisade/sdk/js")), Path::new("/home/kim"));
    }
}
