//! Who somebody is at a registry.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use http::HeaderValue;
use serde::Deserialize;

/// A user and a password, which may be a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user, without `:`.
    pub user: String,
    /// The password.
    pub password: String,
}

/// The user alone: the password is nobody's to see.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

impl Login {
    /// HTTP Basic (RFC 7617).
    pub(crate) fn basic(&self) -> HeaderValue {
        let text = BASE64_STANDARD.encode(format!("{}:{}", self.user, self.password));
        let mut value = HeaderValue::try_from(format!("Basic {text}")).expect("Base64 is ASCII");
        value.set_sensitive(true);
        value
    }
}

/// Logins by registry, which is `host` or `host:port`.
#[derive(Clone, Debug, Default)]
pub struct Logins(BTreeMap<String, Login>);

/// Why a file is no configuration of Docker's.
#[derive(Debug, thiserror::Error)]
pub enum NotAConfiguration {
    /// It is not JSON of that shape.
    #[error("it is not the JSON that Docker writes")]
    Json(#[from] serde_json::Error),
    /// One of its logins is none.
    #[error("the `auth` of {0} is not a user and a password in Base64")]
    Auth(String),
}

/// What is read of Docker's `config.json`. Helpers are programs, and are not started.
#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    auths: BTreeMap<String, Auth>,
}

#[derive(Deserialize)]
struct Auth {
    #[serde(default)]
    auth: String,
}

impl Logins {
    /// Reads the file that `docker login` writes.
    ///
    /// # Errors
    ///
    /// [`NotAConfiguration`].
    pub fn from_docker(file: &[u8]) -> Result<Self, NotAConfiguration> {
        let Configuration { auths } = serde_json::from_slice(file)?;
        let mut logins = Self::default();
        for (key, Auth { auth }) in auths {
            // With a helper that keeps the password, there is an entry without one.
            if auth.is_empty() {
                continue;
            }
            let text = BASE64_STANDARD.decode(&auth).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let login = text.as_deref().and_then(|text| text.split_once(':'));
            let (user, password) = login.ok_or_else(|| NotAConfiguration::Auth(key.clone()))?;
            logins.insert(registry(&key), Login { user: user.to_owned(), password: password.to_owned() });
        }
        Ok(logins)
    }

    /// Adds the login of a registry, in place of another.
    pub fn insert(&mut self, registry: impl Into<String>, login: Login) {
        self.0.insert(registry.into(), login);
    }

    pub(crate) fn get(&self, registry: &str) -> Option<&Login> {
        self.0.get(registry)
    }
}

/// `https://registry.example/v1/` of older versions is `registry.example` of newer ones.
fn registry(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    key.split_once('/').map_or(key, |(registry, _)| registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockers_file_is_read_and_its_passwords_are_not_shown() {
        let file = br#"{ "auths": {
            "https://registry.example/v1/": { "auth": "YW5uYTpzM2NyOmV0" },
            "localhost:5000": { "auth": "a2ltOng=" },
            "helped.example": {}
        }, "credsStore": "desktop" }"#;
        let logins = Logins::from_docker(file).unwrap();
        let anna = logins.get("registry.example").unwrap();
        assert_eq!((anna.user.as_str(), anna.password.as_str()), ("anna", "s3cr:et"));
        assert_eq!(logins.get("localhost:5000").unwrap().user, "kim");
        assert!(logins.get("localhost").is_none() && logins.get("helped.example").is_none());
        assert!(!format!("{logins:?} {:?}", anna.basic()).contains("s3cr"), "{logins:?}");
        for bad in [
            &b"{"[..],
            br#"{ "auths": { "a": { "auth": "!" } } }"#,
            br#"{ "auths": { "a": { "auth": "YQ==" } } }"#,
        ] {
            assert!(Logins::from_docker(bad).is_err());
        }
    }
}
