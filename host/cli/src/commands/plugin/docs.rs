//! `palisade plugin docs`

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use palisade_model::plugin::Manifest;
use palisade_sources::read_component;
use serde::Serialize;

use super::inspect::offline;
use crate::{context::Context, error::Error, page, screen};

/// Which pages to write.
#[derive(Args)]
pub(crate) struct Docs {
    /// Components
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Write each page to connectors/NAME.md or playbooks/NAME.md in this directory
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A page.
#[derive(Serialize)]
struct Page {
    kind: &'static str,
    name: String,
    markdown: String,
}

pub(super) async fn run(command: Docs, context: &Context) -> Result<(), Error> {
    let mut pages = Vec::new();
    for file in &command.files {
        let component = read_component(file, None)?.component;
        let manifest = offline(&file.display().to_string(), &component).await?.manifest;
        let name = manifest.identity().name.to_string();
        pages.push(Page { kind: manifest.kind(), name, markdown: page::page(&manifest) });
        if let Some(out) = &command.out
            && let Some(page) = pages.last()
        {
            write(page, &manifest, out)?;
        }
    }
    if context.json {
        return screen::show_json(&pages);
    }
    if command.out.is_some() {
        return Ok(());
    }
    pages.iter().try_for_each(|page| screen::show(&page.markdown))
}

fn write(page: &Page, manifest: &Manifest, out: &Path) -> Result<(), Error> {
    let directory = out.join(match manifest {
        Manifest::Connector(_) => "connectors",
        Manifest::Playbook(_) => "playbooks",
    });
    let path = directory.join(format!("{}.md", page.name));
    fs::create_dir_all(&directory)
        .and_then(|()| fs::write(&path, &page.markdown))
        .map_err(|source| Error::File { what: "write", path, source })
}
