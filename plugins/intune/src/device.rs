use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The properties of a device that are asked for; its command results come only with a single device.
pub(crate) const SELECTED: &str = "id,deviceName,userPrincipalName,userDisplayName,emailAddress,operatingSystem,\
                                   osVersion,manufacturer,model,serialNumber,managedDeviceOwnerType,complianceState,\
                                   isEncrypted,azureADDeviceId,enrolledDateTime,lastSyncDateTime";

/// A managed device, as far as a responder needs to know it.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct Device {
    /// Its id in Intune.
    pub(crate) id: String,
    /// Its name.
    pub(crate) device_name: Option<String>,
    /// The user it belongs to.
    pub(crate) user_principal_name: Option<String>,
    /// The user's full name.
    user_display_name: Option<String>,
    /// The user's mail address.
    email_address: Option<String>,
    /// Operating system.
    operating_system: Option<String>,
    /// Its version.
    os_version: Option<String>,
    /// Manufacturer.
    manufacturer: Option<String>,
    /// Model.
    model: Option<String>,
    /// Serial number.
    serial_number: Option<String>,
    /// `company` or `personal`.
    managed_device_owner_type: Option<String>,
    /// `compliant`, `noncompliant` and others.
    compliance_state: Option<String>,
    /// Whether its storage is encrypted.
    is_encrypted: Option<bool>,
    /// Its id in Microsoft Entra ID.
    #[serde(rename(deserialize = "azureADDeviceId"))]
    azure_ad_device_id: Option<String>,
    /// When it was enrolled.
    enrolled_date_time: Option<String>,
    /// When it last checked in.
    pub(crate) last_sync_date_time: Option<String>,
    /// What came of the commands to it.
    #[serde(rename(deserialize = "deviceActionResults"), default)]
    pub(crate) action_results: Vec<ActionResult>,
}

/// What came of a command.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(rename_all(deserialize = "camelCase"))]
pub(crate) struct ActionResult {
    /// Name of the command.
    pub(crate) action_name: Option<String>,
    /// `none`, `pending`, `canceled`, `active`, `done`, `failed` or `notSupported`.
    pub(crate) action_state: Option<String>,
    /// When it was sent.
    pub(crate) start_date_time: Option<String>,
    /// When that state was reached.
    last_updated_date_time: Option<String>,
}

impl Device {
    /// Whether this is its user, by user principal name or mail address.
    pub(crate) fn belongs_to(&self, user: &str) -> bool {
        let names = [&self.user_principal_name, &self.email_address];
        names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(user))
    }

    /// What a person calls it.
    pub(crate) fn title(&self) -> String {
        let name = self.device_name.as_deref().unwrap_or(&self.id);
        match self.user_principal_name.as_deref().filter(|user| !user.is_empty()) {
            Some(user) => format!("{name} of {user}"),
            None => name.to_owned(),
        }
    }
}

/// 32 hexadecimal digits in five groups.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
