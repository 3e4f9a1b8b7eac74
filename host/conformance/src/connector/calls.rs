//! Calls made from the declared schemas, against a fake that knows nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    Reference, Trial,
    habits::{Setting, breaks, is_about_output},
    named, setups,
};
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
        let mut refused = BTreeSet::new();
        for setup in setups::setups(&self.stage.manifest, given, &mut self.random) {
            let mut reached = false;
            for action in self.actions.clone() {
                for number in 0..GENERATED_CALLS {
                    if self.habits.is_broken(action) || refused.contains(&action.name) {
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
                    let place = format!("with {}", brief(&parameters));
                    let mut setting = Setting::at(&place);
                    match breaks(&seen).filter(|broke| !is_about_output(broke)) {
                        // What other calls did not do is a matter of the parameters, or of the asset.
                        Some(broke) if self.habits.is_sane(action) => {
                            let asset = brief(&setup.configuration);
                            tally.broke(format!(
                                "{} {place}, on an asset with {asset}: {broke}",
                                named(action)
                            ));
                            refused.insert(action.name.clone());
                            setting.told = true;
                        }
                        Some(_) => tally.hidden(named(action)),
                        None => tally.held(),
                    }
                    self.habits.look(action, setting, &seen);
                    if self.habits.is_broken(action) || refused.contains(&action.name) {
                        break;
                    }
                    if system.steps() > 0 {
                        reached = true;
                        self.references.entry(&action.name).or_insert(Reference {
                            setup: setup.clone(),
                            parameters,
                            cassette: None,
                            steps: 1,
                            echoes: false,
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

/// A JSON object as a finding shows it: the beginning says enough to find it again, and the seed makes the rest.
fn brief(object: &Map<String, Value>) -> String {
    const CHARS: usize = 120;
    let text = Value::from(object.clone()).to_string();
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
