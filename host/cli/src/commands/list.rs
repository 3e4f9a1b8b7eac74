//! `palisade list`: custom lists.

use clap::Subcommand;
use palisade_model::{
    Timestamp,
    list::{self, CustomList, ListEntry},
    name::Name,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::{
    answers::{ListEntries, Lists},
    commands::run::people::sign,
    context::Context,
    error::Error,
    exit::Exit,
    limits::REQUEST_TIME,
    printable,
    screen::{self, table},
    style::BOLD,
    time,
};

/// What to do with custom lists.
#[derive(Subcommand)]
pub(crate) enum ListCommand {
    /// List the custom lists
    List,
    /// Show the entries of a list
    Show {
        /// Name of the list
        name: Name,
        /// Only entries behind this value
        #[arg(long, value_name = "VALUE")]
        after: Option<list::Value>,
        /// How many
        #[arg(long, default_value_t = 100, value_name = "N")]
        limit: usize,
    },
    /// Make a list, empty: for a playbook that is not the same as none
    Create {
        /// Name of the list
        name: Name,
    },
    /// Put a value on a list, which is made if need be
    Add {
        /// Name of the list
        name: Name,
        /// A text, an address, a network as 10.0.0.0/8, or the names below one as *.example.com
        value: list::Value,
        /// Why it is there
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// Take a value off a list
    Remove {
        /// Name of the list
        name: Name,
        /// The value, as the list has it
        value: list::Value,
    },
    /// Find the entry that a value falls under, as a playbook would
    Find {
        /// Name of the list
        name: Name,
        /// The value
        value: String,
    },
    /// Remove a list with all its entries
    Delete {
        /// Name of the list
        name: Name,
    },
}

pub(crate) async fn run(command: ListCommand, context: &Context) -> Result<Exit, Error> {
    let host = context.host()?;
    match command {
        ListCommand::List => {
            let answer = host.get("/api/v1/lists").await?;
            context.show(answer, |Lists { lists }| all(&lists))?;
        }
        ListCommand::Show { name, after, limit } => {
            let after = after.map(|after| format!("&after={}", encoded(after.as_str()))).unwrap_or_default();
            let answer = host.get(&format!("/api/v1/lists/{name}/entries?limit={limit}{after}")).await?;
            context.show(answer, |ListEntries { entries }| one(&entries, Timestamp::now()))?;
        }
        ListCommand::Create { name } => {
            host.put(&format!("/api/v1/lists/{name}"), &json!({})).await?;
            screen::tell(&format!("List {BOLD}{name}{BOLD:#} is there.\n"));
        }
        ListCommand::Add { name, value, note } => {
            let mut body = json!({ "value": value });
            sign(&mut body, note, &host).await?;
            let answer = host.post(&format!("/api/v1/lists/{name}/entries"), &body, REQUEST_TIME).await?;
            context.show(answer, |entry: ListEntry| {
                format!("{} is on the list {BOLD}{name}{BOLD:#}.\n", printable::line(entry.value.as_str()))
            })?;
        }
        ListCommand::Remove { name, value } => {
            host.delete(&format!("/api/v1/lists/{name}/entries?value={}", encoded(value.as_str()))).await?;
            let value = printable::line(value.as_str());
            screen::tell(&format!("{value} is not on the list {BOLD}{name}{BOLD:#} any more.\n"));
        }
        ListCommand::Find { name, value } => {
            let path = format!("/api/v1/lists/{name}/find?value={}", encoded(&value));
            let answer = host.get(&path).await?;
            let found: Option<ListEntry> = answer.look()?;
            context.show(answer, |entry: Option<ListEntry>| match entry {
                Some(entry) => one(&[entry], Timestamp::now()),
                None => format!("{} is not on the list {name}.\n", printable::line(&value)),
            })?;
            return Ok(if found.is_some() { Exit::Done } else { Exit::NotFound });
        }
        ListCommand::Delete { name } => {
            host.delete(&format!("/api/v1/lists/{name}")).await?;
            screen::tell(&format!("List {BOLD}{name}{BOLD:#} is gone.\n"));
        }
    }
    Ok(Exit::Done)
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

fn all(lists: &[CustomList]) -> String {
    if lists.is_empty() {
        return "No lists. Make one with `palisade list add NAME VALUE`.\n".to_owned();
    }
    let mut table = table(["NAME", "ENTRIES"]);
    for list in lists {
        table.add_row([list.name.to_string(), list.entries.to_string()]);
    }
    screen::lines(&table)
}

fn one(entries: &[ListEntry], now: Timestamp) -> String {
    if entries.is_empty() {
        return "No entries.\n".to_owned();
    }
    let mut table = table(["VALUE", "NOTE", "BY", "SINCE"]);
    for ListEntry { value, note, by, at } in entries {
        let (value, note, by) = (printable::line(value.as_str()), printable::line(note), printable::line(by));
        table.add_row([value, note, by, time::ago(*at, now)]);
    }
    screen::lines(&table)
}
