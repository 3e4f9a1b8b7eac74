//! `palisade plugin rollback`

use clap::Args;
use palisade_model::{name::Name, plugin::Plugin};

use super::{consent::AcceptBreaks, installed};
use crate::{
    answers::Rollback as Foreseen, context::Context, difference_screen, error::Error, limits::COMPILING_TIME,
    screen,
};

/// What to roll back.
#[derive(Args)]
pub(crate) struct Rollback {
    /// Name of the plugin
    name: Name,
    #[command(flatten)]
    breaks: AcceptBreaks,
}

/// What the version before may do was granted when it was installed, so nobody is asked for that again.
pub(super) async fn run(Rollback { name, breaks }: Rollback, context: &Context) -> Result<(), Error> {
    let host = context.host()?;
    let path = format!("/api/v1/plugins/{name}/rollback");
    let Foreseen { previous, replacement } = host.get(&path).await?.read()?;
    if !context.json {
        let Plugin { digest, size, manifest, .. } = &previous;
        screen::tell(&difference_screen::screen(digest, *size, manifest, &replacement));
    }
    let breaks = breaks.ask(&replacement, name.as_str())?;
    let answer =
        host.post_nothing(&format!("{path}?to={}&breaks={breaks}", previous.digest), COMPILING_TIME).await?;
    context.show(answer, |plugin: Plugin| installed(&plugin, "is back"))
}
