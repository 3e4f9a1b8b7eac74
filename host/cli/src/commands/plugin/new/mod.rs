//! `palisade plugin new`: from nothing to a project that builds and whose test passes.

mod js;
mod python;
mod rust;
mod template;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use palisade_model::name::Name;
use serde::Serialize;

use self::{js::JS, python::PYTHON, rust::RUST, template::File};
use crate::{
    context::Context,
    error::Error,
    screen,
    style::{BOLD, DIM, GOOD},
};

/// What to start.
#[derive(Args)]
pub(crate) struct New {
    /// Name of the plugin: lower-case letters, digits and '-'
    name: Name,
    /// What it is
    #[arg(long, value_enum)]
    kind: Kind,
    /// The language to write it in
    #[arg(long, value_enum, default_value = "rust")]
    lang: Lang,
    /// Where; it must be empty or not yet there [default: a directory of the plugin's name]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The SDK in a checkout of Palisade, such as ../palisade/sdk/rust [default: the published one]
    #[arg(long, value_name = "PATH")]
    sdk: Option<PathBuf>,
}

/// A kind of plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Acts on one kind of system
    Connector,
    /// Decides what to do about an alert
    Playbook,
}

/// A language that has an SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    /// Rust, built by cargo
    Rust,
    /// Python, built by componentize-py
    Python,
    /// JavaScript, built by componentize-qjs
    Js,
}

/// Why a plugin cannot be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// Something is there already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The language or the SDK needs the name for itself.
    #[error("a plugin in this language cannot be called `{0}`: the name is taken")]
    Taken(Name),
    /// What was given as the SDK is something else.
    #[error("{} is no SDK for this language: it has no {file}", .path.display())]
    NoSdk {
        /// What was given.
        path: PathBuf,
        /// What an SDK has.
        file: &'static str,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl NewError {
    /// What to do about it.
    pub(crate) fn next(&self) -> String {
        match self {
            Self::NotEmpty(_) => "nothing was written: name another directory with --dir",
            Self::Taken(_) => "choose another, such as the name of the system with your company's before it",
            Self::NoSdk { .. } => {
                "--sdk is a directory of a checkout of Palisade: sdk/rust, sdk/python or sdk/js"
            }
            Self::Write { .. } => "choose a directory that you may write to, with --dir",
        }
        .to_owned()
    }
}

/// A project that was made.
#[derive(Serialize)]
struct Made<'a> {
    name: &'a Name,
    directory: &'a Path,
    files: Vec<String>,
}

pub(super) fn run(command: &New, context: &Context) -> Result<(), Error> {
    let language = match command.lang {
        Lang::Rust => RUST,
        Lang::Python => PYTHON,
        Lang::Js => JS,
    };
    if language.is_taken(command.name.as_str()) {
        return Err(NewError::Taken(command.name.clone()).into());
    }
    let sdk = language.dependency(command.sdk.as_deref())?;
    let directory = command.dir.clone().unwrap_or_else(|| PathBuf::from(command.name.as_str()));
    let files = language.files(command.kind, command.name.as_str(), &sdk);
    write(&directory, &files)?;
    let made = Made {
        name: &command.name,
        directory: &directory,
        files: files.into_iter().map(|file| file.path).collect(),
    };
    if context.json { screen::show_json(&made) } else { screen::show(&made.screen()) }
}

/// Writes the files of a project to a directory of its own.
fn write(directory: &Path, files: &[File]) -> Result<(), NewError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| NewError::Write { path, source }
    };
    fs::create_dir_all(directory).map_err(failed(directory))?;
    if fs::read_dir(directory).map_err(failed(directory))?.next().is_some() {
        return Err(NewError::NotEmpty(directory.to_owned()));
    }
    for File { path, text } in files {
        let path = directory.join(path);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, text)).map_err(failed(&path))?;
    }
    Ok(())
}

impl Made<'_> {
    fn screen(&self) -> String {
        let mut screen =
            format!("{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} is in {}\n", self.name, self.directory.display());
        for file in &self.files {
            screen.push_str(&format!("  {DIM}{file}{DIM:#}\n"));
        }
        screen.push_str(&format!(
            "Its README.md says what to edit and how to test it. To build it: `palisade plugin build {}`\n",
            self.directory.display()
        ));
        screen
    }
}
