//! Where a component is looked at and tried without a host.

use std::{env, path::Path, sync::Arc};

use palisade_engine::{Allocation, Cache, Compiled, Sandbox, SandboxOptions};
use palisade_model::plugin::Manifest;
use tempfile::TempDir;

use crate::error::Error;

/// Why a component could not be looked at or tried.
pub(super) type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A sandbox of this process alone.
pub(super) struct Workbench {
    /// The sandbox.
    pub(super) sandbox: Arc<Sandbox>,
    _cache: Option<TempDir>,
}

impl Workbench {
    /// Sets it up. What it compiles is gone with it.
    pub(super) fn new() -> Result<Self, Error> {
        let failed = |source| Error::Stream { what: "set up a place to try plugins in", source };
        let cache = tempfile::tempdir().map_err(failed)?;
        let workbench = Self::on(Cache::Own(cache.path().to_owned()))
            .map_err(|error| failed(std::io::Error::other(error)))?;
        Ok(Self { _cache: Some(cache), ..workbench })
    }

    /// Sets it up with a directory where what was compiled is found again.
    pub(super) fn with_cache(cache: &Path) -> Result<Self, Failed> {
        Self::on(Cache::Shared(cache.to_owned()))
    }

    fn on(cache: Cache) -> Result<Self, Failed> {
        let sandbox = Sandbox::new(SandboxOptions {
            cache,
            compiler: env::current_exe()?,
            allocation: Allocation::OnDemand,
        })?;
        Ok(Self { sandbox, _cache: None })
    }

    /// Compiles a component for a trial, and asks it what it is, in an instance that can reach nothing.
    pub(super) async fn describe(&self, component: &[u8]) -> Result<(Compiled, Manifest), Failed> {
        let compiled = self.sandbox.compile_for_trial(component).await?;
        let manifest = self.sandbox.describe(&compiled).await?;
        Ok((compiled, manifest))
    }
}

/// That a component cannot be looked at, and why. `file` is where it came from.
pub(super) fn refused(file: &Path, error: impl Into<Failed>) -> Error {
    Error::Component { path: file.to_owned(), source: error.into() }
}
