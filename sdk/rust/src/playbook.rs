//! Playbooks: plain functions that decide what to do about one alert.
//!
//! ```
//! use palisade_sdk::playbook::{Action, Playbook, Run};
//!
//! palisade_sdk::playbook!(playbook);
//!
//! fn playbook() -> Playbook {
//!     Playbook::new("reputation", "1.0.0", handle)
//!         .about("Notes the reputation of the destination")
//!         .publisher("Palisade")
//!         .label("network")
//!         .needs("example", "ip reputation")
//!         .manual_minutes(5)
//! }
//!
//! fn handle(run: &Run) -> Result<String, String> {
//!     let artifacts = run.artifacts();
//!     let ip = artifacts.ip("destinationAddress").ok_or("The alert has no destination address.")?;
//!     let lookup = run.start(Action::new("example", "ip reputation").parameter("ip", ip.to_string()));
//!     let report = lookup.wait()?;
//!     run.add_note("Reputation", &report.message);
//!     Ok(format!("Noted the reputation of {ip}."))
//! }
//! ```
//!
//! A playbook may also ask people, start other playbooks, and wait for hours or days. It is written as if nothing ever went
//! wrong meanwhile: the host records every call, and leads a fresh instance to the same place after whatever did.
//!
//! ```
//! use std::time::Duration;
//!
//! use palisade_sdk::{clock, log, playbook::{Action, Prompt, Run}};
//!
//! fn handle(run: &Run) -> Result<String, String> {
//!     let lookup = run.start(Action::new("example", "ip reputation").parameter("ip", "203.0.113.9"));
//!     let approval = run.ask(
//!         Prompt::choice("Block 203.0.113.9 at the firewall?", ["yes", "no"], "no")
//!             .to("shift lead")
//!             .within(Duration::from_secs(4 * 60 * 60)),
//!     );
//!     // Whichever comes first, or neither within ten minutes.
//!     if run.wait_until(&[&lookup, &approval], clock::now_ms() + 600_000).is_none() {
//!         log::warn("Neither the look-up nor the shift lead has answered yet.");
//!     }
//!     let answer = approval.wait()?;
//!     if !answer.is("yes") {
//!         return Ok("Not blocked.".into());
//!     }
//!     let block = run.start_playbook("block-address").wait()?;
//!     run.sleep(Duration::from_secs(24 * 60 * 60));
//!     Ok(format!("{} (run {})", block.message, block.run))
//! }
//! ```

mod action;
mod artifacts;
mod child;
mod earlier;
mod list;
mod need;
mod prompt;
mod run;
mod step;

pub use action::{Action, Started};
pub use artifacts::{Artifact, Artifacts};
pub use child::{Child, Conclusion};
pub use earlier::Earlier;
pub use list::ListEntry;
pub use need::Need;
pub use prompt::{Answer, Asked, Prompt};
pub use run::Run;
pub use step::{Step, StepId};

pub use crate::bindings::playbook::palisade::plugin::alerts::{Alert, AlertStatus, Severity};
use schemars::JsonSchema;

use crate::{
    bindings::{
        connector::palisade::plugin::types::Identity,
        playbook::{self as world, palisade::plugin::playbook_descriptor::ListUse},
    },
    schema,
};

/// The schema of a playbook that has nothing to configure.
const NO_CONFIGURATION: &str = r#"{"type":"object","properties":{},"additionalProperties":false}"#;

/// What a playbook is, which alerts start it, and which actions and other playbooks it may start.
pub struct Playbook {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    publisher: &'static str,
    labels: Vec<&'static str>,
    needs: Vec<Need>,
    starts: Vec<&'static str>,
    configuration: String,
    lists: Vec<ListUse>,
    manual_minutes: u32,
    handle: fn(&Run) -> Result<String, String>,
}

impl Playbook {
    /// A playbook. The name has lower-case letters, digits and `-`; the version is semantic. `handle` returns one
    /// sentence on how it ended, or why the alert could not be handled.
    pub fn new(
        name: &'static str,
        version: &'static str,
        handle: fn(&Run) -> Result<String, String>,
    ) -> Self {
        Self {
            name,
            version,
            description: "",
            publisher: "",
            labels: Vec::new(),
            needs: Vec::new(),
            starts: Vec::new(),
            configuration: NO_CONFIGURATION.to_owned(),
            lists: Vec::new(),
            manual_minutes: 0,
            handle,
        }
    }

    /// One sentence on what it is for.
    #[must_use]
    pub fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Who publishes the playbook.
    #[must_use]
    pub fn publisher(mut self, publisher: &'static str) -> Self {
        self.publisher = publisher;
        self
    }

    /// A label of alerts that start it.
    #[must_use]
    pub fn label(mut self, label: &'static str) -> Self {
        self.labels.push(label);
        self
    }

    /// An action that it starts; it can start no others. [`need`](Self::need) also says what passes between the two.
    #[must_use]
    pub fn needs(self, connector: &'static str, action: &'static str) -> Self {
        self.need(Need::new(connector, action))
    }

    /// An action that it starts, with what it sends and what it reads.
    #[must_use]
    pub fn need(mut self, need: Need) -> Self {
        self.needs.push(need);
        self
    }

    /// The name of a playbook that it starts; it can start no others.
    #[must_use]
    pub fn starts(mut self, playbook: &'static str) -> Self {
        self.starts.push(playbook);
        self
    }

    /// What the operator may configure: [`Run::configuration`] gives it. A playbook runs before anybody has configured it,
    /// so each field needs a default.
    #[must_use]
    pub fn configured_by<C: JsonSchema>(mut self) -> Self {
        self.configuration = schema::text_of::<C>();
        self
    }

    /// A custom list that it looks into; it can use no others.
    #[must_use]
    pub fn looks_into(self, list: &'static str) -> Self {
        self.uses(list, false)
    }

    /// A custom list that it looks into and adds to.
    #[must_use]
    pub fn adds_to(self, list: &'static str) -> Self {
        self.uses(list, true)
    }

    fn uses(mut self, list: &'static str, adds: bool) -> Self {
        self.lists.push(ListUse { name: list.to_owned(), adds });
        self
    }

    /// Minutes that the same work takes an analyst by hand.
    #[must_use]
    pub fn manual_minutes(mut self, minutes: u32) -> Self {
        self.manual_minutes = minutes;
        self
    }

    /// The description that the contract asks for.
    pub fn describe(&self) -> world::Descriptor {
        world::Descriptor {
            identity: Identity {
                name: self.name.to_owned(),
                version: self.version.to_owned(),
                description: self.description.to_owned(),
                publisher: self.publisher.to_owned(),
            },
            labels: self.labels.iter().copied().map(str::to_owned).collect(),
            needs: self.needs.iter().map(Need::describe).collect(),
            starts: self.starts.iter().copied().map(str::to_owned).collect(),
            configuration: self.configuration.clone(),
            lists: self.lists.clone(),
            manual_minutes: self.manual_minutes,
        }
    }

    /// Handles the alert that started this run.
    ///
    /// # Errors
    ///
    /// Why the alert could not be handled, in one sentence.
    pub fn handle(&self) -> Result<String, String> {
        (self.handle)(&Run::new())
    }
}
