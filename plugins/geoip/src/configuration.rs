use palisade_sdk::{Failure, connector::Secret};
use schemars::JsonSchema;
use serde::Deserialize;

/// What an asset needs: an account of the web service, or a database file. With both the file answers: it costs no query,
/// and nobody learns what is looked up.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// Number of the MaxMind account.
    #[schemars(regex(pattern = r"^[0-9]+$"))]
    account_id: Option<String>,
    /// Licence key of the account.
    license_key: Option<Secret>,
    /// Which service to ask. They differ in what they know, and in price.
    #[serde(default)]
    pub(crate) service: Service,
    /// Where the service is: `https://geolite.info` for a free GeoLite account.
    #[serde(default = "base_url_default")]
    pub(crate) base_url: String,
    /// Name of a database among the host's files, such as `GeoLite2-City.mmdb`. It answers in place of the web service.
    database: Option<String>,
}

fn base_url_default() -> String {
    "https://geoip.maxmind.com".to_owned()
}

/// A GeoIP web service.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Service {
    Country,
    #[default]
    City,
    Insights,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::City => "city",
            Self::Insights => "insights",
        }
    }
}

/// Who answers the look-ups of an asset.
pub(crate) enum Answers<'a> {
    /// The file that the field `database` names.
    File,
    /// The web service.
    Account(Account<'a>),
}

pub(crate) struct Account<'a> {
    pub(crate) id: &'a str,
    pub(crate) license_key: &'a Secret,
}

impl Configuration {
    pub(crate) fn answers(&self) -> Result<Answers<'_>, Failure> {
        match (&self.database, &self.account_id, &self.license_key) {
            (Some(_), ..) => Ok(Answers::File),
            (None, Some(id), Some(license_key)) => Ok(Answers::Account(Account { id, license_key })),
            (None, None, None) => {
                Err(Failure::invalid("the asset needs `account_id` and `license_key`, or `database`"))
            }
            (None, ..) => Err(Failure::invalid("the asset has only one of `account_id` and `license_key`")),
        }
    }
}
