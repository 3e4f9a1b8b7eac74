use casework::text::line;
use palisade_sdk::playbook::Alert;

use crate::{profile::Profile, record::Record, settings::Settings, user, violation::Violation};

/// All that is known when it is decided what to do.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) alert: Alert,
    pub(crate) settings: Settings,
    pub(crate) violation: Violation,
    pub(crate) profile: Profile,
    pub(crate) record: Record,
}

impl Story {
    /// Whose device it is: its management's word, or for want of that the alert's.
    pub(crate) fn user(&self) -> Option<&str> {
        let alerted = self.violation.user.as_ref().map(|alerted| alerted.name.as_str());
        self.profile.owner().or(alerted)
    }

    /// The user whom both the management and the alert name, and no other.
    pub(crate) fn confirmed_user(&self) -> Option<&str> {
        let alerted = self.violation.user.as_ref().filter(|_| !self.violation.is_about_several)?;
        self.profile.owner().filter(|owner| user::is_same(owner, &alerted.name))
    }

    /// What a person calls the device.
    pub(crate) fn device(&self) -> String {
        match (&self.profile.device, &self.violation.device, self.user()) {
            (Ok(device), ..) => device.title(),
            (Err(_), Some(id), Some(user)) => format!("device {} of {}", line(id), line(user)),
            (Err(_), Some(id), None) => format!("device {}", line(id)),
            (Err(_), None, Some(user)) => format!("an unknown device of {}", line(user)),
            (Err(_), None, None) => "an unknown device".to_owned(),
        }
    }
}
