//! A trial from a component's bytes to its scorecard.

use std::path::PathBuf;

use palisade_engine::{CompileError, LoadError, Sandbox};
use palisade_model::plugin::Manifest;
use serde_json::{Map, Value};

use crate::{
    cassette::{Case, CassetteError},
    connector, playbook,
    scorecard::Scorecard,
};

/// How a plugin is tried.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Directory of its cassettes, and of the files that its assets name, in `files`.
    pub cassettes: PathBuf,
    /// Names of the actions to try; all if there are none.
    pub actions: Vec<String>,
    /// Configuration for generated calls, in place of a generated one.
    pub configuration: Option<Map<String, Value>>,
    /// What generated calls are made from.
    pub seed: u64,
}

/// Why there is no trial.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The component cannot be compiled.
    #[error("the component cannot be compiled")]
    Compile(#[from] CompileError),
    /// It cannot be loaded.
    #[error("the component cannot be loaded")]
    Load(#[from] LoadError),
    /// A cassette cannot be used.
    #[error("its cassettes cannot be used")]
    Cassette(#[from] CassetteError),
    /// There is no such action.
    #[error("the plugin has no action `{0}`")]
    NoAction(String),
    /// A cassette does not fit the plugin.
    #[error("the cassette `{name}` does not fit the plugin: {why}")]
    Misfit {
        /// Its name.
        name: String,
        /// Why.
        why: String,
    },
}

/// Tries a plugin.
///
/// # Errors
///
/// [`TrialError`] if it cannot be called at all; whatever it does when it is called is in the scorecard.
pub async fn test(sandbox: &Sandbox, component: &[u8], options: &Options) -> Result<Scorecard, TrialError> {
    let compiled = sandbox.compile(component).await?;
    match sandbox.describe(&compiled).await? {
        Manifest::Connector(manifest) => {
            let cases = Case::read_all(&options.cassettes)?;
            connector::test(sandbox, &compiled, manifest, cases, options).await
        }
        Manifest::Playbook(manifest) => {
            let scenes = Case::read_all(&options.cassettes)?;
            playbook::test(sandbox, &compiled, manifest, scenes, options).await
        }
    }
}
