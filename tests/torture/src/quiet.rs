use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Actuator, Api, Load, Person};

/// Time that everything gets to come to its end once nobody kills any more: some waits of a program are seconds long, and
/// a retried action waits longer each time.
const PATIENCE: Duration = Duration::from_secs(90);

/// Time between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(25);

/// Does what waits for a person until all alerts are acknowledged and none and no run is left to work on. Gives up when
/// that takes too long, or when `is_dead`.
pub(crate) fn until_quiet(
    api: &Api,
    load: &Load,
    actuator: &Actuator,
    person: &mut Person,
    mut is_dead: impl FnMut() -> bool,
) {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && !is_dead() {
        if load.is_acknowledged() && is_quiet(api) == Some(true) {
            return;
        }
        person.attend(api, actuator);
        thread::sleep(LOOK);
    }
}

/// An alert that does not wait any more has its runs, and a run that has ended has no children at work. So whatever happens
/// between the two looks, nothing is missed.
fn is_quiet(api: &Api) -> Option<bool> {
    Some(api.waiting()? == 0 && api.all_runs()?.iter().all(|run| run.status.is_final()))
}
