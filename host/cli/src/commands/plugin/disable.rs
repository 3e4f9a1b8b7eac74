//! `palisade plugin disable`

use palisade_model::{name::Name, plugin::Plugin};

use crate::{
    context::Context,
    error::Error,
    limits::REQUEST_TIME,
    style::{BOLD, GOOD},
};

pub(super) async fn run(name: Name, context: &Context) -> Result<(), Error> {
    let path = format!("/api/v1/plugins/{name}/disable");
    let answer = context.host()?.post_nothing(&path, REQUEST_TIME).await?;
    context.show(answer, |plugin: Plugin| {
        let disabled = format!("{GOOD}✔{GOOD:#} {BOLD}{name}{BOLD:#} is disabled");
        match plugin.manifest.kind() {
            "playbook" => format!("{disabled}: nothing starts it. Its runs under way go on.\n"),
            _ => format!("{disabled}: its actions are denied. A call that has left ends as it would have.\n"),
        }
    })
}
