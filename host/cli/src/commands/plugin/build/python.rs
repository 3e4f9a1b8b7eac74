//! Plugins in Python: componentize-py makes the component.
//!
//! A project is a `pyproject.toml` that says which object of which module is the plugin:
//!
//! ```toml
//! [tool.palisade]
//! connector = "example_intel:connector"   # or: playbook = "…"
//! path = ["."]                            # where the modules are, beside those that are installed
//! ```
//!
//! componentize-py finds the contract in the SDK, which is among the modules; a module of our own joins the plugin's object
//! to what the contract exports.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use super::{Facts, Made, distributions, run_compiler};
use crate::screen;

/// The release of componentize-py that is known to make components for this host; newer ones may, too.
const COMPONENTIZE_PY: &str = "componentize-py==0.25.1";

/// The module that joins a plugin to the contract; no plugin has one of this name.
const GLUE: &str = "palisade_component";

/// Why a project in Python cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PythonError {
    /// The project's file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The project's file is not as it should be.
    #[error("{} is no project file of a plugin", .path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// The project's file does not name the plugin.
    #[error("[tool.palisade] in {} must name one `connector` or one `playbook`, as `module:object`: it names {named}", .path.display())]
    Plugin {
        /// The file.
        path: PathBuf,
        /// What it names.
        named: String,
    },
    /// Neither the project nor this machine has componentize-py.
    #[error("Python's compiler of components, componentize-py, is not installed")]
    NoTool,
    /// componentize-py does not run.
    #[error("cannot run {}", .program.display())]
    Program {
        /// Its file.
        program: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// What is only there while it is built cannot be written, or what was made cannot be read.
    #[error("cannot use a temporary directory")]
    Temporary(#[source] io::Error),
    /// componentize-py failed; what it said has been told.
    #[error("componentize-py could not build `{name}`")]
    Tool {
        /// Name of the project.
        name: String,
        /// A module is not installed.
        lacks_module: bool,
    },
}

impl PythonError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        match self {
            Self::NoTool => Some(format!(
                "run `pip install {COMPONENTIZE_PY}`, in the project's .venv or anywhere on the PATH"
            )),
            Self::Tool { lacks_module: true, .. } => Some(
                "name what the project needs in its requirements.txt, and run `pip install -r requirements.txt` in its .venv"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// `pyproject.toml`, as far as it matters here.
#[derive(Deserialize)]
struct File {
    project: Project,
    tool: Tool,
}

#[derive(Deserialize)]
struct Project {
    name: String,
    version: Option<String>,
    description: Option<String>,
    /// An SPDX expression (PEP 639); the table of older projects has free text, which is none.
    license: Option<toml::Value>,
    #[serde(default)]
    authors: Vec<Author>,
    #[serde(default)]
    urls: Urls,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
    email: Option<String>,
}

#[derive(Default, Deserialize)]
struct Urls {
    #[serde(alias = "repository", alias = "Source", alias = "source", rename = "Repository")]
    repository: Option<String>,
    #[serde(alias = "homepage", rename = "Homepage")]
    homepage: Option<String>,
}

#[derive(Deserialize)]
struct Tool {
    palisade: Palisade,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Palisade {
    connector: Option<String>,
    playbook: Option<String>,
    #[serde(default = "here")]
    path: Vec<PathBuf>,
}

fn here() -> Vec<PathBuf> {
    vec![PathBuf::from(".")]
}

/// What is to be built: the world, and the module and object of the plugin.
struct Plugin<'a> {
    world: &'static str,
    module: &'a str,
    object: &'a str,
}

impl Palisade {
    fn plugin(&self, path: &Path) -> Result<Plugin<'_>, PythonError> {
        let wrong = |named: &str| Err(PythonError::Plugin { path: path.to_owned(), named: named.to_owned() });
        let (world, named) = match (&self.connector, &self.playbook) {
            (Some(named), None) => ("connector", named),
            (None, Some(named)) => ("playbook", named),
            (None, None) => return wrong("none"),
            (Some(_), Some(_)) => return wrong("both"),
        };
        let identifiers = |text: &str| text.split('.').all(is_identifier);
        match named.split_once(':') {
            Some((module, object)) if identifiers(module) && is_identifier(object) => {
                Ok(Plugin { world, module, object })
            }
            _ => wrong(&format!("`{named}`")),
        }
    }
}

impl Plugin<'_> {
    /// The module that componentize-py is given.
    fn glue(&self) -> String {
        let Self { world, module, object } = self;
        format!(
            "import palisade_sdk.export\nimport {module}\n\nWitWorld = palisade_sdk.export.{world}({module}.{object})\n"
        )
    }
}

/// An ASCII identifier of Python. What stands in a line of code must be nothing else.
fn is_identifier(text: &str) -> bool {
    let part = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    text.bytes().all(part) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

/// Whether a directory has a `pyproject.toml` with `[tool.palisade]`.
pub(super) fn is_project(directory: &Path) -> Result<bool, PythonError> {
    let path = directory.join("pyproject.toml");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(source) => return Err(PythonError::Read { path, source }),
    };
    let file: toml::Table = toml::from_str(&text).map_err(|source| PythonError::Project { path, source })?;
    Ok(file.get("tool").and_then(|tool| tool.get("palisade")).is_some())
}

/// Builds the project in a directory.
pub(super) fn build(directory: &Path) -> Result<Made, PythonError> {
    let path = directory.join("pyproject.toml");
    let text =
        fs::read_to_string(&path).map_err(|source| PythonError::Read { path: path.clone(), source })?;
    let File { project, tool } =
        toml::from_str(&text).map_err(|source| PythonError::Project { path: path.clone(), source })?;
    let environment = Environment::of(directory)?;
    let plugin = tool.palisade.plugin(&path)?;
    let component = compile(directory, &environment, &project.name, &plugin, &tool.palisade.path)?;
    Ok(Made {
        component,
        facts: project.facts(environment.venv.as_deref()),
        directory: directory.to_owned(),
        out: directory.join("dist"),
    })
}

/// Has componentize-py make the component.
fn compile(
    directory: &Path,
    environment: &Environment,
    name: &str,
    plugin: &Plugin<'_>,
    path: &[PathBuf],
) -> Result<Vec<u8>, PythonError> {
    let scratch = tempfile::tempdir().map_err(PythonError::Temporary)?;
    let component = scratch.path().join("component.wasm");
    fs::write(scratch.path().join(format!("{GLUE}.py")), plugin.glue()).map_err(PythonError::Temporary)?;

    let mut command = Command::new(&environment.tool);
    command.args(["--quiet", "componentize", GLUE]);
    command.args(["--module-worlds", &format!("palisade_sdk={}", plugin.world)]);
    command.arg("--output").arg(&component);
    for place in path.iter().map(|place| directory.join(place)) {
        command.arg("--python-path").arg(place);
    }
    command.arg("--python-path").arg(scratch.path());
    if let Some(venv) = &environment.venv {
        // From it componentize-py takes what is installed there.
        command.env("VIRTUAL_ENV", venv);
    }
    // What went wrong is in the module; where in the compiler it was noticed helps nobody.
    command.env("RUST_BACKTRACE", "0").env("PYTHONDONTWRITEBYTECODE", "1");
    let program = |source| PythonError::Program { program: environment.tool.clone(), source };
    if let Err(said) = run_compiler(&mut command, name).map_err(program)? {
        screen::tell(complaint(&said));
        let lacks_module = said.contains("ModuleNotFoundError");
        return Err(PythonError::Tool { name: name.to_owned(), lacks_module });
    }
    fs::read(&component).map_err(PythonError::Temporary)
}

/// What componentize-py says, without its own frames around what happened in the plugin, and that said once more as their
/// cause.
fn complaint(said: &str) -> &str {
    let inner = said.split_once("\nAssertionError: ").map_or(said, |(_, inner)| inner);
    inner.split_once("\n\nCaused by:").map_or(inner, |(inner, _)| inner)
}

/// Where componentize-py is, and the virtual environment whose modules it takes.
struct Environment {
    tool: PathBuf,
    venv: Option<PathBuf>,
}

impl Environment {
    /// The project's own `.venv`, the one that is active, or whatever is on the PATH.
    fn of(directory: &Path) -> Result<Self, PythonError> {
        let own = directory.join(".venv");
        let own = own.canonicalize().ok().filter(|own| own.is_dir());
        let venv = own.or_else(|| env::var_os("VIRTUAL_ENV").map(PathBuf::from));
        let path = env::var_os("PATH").unwrap_or_default();
        let bins = venv.iter().map(|venv| venv.join("bin")).chain(env::split_paths(&path));
        let tool = bins.map(|bin| bin.join("componentize-py")).find(|tool| tool.is_file());
        Ok(Self { tool: tool.ok_or(PythonError::NoTool)?, venv })
    }
}

impl Project {
    fn facts(self, venv: Option<&Path>) -> Facts {
        let author = |author: Author| match (author.name, author.email) {
            (Some(name), Some(mail)) => Some(format!("{name} <{mail}>")),
            (name, mail) => name.or(mail),
        };
        let sbom = venv.and_then(|venv| distributions::sbom(&self.name, self.version.as_deref(), venv));
        Facts {
            name: self.name,
            version: self.version,
            description: self.description,
            licence: self.license.and_then(|licence| licence.as_str().map(str::to_owned)),
            authors: self.authors.into_iter().filter_map(author).collect(),
            source: self.urls.repository,
            homepage: self.urls.homepage,
            sbom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tool: &str) -> Result<File, toml::de::Error> {
        let project = "[project]\nname = \"example\"\nversion = \"1.2.3\"\nlicense = \"MIT\"\n\
                       authors = [{ name = \"A\", email = \"a@example.com\" }]\n\
                       urls = { Repository = \"https://example.com/r\" }\n";
        toml::from_str(&format!("{project}[tool.palisade]\n{tool}"))
    }

    #[test]
    fn a_directory_is_a_project_if_its_file_says_so() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!is_project(directory.path()).unwrap());
        let path = directory.path().join("pyproject.toml");
        fs::write(&path, "[project]\nname = \"x\"\n").unwrap();
        assert!(!is_project(directory.path()).unwrap());
        fs::write(&path, "[tool.palisade]\nconnector = \"x:y\"\n").unwrap();
        assert!(is_project(directory.path()).unwrap());
        fs::write(&path, "[tool").unwrap();
        assert!(is_project(directory.path()).is_err());
    }

    #[test]
    fn one_object_is_the_plugin_and_nothing_but_a_name_gets_into_code() {
        let palisade = |tool: &str| file(tool).unwrap().tool.palisade;
        let plugin = palisade("playbook = \"a.b_2:c\"");
        let glue = plugin.plugin(Path::new("")).unwrap().glue();
        assert!(glue.ends_with("WitWorld = palisade_sdk.export.playbook(a.b_2.c)\n"), "{glue}");
        for wrong in [
            "",
            "connector = \"a:b\"\nplaybook = \"a:b\"",
            "connector = \"a\"",
            "connector = \"a:b;c\"",
            "connector = \":b\"",
            "connector = \"2:b\"",
        ] {
            assert!(palisade(wrong).plugin(Path::new("p")).is_err(), "{wrong}");
        }
        assert!(file("conector = \"a:b\"").is_err());
    }

    #[test]
    fn what_the_project_says_of_itself_is_told() {
        let facts = file("connector = \"a:b\"").unwrap().project.facts(None);
        assert_eq!((facts.licence.as_deref(), facts.version.as_deref()), (Some("MIT"), Some("1.2.3")));
        assert_eq!(facts.authors, ["A <a@example.com>"]);
        assert_eq!(facts.source.as_deref(), Some("https://example.com/r"));
    }

    #[test]
    fn an_error_of_the_plugin_is_told_without_the_compiler_around_it() {
        let said = "Traceback (most recent call last):\n  File \"bin/componentize-py\", line 8, in <module>\n\
                    AssertionError: Traceback (most recent call last):\n  File \"/0/plugin.py\", line 88\n    x = (\n\
                    SyntaxError: '(' was never closed\n\n\nCaused by:\n    SyntaxError: '(' was never closed\n";
        let told = "Traceback (most recent call last):\n  File \"/0/plugin.py\", line 88\n    x = (\n\
                    SyntaxError: '(' was never closed\n";
        assert_eq!(complaint(said), told);
        assert_eq!(complaint("no such world\n"), "no such world\n");
    }

    #[test]
    fn without_its_compiler_a_person_reads_what_to_install() {
        let next = PythonError::NoTool.next().unwrap();
        assert!(next.contains("pip install componentize-py==0.25.1"), "{next}");
    }
}
