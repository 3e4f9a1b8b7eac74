//! Who asks, and what they may do.

use axum::{extract::FromRequestParts, http::request::Parts};
use palisade_model::{audit::ADMIN, journal::By, name::Name, user::User};
use serde::Serialize;

use crate::{
    limits::{BY_BYTES, NOTE_BYTES},
    problem::Problem,
};

/// Who asks, by the token of the request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Caller {
    name: String,
    roles: Vec<Name>,
    admin: bool,
}

impl Caller {
    /// Who holds the admin token.
    pub(crate) fn admin() -> Self {
        Self { name: ADMIN.to_owned(), roles: Vec::new(), admin: true }
    }

    /// Their name; `admin` for the admin.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether they may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.admin
    }

    /// Whether they have this role. The admin has every role.
    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.admin || self.roles.iter().any(|one| one.as_str() == role)
    }

    /// Whether they may answer what is asked of this person or role; none for whoever looks first.
    pub(crate) fn is_asked(&self, to: Option<&str>) -> bool {
        to.is_none_or(|to| to == self.name || self.has_role(to))
    }

    /// Who says something about a run and why, checked: it goes into the journal, and people read it. The admin may say
    /// it in another name, and that is on the record; a user may not.
    pub(crate) fn says(&self, by: Option<String>, note: Option<String>) -> Result<By, Problem> {
        let by = by.unwrap_or_else(|| self.name.clone());
        let note = note.unwrap_or_default();
        if by.trim().is_empty() {
            return Err(Problem::invalid(
                "/by",
                "there is no name in it: name who says this, or leave it out",
            ));
        }
        for (pointer, text, most) in [("/by", &by, BY_BYTES), ("/note", &note, NOTE_BYTES)] {
            if text.len() > most {
                return Err(Problem::invalid(pointer, format!("it is longer than {most} bytes")));
            }
        }
        let by_admin = by != self.name;
        if by_admin && !self.admin {
            return Err(Problem::forbidden(format!(
                "the token is {}'s, who cannot speak for somebody else: leave `by` out",
                self.name
            )));
        }
        Ok(By { by, note, by_admin })
    }
}

impl From<User> for Caller {
    fn from(user: User) -> Self {
        Self { name: user.name.into(), roles: user.roles, admin: false }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Whoever asks has been identified before; a path where nobody is must answer nobody.
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::unauthorized("nobody looked at the token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anna() -> Caller {
        Caller { name: "anna".into(), roles: vec!["tier2".parse().unwrap()], admin: false }
    }

    #[test]
    fn a_user_answers_what_is_asked_of_them_and_the_admin_everything() {
        for (to, asked) in [
            (None, true),
            (Some("anna"), true),
            (Some("tier2"), true),
            (Some("tier"), false),
            (Some("Tier2"), false),
            (Some("kim"), false),
            (Some("admin"), false),
        ] {
            assert_eq!(anna().is_asked(to), asked, "{to:?}");
            assert!(Caller::admin().is_asked(to), "{to:?}");
        }
        assert!(anna().has_role("tier2") && !anna().has_role("anna") && Caller::admin().has_role("tier2"));
    }

    #[test]
    fn who_says_it_is_known_and_bounded() {
        let by = Caller::admin().says(None, None).unwrap();
        assert_eq!((by.by.as_str(), by.note.as_str(), by.by_admin), (ADMIN, "", false));
        let named = Caller::admin().says(Some("kim".into()), Some("x".repeat(NOTE_BYTES))).unwrap();
        assert_eq!((named.by.as_str(), named.by_admin), ("kim", true));
        assert!(anna().says(Some("kim".into()), None).is_err());
        for by in [None, Some("anna".to_owned())] {
            let by = anna().says(by, None).unwrap();
            assert_eq!((by.by.as_str(), by.by_admin), ("anna", false));
        }
        for (by, note) in [
            (" ".to_owned(), String::new()),
            ("x".repeat(BY_BYTES + 1), String::new()),
            ("anna".into(), "x".repeat(NOTE_BYTES + 1)),
        ] {
            assert!(Caller::admin().says(Some(by), Some(note)).is_err());
        }
    }
}
