//! `palisade plugin inspect`

use std::{env, path::Path};

use palisade_engine::{Allocation, Sandbox, SandboxOptions};
use palisade_model::{name::Name, plugin::Plugin};

use super::read;
use crate::{answers::Inspected, capabilities, context::Context, error::Error, progress::Spinner, screen};

pub(super) async fn run(plugin: &str, context: &Context) -> Result<(), Error> {
    // A name has neither dots nor slashes; a file of a plugin has an extension, or it is written as a path.
    match plugin.parse::<Name>() {
        Ok(name) if !Path::new(plugin).is_file() => {
            let answer = context.host()?.get(&format!("/api/v1/plugins/{name}")).await?;
            context.show(answer, |plugin: Plugin| {
                capabilities::screen(&plugin.digest, plugin.size, &plugin.manifest)
            })
        }
        _ => {
            let inspected = offline(Path::new(plugin)).await?;
            if context.json {
                return screen::show_json(&inspected);
            }
            screen::show(&capabilities::screen(&inspected.digest, inspected.size, &inspected.manifest))
        }
    }
}

/// Compiles a component and asks it what it is, in a sandbox of its own that can reach nothing.
pub(super) async fn offline(file: &Path) -> Result<Inspected, Error> {
    let component = read(file)?;
    let spinner = Spinner::new(format!("Compiling {}", file.display()));
    let inspect = async {
        let cache = tempfile::tempdir().map_err(failed)?;
        let sandbox = Sandbox::new(SandboxOptions {
            cache: cache.path().to_owned(),
            compiler: env::current_exe().map_err(failed)?,
            allocation: Allocation::OnDemand,
        });
        let sandbox = sandbox.map_err(failed)?;
        let digest = sandbox.compile(&component).await.map_err(failed)?;
        let manifest = sandbox.describe(&digest).await.map_err(failed)?;
        Ok(Inspected { digest, size: component.len() as u64, manifest, installed: None })
    };
    let inspected = inspect.await;
    drop(spinner);
    inspected.map_err(|source| Error::Component { path: file.to_owned(), source })
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Box<dyn std::error::Error + Send + Sync> {
    Box::new(error)
}
