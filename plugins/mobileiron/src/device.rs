use palisade_sdk::connector::Done;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A device, as far as a responder needs to know it. The server leaves out what it does not know.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct Device {
    /// Its UUID in MobileIron.
    pub(crate) uuid: String,
    /// `ACTIVE`, `WIPE_PENDING`, `WIPED` and others.
    pub(crate) status: String,
    /// Name of the user it belongs to.
    principal: Option<String>,
    /// The user's full name.
    user_display_name: Option<String>,
    /// The user's mail address.
    email_address: Option<String>,
    /// Operating system and version.
    platform: Option<String>,
    /// Manufacturer.
    manufacturer: Option<String>,
    /// Model.
    model: Option<String>,
    /// Its phone number, or `PDA` for a device without one.
    current_phone_number: Option<String>,
    /// Whether the user owns it.
    employee_owned: Option<bool>,
    /// Zero if it obeys its policies.
    compliance: Option<i64>,
    /// Zero if it is not in quarantine.
    quarantined_status: Option<i64>,
    /// When it last checked in.
    last_connected_at: Option<String>,
    /// When it was registered.
    registered_at: Option<String>,
}

impl Device {
    /// What a person calls it.
    pub(crate) fn title(&self) -> String {
        let model = self.model.as_deref().unwrap_or("Device");
        match self.principal.as_deref().or(self.email_address.as_deref()) {
            Some(user) => format!("{model} of {user}"),
            None => format!("{model} {}", self.uuid),
        }
    }

    /// Whether this is its user, by name or mail address.
    pub(crate) fn belongs_to(&self, user: &str) -> bool {
        let names = [&self.principal, &self.email_address];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(user))
    }

    /// Whether it is wiped, or will be when it next checks in.
    pub(crate) fn is_wiped(&self) -> bool {
        ["WIPED", "WIPE_PENDING", "WIPE_SENT"].iter().any(|status| status.eq_ignore_ascii_case(&self.status))
    }

    /// The report on this device.
    pub(crate) fn done(self, message: impl Into<String>) -> Done<Self> {
        let (uuid, status, user) = (self.uuid.clone(), self.status.clone(), self.principal.clone());
        let seen = self.last_connected_at.clone();
        Done::success(message, self)
            .fact("uuid", uuid)
            .fact("status", status)
            .fact("user", user)
            .fact("last_connected_at", seen)
    }
}

/// 32 hexadecimal digits in five groups.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
