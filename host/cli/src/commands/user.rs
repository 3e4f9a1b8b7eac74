//! `palisade user`

use clap::{Args, Subcommand};
use palisade_model::{Timestamp, name::Name, user::User};
use serde_json::json;

use crate::{
    answers::{NewUser, Users},
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    screen::{self, table},
    style::BOLD,
    time,
};

/// What to do with users.
#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Give somebody a token: they may read everything, and answer for themselves and their roles
    Add(Add),
    /// List the users
    List,
    /// Take a user's token back, at once
    Remove {
        /// Name of the user
        name: Name,
    },
}

/// Whom to add.
#[derive(Args)]
pub(crate) struct Add {
    /// Name of the user
    name: Name,
    /// What they may be asked as, and approve as, as in --role tier2; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Name>,
}

pub(crate) async fn run(command: UserCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        UserCommand::Add(Add { name, roles }) => {
            let body = json!({ "name": name, "roles": roles });
            let answer = host.post("/api/v1/users", &body, REQUEST_TIME).await?;
            context.show(answer, |new: NewUser| added(&new))?;
        }
        UserCommand::List => {
            let answer = host.get("/api/v1/users").await?;
            context.show(answer, |Users { users }| list(&users, Timestamp::now()))?;
        }
        UserCommand::Remove { name } => {
            host.delete(&format!("/api/v1/users/{name}")).await?;
            screen::show(&format!("User {BOLD}{name}{BOLD:#} is removed, and their token is refused.\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// The only time that the token is seen.
fn added(NewUser { user, token }: &NewUser) -> String {
    let roles = if user.roles.is_empty() { "no role".to_owned() } else { roles(user) };
    format!(
        "User {BOLD}{}{BOLD:#} is added, with {roles}. Their token, which is shown this once:\n  {token}\n\
         They put it into PALISADE_TOKEN, and use `palisade inbox` and `palisade run`.\n",
        user.name
    )
}

fn list(users: &[User], now: Timestamp) -> String {
    if users.is_empty() {
        return "No users but the admin. Add one with `palisade user add NAME --role ROLE`.\n".to_owned();
    }
    let mut table = table(["NAME", "ROLES", "ADDED"]);
    for user in users {
        table.add_row([user.name.to_string(), roles(user), time::ago(user.created, now)]);
    }
    screen::lines(&table)
}

fn roles(user: &User) -> String {
    user.roles.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_listed_with_what_they_may_be_asked_as() {
        let created: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let now: Timestamp = "2026-01-04T00:00:00Z".parse().unwrap();
        let roles = |roles: &[&str]| roles.iter().map(|role| role.parse().unwrap()).collect();
        let user = |name: &str, of: &[&str]| User { name: name.parse().unwrap(), roles: roles(of), created };
        let screen = list(&[user("anna", &["soc-lead", "tier2"]), user("kim", &[])], now);
        assert_eq!(
            anstream::adapter::strip_str(&screen).to_string(),
            "NAME  ROLES            ADDED\n\
             anna  soc-lead, tier2  3 d ago\n\
             kim                    3 d ago\n"
        );
    }
}
