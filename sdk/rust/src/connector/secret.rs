use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// A secret in an asset's configuration; its schema says `"writeOnly": true`.
///
/// The value is a placeholder, which the host replaces by the secret in the declared places of a request, unless the
/// secret was granted as `reveal`. Either way it stays out of `Debug`.
///
/// ```
/// use palisade_sdk::connector::Secret;
///
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// struct Configuration {
///     api_key: Secret,
/// }
///
/// let configuration: Configuration = serde_json::from_str(r#"{"api_key": "placeholder"}"#)?;
/// assert_eq!(configuration.api_key.as_ref(), "placeholder");
/// assert_eq!(format!("{configuration:?}"), "Configuration { api_key: Secret }");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret(String);

impl AsRef<str> for Secret {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true })
    }
}
