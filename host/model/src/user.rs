//! Users: people with a token of their own, and what they may be asked.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, name::Name, plugin::Digest};

/// A person whom the host knows by a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their name.
    pub name: Name,
    /// What they may be asked as, and approve as.
    pub roles: Vec<Name>,
    /// When they were added.
    pub created: Timestamp,
}

/// A user as the store keeps them: nobody can use what is kept as a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptUser {
    /// The user.
    #[serde(flatten)]
    pub user: User,
    /// SHA-256 of their token.
    pub token: Digest,
}
