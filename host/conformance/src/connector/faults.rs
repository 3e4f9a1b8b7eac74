//! Systems that go wrong.

use palisade_model::plugin::ActionSpec;

use super::{
    Reference, Trial,
    habits::{Setting, breaks},
    named,
};
use crate::{
    fault::{FAULTS, Fault},
    labels::KEY,
    limits::FAULT_STEPS,
    scorecard::{Check, Tally},
};

impl Trial<'_> {
    /// Lets each fault strike each action, at its first answer, its last, and between.
    pub(super) async fn go_wrong(&mut self, checks: &mut Vec<Check>) {
        let mut tallies = FAULTS.map(|(name, sentence, _)| {
            Tally::new(name, sentence, "make of the system's answer the failure that the finding names")
        });
        for action in self.actions.clone() {
            let Some(reference) = self.references.get(action.name.as_str()).cloned() else {
                let is_broken = self.habits.is_broken(action);
                for tally in &mut tallies {
                    if is_broken { tally.hidden(named(action)) } else { tally.uncovered(named(action)) }
                }
                continue;
            };
            for step in steps(reference.steps) {
                for ((name, _, fault), tally) in FAULTS.iter().zip(&mut tallies) {
                    if self.habits.is_broken(action) {
                        tally.hidden(named(action));
                        continue;
                    }
                    let place = format!("from answer {} on ({name})", step + 1);
                    match self.strike(action, &reference, &place, step, *fault).await {
                        Struck::Missed => {}
                        Struck::Broke => tally.hidden(named(action)),
                        Struck::Ended(wrong) => {
                            let from = format!("{} from answer {} on", named(action), step + 1);
                            tally.note(wrong.map(|wrong| format!("{from}: {wrong}")));
                        }
                    }
                }
            }
        }
        checks.extend(tallies.map(Tally::check));
    }

    async fn strike(
        &mut self,
        action: &ActionSpec,
        reference: &Reference,
        place: &str,
        step: usize,
        fault: Fault,
    ) -> Struck {
        let system = reference.system().with_fault(step, fault);
        let Ok(seen) = self.stage.run(reference.order(action, KEY), &system).await else {
            return Struck::Missed;
        };
        let setting = Setting { flooded: fault == Fault::Huge, ..reference.setting(place) };
        self.habits.look(action, setting, &seen);
        let Some(stream) = system.struck() else { return Struck::Missed };
        if breaks(&seen).is_some() {
            return Struck::Broke;
        }
        Struck::Ended(match &seen.outcome {
            Some(outcome) => fault.wrong(action, outcome, stream),
            // Some systems have no result of a job while it runs; how long to believe that is the connector's to know.
            None if fault == Fault::Status(404) && step > 0 => None,
            None => Some("its job is pending for ever".to_owned()),
        })
    }
}

/// What came of a fault.
enum Struck {
    /// It does not show there.
    Missed,
    /// The action broke, which is told of every call.
    Broke,
    /// The action came to an end, and this is wrong with it.
    Ended(Option<String>),
}

/// At most [`FAULT_STEPS`] of so many, from the first to the last.
fn steps(count: usize) -> Vec<usize> {
    if count <= FAULT_STEPS {
        return (0..count).collect();
    }
    (0..FAULT_STEPS).map(|part| part * (count - 1) / (FAULT_STEPS - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn the_first_and_the_last_step_are_among_them() {
        assert_eq!(steps(0), [0; 0]);
        assert_eq!(steps(3), [0, 1, 2]);
        assert_eq!(steps(11), [0, 3, 6, 10]);
    }
}
