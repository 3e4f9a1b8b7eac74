//! What an operator says of a system: its settings, its secrets, and how it is reached.

use std::{collections::BTreeMap, fs, path::PathBuf};

use clap::Args;
use palisade_model::{
    asset::{Cidr, ConnectTo, Network},
    plugin::ConnectorManifest,
};
use palisade_vault::Secret;
use serde_json::{Map, Value};

use super::secret::SecretArgument;
use crate::{commands::setting::Setting, error::Error, prompt};

/// A system, as the command line says it.
#[derive(Args)]
pub(crate) struct AssetOptions {
    /// A setting; the connector's schema decides whether VALUE is a text or a number
    #[arg(long = "set", value_name = "KEY=VALUE|KEY:=JSON")]
    settings: Vec<Setting>,
    /// A secret: asked for at the terminal, or one line of standard input, a file, an environment variable
    ///
    /// A secret that the connector requires is asked for even without this option.
    #[arg(long = "secret", value_name = "FIELD[=@FILE|=env:VARIABLE]")]
    secrets: Vec<String>,
    /// A network that is not on the public internet and may be reached for this asset
    #[arg(long, value_name = "CIDR")]
    allow_network: Vec<Cidr>,
    /// Where to connect instead; names, TLS and policy stay those of the original
    #[arg(long, value_name = "HOST:PORT:HOST:PORT")]
    connect_to: Vec<ConnectTo>,
    /// Certificates of a private CA in PEM, trusted for this asset
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl AssetOptions {
    /// The settings of a connector, each as its schema wants it.
    pub(crate) fn configuration(&self, connector: &ConnectorManifest) -> Result<Map<String, Value>, Error> {
        let whose = format!("connector {}", connector.identity.name);
        self.settings(&whose, &connector.configuration, &connector.secrets)
    }

    /// The settings as the schema of `whose` configuration wants them; none of them may be one of the `secrets`.
    pub(crate) fn settings(
        &self,
        whose: &str,
        schema: &Value,
        secrets: &[String],
    ) -> Result<Map<String, Value>, Error> {
        let value = |setting: &Setting| Ok((setting.key.clone(), setting.value(whose, schema, secrets)?));
        self.settings.iter().map(value).collect()
    }

    /// The secrets by configuration field. Those that the connector requires are asked for, except what is `kept` from
    /// before.
    pub(crate) fn secrets(
        &self,
        connector: &ConnectorManifest,
        kept: &[String],
    ) -> Result<BTreeMap<String, Secret>, Error> {
        let name = &connector.identity.name;
        let mut arguments = self.secret_arguments()?;
        let missing = missing_secrets(connector, &arguments, kept);
        if !missing.is_empty() && !prompt::is_possible() {
            return Err(Error::Usage {
                what: format!("connector {name} requires the secret {}", missing.join(", ")),
                next: format!("give it with --secret {}=@FILE or --secret {0}=env:VARIABLE", missing[0]),
            });
        }
        arguments.extend(missing.into_iter().map(SecretArgument::asked));
        let mut secrets = BTreeMap::new();
        for argument in arguments {
            if !connector.secrets.contains(&argument.field) {
                return Err(Error::Usage {
                    what: format!("connector {name} has no secret `{}`", argument.field),
                    next: format!("it has: {}", connector.secrets.join(", ")),
                });
            }
            let secret = argument.read()?;
            secrets.insert(argument.field, secret);
        }
        Ok(secrets)
    }

    /// Whether secrets are given, or required, that are not among the `kept` ones.
    pub(crate) fn lacks_secrets(
        &self,
        connector: &ConnectorManifest,
        kept: &[String],
    ) -> Result<bool, Error> {
        let given = self.secret_arguments()?;
        let new = given.iter().any(|argument| !kept.contains(&argument.field));
        Ok(new || !missing_secrets(connector, &given, kept).is_empty())
    }

    /// Parsed here and not by clap, which would repeat on the screen what somebody took for the place of the secret.
    fn secret_arguments(&self) -> Result<Vec<SecretArgument>, Error> {
        let parsed = self.secrets.iter().map(|text| text.parse::<SecretArgument>());
        parsed.collect::<Result<_, _>>().map_err(|error| Error::Usage {
            what: format!("--secret cannot be used: {error}"),
            next: "write FIELD to be asked, FIELD=@FILE, or FIELD=env:VARIABLE".into(),
        })
    }

    /// How the system is reached.
    pub(crate) fn network(&self) -> Result<Network, Error> {
        let read = |path: &PathBuf| {
            fs::read_to_string(path).map_err(|source| Error::File {
                what: "read",
                path: path.clone(),
                source,
            })
        };
        Ok(Network {
            allow: self.allow_network.clone(),
            connect_to: self.connect_to.clone(),
            ca: self.ca.as_ref().map(read).transpose()?,
        })
    }
}

/// Secrets that the connector requires and that are neither given nor there from before.
fn missing_secrets(connector: &ConnectorManifest, given: &[SecretArgument], kept: &[String]) -> Vec<String> {
    let required = connector.configuration.get("required").and_then(Value::as_array);
    let required = required.into_iter().flatten().filter_map(Value::as_str);
    required
        .filter(|field| connector.secrets.iter().any(|secret| secret == field))
        .filter(|field| !given.iter().any(|argument| argument.field == *field))
        .filter(|field| !kept.iter().any(|secret| secret == field))
        .map(str::to_owned)
        .collect()
}
