//! What a run executes: the component of a playbook, or a program of the host's own.

use palisade_engine::{Fault, Halt, Playbook, Stop};
use palisade_model::undo::Undo;

use crate::{playing::Playing, undo};

/// What a run executes.
pub(crate) enum Program {
    /// A playbook.
    Component(Playbook),
    /// Takes back what another run did. It is no component, and makes its calls as one would: so it is journalled, goes on
    /// after a crash and can be replayed like every other run.
    Undo(Undo),
}

impl Program {
    /// Executes it. Returns its own word on how it ended.
    pub(crate) async fn run(&self, mut host: Playing) -> Result<Result<String, String>, Halt> {
        match self {
            Self::Component(playbook) => playbook.run(Box::new(host)).await,
            Self::Undo(undo) => undo::run(undo, &mut host).await.map_err(|stop| match stop {
                Stop::Aside => Halt::Aside,
                Stop::Broken(cause) => Halt::Fault(Fault { plugin: undo::NAME.to_owned(), cause }),
            }),
        }
    }
}
