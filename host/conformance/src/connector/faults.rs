//! Systems that go wrong.

use palisade_model::plugin::ActionSpec;

use super::{Reference, Trial, named};
use crate::{
    fault::{FAULTS, Fault},
    labels::KEY,
    limits::FAULT_STEPS,
    scorecard::{Check, Tally},
    stage::Order,
    system::System,
};

impl Trial<'_> {
    /// Lets each fault strike each action, at its first answer, its last, and between.
    pub(super) async fn go_wrong(&mut self, checks: &mut Vec<Check>) {
        let mut tallies = FAULTS.map(|(name, sentence, _)| {
            Tally::new(name, sentence, "map the system's answer to the failure that the finding names")
        });
        for action in self.actions.clone() {
            let Some(reference) = self.references.get(action.name.as_str()).cloned() else {
                tallies.iter_mut().for_each(|tally| tally.uncovered(named(action)));
                continue;
            };
            for step in steps(reference.steps) {
                for ((_, _, fault), tally) in FAULTS.iter().zip(&mut tallies) {
                    if self.habits.is_broken(action) {
                        break;
                    }
                    if let Some(finding) = self.strike(action, &reference, step, *fault).await {
                        tally.note(finding);
                    }
                }
            }
        }
        checks.extend(tallies.map(Tally::check));
    }

    /// What is wrong with what an action makes of a fault; nothing at all if the fault does not show there.
    async fn strike(
        &mut self,
        action: &ActionSpec,
        reference: &Reference,
        step: usize,
        fault: Fault,
    ) -> Option<Option<String>> {
        let system =
            reference.cassette.as_ref().map_or_else(System::fake, System::lenient).with_fault(step, fault);
        let Reference { setup, parameters, .. } = reference;
        let seen = self.stage.run(Order { setup, action, parameters, key: KEY }, &system).await.ok()?;
        self.habits.look(action, &seen, false, fault == Fault::Huge);
        let stream = system.struck()?;
        let wrong = match &seen.outcome {
            Some(outcome) => fault.wrong(action, outcome, stream),
            // Some systems have no result of a job while it runs; how long to believe that is the connector's to know.
            None if fault == Fault::Status(404) && step > 0 => None,
            None => Some("its job is pending for ever".to_owned()),
        };
        Some(wrong.map(|wrong| format!("{} at answer {}: {wrong}", named(action), step + 1)))
    }
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
