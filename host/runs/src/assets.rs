//! Assets: configured, tested, removed.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use palisade_engine::{Invocation, Outcome};
use palisade_model::{
    action::{ActionResult, Effect, Failure, RetryLimits},
    asset::{Asset, Network},
    audit::{self, What},
    name::Name,
};
use palisade_vault::Secret;
use serde_json::{Map, Value, json};

use crate::{
    catalogue::sealing_context,
    install::{InstallError, Removal},
    runs::{Runs, RunsError, disabled, record},
};

/// The action that checks an asset.
const TEST_CONNECTIVITY: &str = "test connectivity";

/// An asset as it is to be.
pub struct NewAsset {
    /// The connector that acts on it.
    pub connector: Name,
    /// Configuration without the secrets, as the connector's schema says.
    pub configuration: Map<String, Value>,
    /// The secrets that are given anew, by configuration field.
    pub secrets: BTreeMap<String, Secret>,
    /// How it may be reached.
    pub network: Network,
    /// How long its actions are tried.
    pub retries: RetryLimits,
}

/// How a test of an asset went.
pub struct Tested {
    /// What the connector said.
    pub result: ActionResult,
    /// How long it took.
    pub took: Duration,
}

impl Runs {
    /// Configures an asset, in place of one with the same name. A secret that is not given anew stays what it was.
    ///
    /// # Errors
    ///
    /// See [`InstallError`].
    pub async fn put_asset(&self, name: Name, new: NewAsset, by: &str) -> Result<Asset, InstallError> {
        let NewAsset { connector, configuration, secrets, network, retries } = new;
        let _changing = self.changing.lock().await;
        let before = self.store.asset(&name)?.filter(|asset| asset.connector == connector);
        let mut sealed = before.map(|asset| asset.sealed).unwrap_or_default();
        let put = What::AssetPut {
            asset: name.clone(),
            connector: connector.clone(),
            fields: configuration.keys().collect(),
            secrets: secrets.keys().collect(),
            reaches: audit::reaches(&network.allow, &network.connect_to),
            private_ca: network.ca.is_some(),
        };
        for (field, secret) in secrets {
            let context = sealing_context(&name, &field);
            sealed.insert(field, self.premises.vault.seal(&context, &secret)?);
        }
        let asset = Asset { name, connector, configuration, sealed, network, retries };
        let catalogue = (*self.catalogue()).clone().with_asset(asset.clone(), &self.premises)?;
        self.store.put_asset(asset.clone(), record(by, put)).await?;
        self.set_catalogue(catalogue);
        Ok(asset)
    }

    /// Removes an asset and its secrets.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn remove_asset(&self, name: &Name, by: &str) -> Result<Removal, InstallError> {
        let _changing = self.changing.lock().await;
        let gone = What::AssetRemoved { asset: name.clone() };
        let removed = self.store.remove_asset(name.clone(), record(by, gone)).await?;
        self.set_catalogue((*self.catalogue()).clone().without_asset(name));
        Ok(if removed { Removal::Removed } else { Removal::Absent })
    }

    /// Asks an asset's connector whether the asset works.
    ///
    /// # Errors
    ///
    /// [`RunsError::Missing`] if there is no such asset, [`RunsError::NotReady`] if its connector does not load,
    /// [`RunsError::Conflict`] if that is disabled.
    pub async fn test_asset(&self, name: &Name) -> Result<Tested, RunsError> {
        let catalogue = self.catalogue();
        let Some(asset) = catalogue.asset(name.as_str()) else {
            return Err(match self.store.asset(name)? {
                Some(_) => RunsError::NotReady(name.clone()),
                None => RunsError::Missing { what: "asset", name: name.to_string() },
            });
        };
        if catalogue.is_disabled(asset.asset.connector.as_str()) {
            return Err(disabled("connector", &asset.asset.connector));
        }
        let began = Instant::now();
        let Some(spec) = asset.connector.manifest.action(TEST_CONNECTIVITY) else {
            let message = format!("connector {} has no action `{TEST_CONNECTIVITY}`", asset.asset.connector);
            return Ok(Tested { result: Err(Failure::NotFound { message }), took: began.elapsed() });
        };
        let _permit = self.action_permits.acquire().await;
        // Whatever it says of itself: nobody has judged it.
        let call = asset.gate.call(Effect::Test, &spec.reads);
        let invocation = Invocation {
            action: TEST_CONNECTIVITY,
            parameters: &json!({}),
            idempotency_key: "",
            attempt: 1,
            resume: None,
            cancelled: false,
        };
        let result = match asset.connector.connector.invoke(call, invocation).await.outcome {
            Ok(Outcome::Done(report)) => Ok(report),
            Ok(Outcome::Pending { message, .. }) => {
                Err(Failure::Unavailable { message: format!("the test did not end: {message}") })
            }
            Err(failure) => Err(failure),
        };
        Ok(Tested { result, took: began.elapsed() })
    }
}
