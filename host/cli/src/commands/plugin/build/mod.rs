//! `palisade plugin build`: from a project in some language to one component.
//!
//! What lies in a directory says the language; each has a file here that says what its tools are, and calls them.

mod crates;
mod cyclonedx;
mod distributions;
mod js;
mod npm;
mod python;
pub(crate) mod rust;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use serde::Serialize;

use self::{js::JsError, python::PythonError, rust::RustError};
use super::sections::{self, SectionsError};
use crate::{
    capabilities,
    componentize::{self, ComponentizeError},
    context::Context,
    error::Error,
    progress::Spinner,
    screen,
    style::{BOLD, DIM, GOOD},
};

/// Where compiled code is kept between builds, in the directory that components go to by default.
const CACHE: &str = ".compiled";

/// What to build.
#[derive(Args)]
pub(crate) struct Build {
    /// Directories of plugins, in any language [default: the current directory]
    #[arg(conflicts_with = "packages", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Packages of the cargo workspace in the current directory
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Where to write the components [default: `plugins` in cargo's target directory; `dist` for other languages]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Leave the commit out, so that the same code makes the same file whatever commit it is of
    #[arg(long)]
    no_revision: bool,
}

/// Why plugins cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// No language has its project file here.
    #[error("there is no plugin in {}", .0.display())]
    NoProject(PathBuf),
    /// What was made is no component that the host could load.
    #[error("what was built of `{name}` is no component")]
    Component {
        /// Name of the project.
        name: String,
        /// Why.
        #[source]
        source: ComponentizeError,
    },
    /// It cannot become a package.
    #[error("what was built of `{name}` cannot become a package")]
    Sections {
        /// Name of the project.
        name: String,
        /// Why.
        #[source]
        source: SectionsError,
    },
    /// A project in Rust.
    #[error(transparent)]
    Rust(#[from] RustError),
    /// A project in Python.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// A project in JavaScript.
    #[error(transparent)]
    Js(#[from] JsError),
}

impl BuildError {
    /// What to do about it.
    pub(crate) fn next(&self) -> Option<String> {
        match self {
            Self::NoProject(_) => Some(
                "a plugin has a Cargo.toml, a pyproject.toml with [tool.palisade] or a package.json with \"palisade\"; \
                 start one with `palisade plugin new`"
                    .to_owned(),
            ),
            Self::Component { .. } | Self::Sections { .. } => None,
            Self::Rust(error) => error.next(),
            Self::Python(error) => error.next(),
            Self::Js(error) => error.next(),
        }
    }
}

/// What a language's tools made of one project.
pub(super) struct Made {
    /// The component, as the language's tools made it.
    pub(super) component: Vec<u8>,
    /// What the project says of itself.
    pub(super) facts: Facts,
    /// The project's own directory.
    pub(super) directory: PathBuf,
    /// Where its component goes unless the author says otherwise.
    pub(super) out: PathBuf,
}

/// What a project's own file says of it, for the sections of its package. What it does not say is not there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The project's name, which names the component's file.
    pub(super) name: String,
    /// Its version.
    pub(super) version: Option<String>,
    /// What it is, in a sentence.
    pub(super) description: Option<String>,
    /// Licence, an SPDX expression.
    pub(super) licence: Option<String>,
    /// Who wrote it, each as `Name <mail>`.
    pub(super) authors: Vec<String>,
    /// URL of the repository that its source is in.
    pub(super) source: Option<String>,
    /// URL of its page.
    pub(super) homepage: Option<String>,
    /// What is in it, as CycloneDX writes it in JSON.
    pub(super) sbom: Option<String>,
}

impl Facts {
    /// The same, as a package says it. Version and description are in the manifest.
    fn package(&self, revision: Option<String>) -> palisade_package::Facts {
        let authors: Vec<_> = self.authors.iter().map(String::as_str).collect();
        palisade_package::Facts {
            licence: self.licence.clone(),
            source: self.source.clone(),
            revision,
            authors: (!authors.is_empty()).then(|| authors.join(", ")),
            homepage: self.homepage.clone(),
            sbom: self.sbom.clone(),
        }
    }
}

/// The language of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Python,
    Js,
}

impl Language {
    /// The language of the project in a directory. A Rust project may well have a `package.json` for its tools, so the
    /// files of the other languages must say that they are for Palisade.
    pub(super) fn of(directory: &Path) -> Result<Self, BuildError> {
        if rust::is_project(directory) {
            Ok(Self::Rust)
        } else if python::is_project(directory)? {
            Ok(Self::Python)
        } else if js::is_project(directory)? {
            Ok(Self::Js)
        } else {
            Err(BuildError::NoProject(directory.to_owned()))
        }
    }
}

