//! Jobs that take their time: an action that is pending is called again with the token that it gave, and perhaps only to be
//! told that nobody waits for it any more.

use super::{
    Trial,
    cases::{Played, Prepared, unexpected},
    habits::{Setting, breaks},
};
use crate::{
    scorecard::{Check, Tally},
    system::System,
};

impl Trial<'_> {
    /// Comes back for the jobs of the cassettes that have some, and cancels them.
    pub(super) async fn resume(
        &mut self,
        cases: &[Prepared],
        played: &[Option<Played>],
        checks: &mut Vec<Check>,
    ) {
        let mut pending = Tally::new(
            "pending",
            "A job that takes time is found again by its token, in an instance that knows nothing else.",
            "put into the token all that the next call needs",
        );
        let mut cancelled = Tally::new(
            "cancelled",
            "Told that its run was cancelled, it stops the job if it can, and says how it stands.",
            "answer a call that is `cancelled` with a report or a failure",
        );
        for (case, played) in cases.iter().zip(played) {
            let Some(played) = played else { continue };
            let Some(token) = played.tokens.first() else { continue };
            pending.note(self.find_again(case, played).await.map(|why| format!("{}: {why}", case.place())));
            let broke = self.tell_of_the_end(case, token).await;
            cancelled.note(broke.map(|why| format!("{}: {why}", case.place())));
        }
        checks.extend([pending.check(), cancelled.check()]);
    }

    /// What keeps a job from being found again by its token alone; nothing if nothing does.
    async fn find_again(&mut self, case: &Prepared, played: &Played) -> Option<String> {
        if !played.expected {
            return Some("its job does not end as the cassette says, see `cassettes`".to_owned());
        }
        let action = self.stage.manifest.action(&case.cassette.action)?;
        let system = System::lenient(&case.cassette);
        let seen = self.stage.run_forgetting(case.order(action), &system).await.ok()?;
        let place = format!("{}, after the host forgot what was kept", case.place());
        self.habits.look(action, case.setting(&place), &seen);
        let amiss = unexpected(&case.cassette.outcome, &seen)?;
        let token = seen.tokens.first().cloned().unwrap_or_default();
        Some(format!("called again with its token {token:?} alone, and nothing that it kept: {amiss}"))
    }

    /// How the action breaks when it is told that nobody waits for its job any more; nothing if it does not.
    async fn tell_of_the_end(&mut self, case: &Prepared, token: &str) -> Option<String> {
        let action = self.stage.manifest.action(&case.cassette.action)?;
        let system = System::lenient(&case.cassette);
        let seen = self.stage.cancel(case.order(action), token, &system).await.ok()?;
        let place = format!("{}, cancelled", case.place());
        self.habits.look(action, Setting { told: true, ..case.setting(&place) }, &seen);
        breaks(&seen).map(|why| format!("called with its token {token:?}, and `cancelled`: {why}"))
    }
}
