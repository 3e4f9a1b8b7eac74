//! The page of a plugin in Markdown: what it says of itself, for those who use it.

mod connector;
mod fields;
mod markdown;
mod playbook;

use palisade_model::plugin::{Identity, Manifest};

use self::markdown::text;

/// The page of a plugin. It depends on nothing but what the plugin says of itself.
pub(crate) fn page(manifest: &Manifest) -> String {
    match manifest {
        Manifest::Connector(connector) => connector::page(connector),
        Manifest::Playbook(playbook) => playbook::page(playbook),
    }
}

fn head(kind: &str, identity: &Identity) -> String {
    let Identity { name, version, description, publisher } = identity;
    format!(
        "# {name}\n\n{}\n\nThis is what the {kind} `{name}` {} by {} says of itself, as `palisade plugin docs` writes it.\n",
        text(description),
        text(version),
        text(publisher)
    )
}