/// A plugin that was built.
#[derive(Serialize)]
pub(super) struct Built {
    /// Name of the project.
    package: String,
    /// Its directory.
    directory: PathBuf,
    /// The component's file.
    pub(super) component: PathBuf,
    /// Its size in bytes.
    size: usize,
    /// Interfaces that it calls.
    imports: Vec<String>,
}

pub(super) async fn run(command: Build, context: &Context) -> Result<(), Error> {
    let made = if command.packages.is_empty() {
        projects(command.paths)?
    } else {
        rust::build_packages(&command.packages).map_err(BuildError::from)?
    };
    let mut built = Vec::new();
    for made in made {
        built.push(write(made, command.out.as_deref(), !command.no_revision).await?);
    }
    if context.json {
        return screen::show_json(&built);
    }
    screen::show(&built.iter().map(line).collect::<String>())
}

/// Builds the project in each directory, whatever its language.
pub(super) fn projects(directories: Vec<PathBuf>) -> Result<Vec<Made>, BuildError> {
    let directories = if directories.is_empty() { vec![PathBuf::from(".")] } else { directories };
    let (mut rust, mut made) = (Vec::new(), Vec::new());
    for directory in directories {
        match Language::of(&directory)? {
            Language::Rust => rust.push(directory),
            Language::Python => made.push(python::build(&directory)?),
            Language::Js => made.push(js::build(&directory)?),
        }
    }
    made.extend(rust::build(rust)?);
    Ok(made)
}

/// Runs a compiler, for the project of this name; what it said if that did not go well. It speaks of its progress on
/// standard output, which nobody needs, and of what is wrong on standard error.
fn run_compiler(compiler: &mut Command, name: &str) -> io::Result<Result<(), String>> {
    let spinner = Spinner::new(format!("Building {name}"));
    let output = compiler.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
    drop(spinner);
    let output = output?;
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(if output.status.success() { Ok(()) } else { Err(format!("{}\n", said.trim_end())) })
}

/// Makes a package of one component, and writes it to its file.
pub(super) async fn write(made: Made, out: Option<&Path>, with_revision: bool) -> Result<Built, Error> {
    let Made { component, facts, directory, out: default } = made;
    let cache = default.join(CACHE).join(&facts.name);
    // Whole, because the compiler is a process that works elsewhere.
    let cache = std::path::absolute(&cache).unwrap_or(cache);
    let package = facts.package(with_revision.then(|| sections::revision(&directory)).flatten());
    let spinner = Spinner::new(format!("Asking {} what it is", facts.name));
    let completed = sections::complete(&component, &package, &cache).await;
    drop(spinner);
    let component = completed.map_err(|source| BuildError::Sections { name: facts.name.clone(), source })?;
    let out = out.unwrap_or(&default);
    let path = out.join(format!("{}.wasm", facts.name));
    let imports = componentize::imports(&component);
    let imports = imports.map_err(|source| BuildError::Component { name: facts.name.clone(), source })?;
    fs::create_dir_all(out).and_then(|()| fs::write(&path, &component)).map_err(|source| Error::File {
        what: "write",
        path: path.clone(),
        source,
    })?;
    Ok(Built { package: facts.name, directory, component: path, size: component.len(), imports })
}

pub(super) fn line(built: &Built) -> String {
    // What a language's runtime asks of the machine is two dozen interfaces, and nothing that the host gives.
    let (wasi, ours): (Vec<_>, Vec<_>) =
        built.imports.iter().map(String::as_str).partition(|import| import.starts_with("wasi:"));
    let imports = ours.into_iter().chain((!wasi.is_empty()).then_some("Wasi")).collect::<Vec<_>>();
    format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#}  {}  {}\n  {DIM}imports {}{DIM:#}\n",
        built.package,
        capabilities::bytes(built.size as u64),
        built.component.display(),
        if imports.is_empty() { "nothing".to_owned() } else { imports.join(", ") }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_directory_says_its_language() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        assert!(matches!(Language::of(path), Err(BuildError::NoProject(_))));
        fs::write(path.join("Cargo.toml"), "").unwrap();
        assert_eq!(Language::of(path).unwrap(), Language::Rust);
    }
}
