//! `palisade playbook show` and `configure`

use std::{collections::BTreeMap, fmt::Write as _};

use clap::Args;
use palisade_model::{
    name::Name,
    playbook::PlaybookSettings,
    plugin::{Manifest, PlaybookManifest},
};
use serde_json::{Value, json};

use crate::{
    answers::ConfiguredPlaybook,
    client::Client,
    commands::{Switch, setting::Setting},
    context::Context,
    difference_screen,
    error::Error,
    printable,
    style::{BOLD, DIM, WARN},
};

/// What to configure.
#[derive(Args)]
pub(crate) struct Configure {
    /// Name of the playbook
    name: Name,
    /// A field of its configuration, as KEY=VALUE or KEY:=JSON
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Setting>,
    /// A field that gets its default again
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Have its runs only plan what would change something
    #[arg(long, value_name = "on|off")]
    safe_mode: Option<Switch>,
}

pub(super) async fn show(name: &Name, host: &Client, context: &Context) -> Result<(), Error> {
    let answer = host.get(&format!("/api/v1/playbooks/{name}")).await?;
    context.show(answer, |configured: ConfiguredPlaybook| screen(&configured))
}

pub(super) async fn configure(command: Configure, host: &Client, context: &Context) -> Result<(), Error> {
    let Configure { name, set, unset, safe_mode } = command;
    let now: ConfiguredPlaybook = host.get(&format!("/api/v1/playbooks/{name}")).await?.read()?;
    let mut fields: BTreeMap<String, Value> = unset.into_iter().map(|field| (field, Value::Null)).collect();
    if let Manifest::Playbook(manifest) = &now.plugin.manifest {
        for setting in set {
            let value = setting.value(&format!("playbook {name}"), &manifest.configuration, &[])?;
            fields.insert(setting.key, value);
        }
    }
    let body = json!({ "configuration": fields, "safe_mode": safe_mode.map(Switch::is_on) });
    let answer = host.put(&format!("/api/v1/playbooks/{name}/settings"), &body).await?;
    context.show(answer, |settings: PlaybookSettings| {
        let safe = if settings.safe_mode { "; it is in safe mode" } else { "" };
        format!(
            "Playbook {BOLD}{}{BOLD:#} is configured: runs that begin from now on go by it{safe}.\n",
            settings.name
        )
    })
}

fn screen(ConfiguredPlaybook { plugin, settings, configuration, needs }: &ConfiguredPlaybook) -> String {
    let Manifest::Playbook(PlaybookManifest { identity, labels, lists, configuration: schema, .. }) =
        &plugin.manifest
    else {
        return String::new();
    };
    let mut text = format!(
        "{BOLD}{}{BOLD:#} {}  {DIM}{}{DIM:#}\n  {}\n",
        identity.name,
        printable::line(&identity.version),
        plugin.digest.short(),
        printable::line(&identity.description)
    );
    if plugin.disabled {
        let _ = writeln!(text, "  {WARN}disabled{WARN:#}: nothing starts it");
    }
    if settings.safe_mode {
        let _ = writeln!(text, "  {WARN}safe mode{WARN:#}: its runs plan what would change something");
    }
    let mut line = |title: &str, words: Vec<String>| {
        if !words.is_empty() {
            let _ = writeln!(text, "  {title:<9} {}", words.join(", "));
        }
    };
    line("Runs on", labels.iter().map(|label| printable::line(label)).collect());
    let list = |list: &palisade_model::plugin::ListUse| {
        format!("{}{}", list.name, if list.adds { " (adds to it)" } else { "" })
    };
    line("Lists", lists.iter().map(list).collect());
    if !needs.is_empty() {
        let _ = write!(text, "\n{}", difference_screen::needs(needs));
    }
    let _ = writeln!(text, "\n{BOLD}Configuration{BOLD:#}");
    if configuration.is_empty() {
        text.push_str("  There is nothing to configure.\n");
    }
    for (name, value) in configuration {
        let set = if settings.configuration.contains_key(name) { "" } else { " (default)" };
        let about = schema.pointer(&format!("/properties/{name}/description")).and_then(Value::as_str);
        let _ = writeln!(
            text,
            "  {} = {}{DIM}{set}{DIM:#}\n    {DIM}{}{DIM:#}",
            printable::line(name),
            printable::line(&value.to_string()),
            printable::line(about.unwrap_or_default())
        );
    }
    text
}
