//! The users of an installation and their tokens, at hand for every request.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use palisade_model::{
    Timestamp,
    audit::{ADMIN, HOST, INGEST, Record, What},
    limits::USER_ROLES,
    name::Name,
    plugin::Digest,
    user::{KeptUser, User},
};
use palisade_store::{Store, StoreError};

use crate::{
    problem::Problem,
    tokens::{TokenError, hash, new_token},
};

/// Names that the record uses for somebody else.
const TAKEN: [&str; 3] = [ADMIN, HOST, INGEST];

/// The users, by the hashes of their tokens.
pub(crate) struct Users {
    by_token: RwLock<HashMap<Digest, User>>,
    /// Held while users change, so that changes follow one another.
    changing: tokio::sync::Mutex<()>,
}

impl Users {
    /// Reads them.
    pub(crate) fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let by_token = store.users()?.into_iter().map(|kept| (kept.token, kept.user)).collect();
        Ok(Self { by_token: RwLock::new(by_token), changing: tokio::sync::Mutex::default() })
    }

    /// Whose token has this hash.
    pub(crate) fn with(&self, token: &Digest) -> Option<User> {
        self.read().get(token).cloned()
    }

    /// All of them, by name.
    pub(crate) fn all(&self) -> Vec<User> {
        let mut all: Vec<_> = self.read().values().cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Adds a user. Returns them with their token, which is nowhere else.
    pub(crate) async fn add(
        &self,
        store: &dyn Store,
        name: Name,
        mut roles: Vec<Name>,
        by: &str,
    ) -> Result<(User, String), Problem> {
        roles.sort();
        roles.dedup();
        if roles.len() > USER_ROLES {
            return Err(Problem::invalid("/roles", format!("a user has at most {USER_ROLES} roles")));
        }
        let _changing = self.changing.lock().await;
        check(&name, &roles, &self.all())?;
        let token = new_token()?;
        let kept = KeptUser { user: User { name, roles, created: Timestamp::now() }, token: hash(&token) };
        let KeptUser { user, token: hash } = kept.clone();
        let added =
            What::UserAdded { user: user.name.clone(), roles: user.roles.iter().map(Name::as_str).collect() };
        store.put_user(kept, Record::new(Timestamp::now(), by, added)).await?;
        self.change(|users| drop(users.insert(hash, user.clone())));
        Ok((user, token))
    }

    /// Removes a user. When this returns, their token is refused. `false` if there was none.
    pub(crate) async fn remove(&self, store: &dyn Store, name: Name, by: &str) -> Result<bool, StoreError> {
        let _changing = self.changing.lock().await;
        let gone = What::UserRemoved { user: name.clone() };
        let removed = store.remove_user(name.clone(), Record::new(Timestamp::now(), by, gone)).await?;
        self.change(|users| users.retain(|_, user| user.name != name));
        Ok(removed)
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Digest, User>> {
        self.by_token.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<Digest, User>)) {
        change(&mut self.by_token.write().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Checks that a name means one thing: a question to `tier2` must not become one to somebody who is called so.
fn check(name: &Name, roles: &[Name], all: &[User]) -> Result<(), Problem> {
    if TAKEN.contains(&name.as_str()) {
        return Err(Problem::invalid("/name", format!("`{name}` is what the record calls somebody else")));
    }
    if let Some(role) = roles.iter().find(|role| TAKEN.contains(&role.as_str())) {
        return Err(Problem::invalid("/roles", format!("`{role}` is what the record calls somebody else")));
    }
    if all.iter().any(|user| user.name == *name) {
        return Err(Problem::conflict(format!("there is a user `{name}`: remove them first")));
    }
    if roles.contains(name) || all.iter().any(|user| user.roles.contains(name)) {
        return Err(Problem::conflict(format!("`{name}` is a role: give the user another name")));
    }
    match roles.iter().find(|role| all.iter().any(|user| user.name == **role)) {
        Some(role) => Err(Problem::conflict(format!("`{role}` is a user: give the role another name"))),
        None => Ok(()),
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::unavailable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_one_thing() {
        let name = |text: &str| -> Name { text.parse().unwrap() };
        let anna = User { name: name("anna"), roles: vec![name("tier2")], created: Timestamp::UNIX_EPOCH };
        let all = [anna];
        for (user, roles) in [
            ("admin", vec![]),
            ("palisade", vec![]),
            ("ingest", vec![]),
            ("anna", vec![]),
            ("tier2", vec![]),
            ("kim", vec!["kim"]),
            ("kim", vec!["admin"]),
            ("kim", vec!["tier2", "palisade"]),
            ("kim", vec!["tier2", "anna"]),
        ] {
            let roles: Vec<_> = roles.into_iter().map(name).collect();
            assert!(check(&name(user), &roles, &all).is_err(), "{user} was taken with {roles:?}");
        }
        assert!(check(&name("kim"), &[name("tier2"), name("tier3")], &all).is_ok());
    }
}
