//! Calls made from the declared schemas, against a fake that knows nothing.

use palisade_model::action::Failure;
use serde_json::{Map, Value};

use super::{Reference, Trial, named, setups};
use crate::{
    generate::{self, Extent},
    labels::KEY,
    limits::GENERATED_CALLS,
    scorecard::{Check, Tally},
    stage::Order,
    system::System,
};

/// Setups of which a connector takes calls; more of them show nothing new.
const SETUPS: usize = 3;

impl Trial<'_> {
    /// Calls each action with what its schema allows.
    pub(super) async fn generate(&mut self, given: Option<&Map<String, Value>>, checks: &mut Vec<Check>) {
        let mut tally = Tally::new(
            "parameters",
            "It takes whatever its parameter schemas allow.",
            "narrow the schema to what the action takes, or handle the value",
        );
        let mut usable = 0;
        for setup in setups::setups(&self.stage.manifest, given, &mut self.random) {
            let mut reached = false;
            for action in self.actions.clone() {
                for number in 0..GENERATED_CALLS {
                    if self.habits.is_broken(action) {
                        break;
                    }
                    let extent = [Extent::Least, Extent::Most].get(number).copied().unwrap_or(Extent::Some);
                    let Some(Value::Object(parameters)) =
                        generate::value(&action.parameters, extent, &mut self.random)
                    else {
                        tally.uncovered(format!(
                            "{}, whose schema allows nothing that can be guessed",
                            named(action)
                        ));
                        continue;
                    };
                    let order = Order { setup: &setup, action, parameters: &parameters, key: KEY };
                    let system = System::fake();
                    let Ok(seen) = self.stage.run(order, &system).await else { continue };
                    self.habits.look(action, &seen, false, false);
                    tally.note(match &seen.outcome {
                        Some(Err(failure @ Failure::Plugin { .. })) => Some(format!(
                            "{} with {}: {failure}",
                            named(action),
                            Value::from(parameters.clone())
                        )),
                        _ => None,
                    });
                    if system.steps() > 0 {
                        reached = true;
                        self.references.entry(&action.name).or_insert(Reference {
                            setup: setup.clone(),
                            parameters,
                            cassette: None,
                            steps: 1,
                        });
                    }
                }
            }
            usable += usize::from(reached);
            if usable >= SETUPS {
                break;
            }
        }
        checks.push(tally.check());
    }
}
