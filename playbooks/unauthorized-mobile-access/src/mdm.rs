//! The systems that manage mobile devices, as far as this playbook needs them.

use casework::{Gap, Lookup, text::line};
use palisade_sdk::playbook::{Action, Need, Run};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const GET_SYSTEM_INFO: &str = "get system info";
const WIPE_DEVICE: &str = "wipe device";

/// Under these names Graph lists a wipe among the results of commands.
const INTUNE_WIPES: [&str; 3] = ["wipe", "factoryReset", "factoryResetKeepEnrollmentData"];

/// What manages the mobile devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mdm {
    /// The connector `mobileiron`.
    MobileIron,
    /// The connector `intune`.
    Intune,
}

/// A device, in the words of its management.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: String,
    /// What a person calls it.
    pub(crate) model: String,
    /// Whose it is.
    pub(crate) user: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) system: Option<String>,
    /// When it last checked in.
    pub(crate) seen: Option<String>,
    pub(crate) wiped: Wiped,
}

/// How the wipe of a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wiped {
    /// Nobody has asked for one.
    No,
    /// It waits for the device.
    Asked,
    /// The device has obeyed.
    Yes,
}

impl Mdm {
    pub(crate) fn connector(self) -> &'static str {
        match self {
            Self::MobileIron => "mobileiron",
            Self::Intune => "intune",
        }
    }

    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::MobileIron => "MobileIron",
            Self::Intune => "Intune",
        }
    }

    fn id_parameter(self) -> &'static str {
        match self {
            Self::MobileIron => "uuid",
            Self::Intune => "id",
        }
    }

    /// What this playbook needs of it.
    pub(crate) fn needs(self) -> [Need; 2] {
        let by_id = |action| Need::new(self.connector(), action).sends_texts([self.id_parameter()]);
        let (look_up, wipe) = (by_id(GET_SYSTEM_INFO), by_id(WIPE_DEVICE).may_send_texts(["user"]));
        match self {
            Self::MobileIron => [look_up.reads::<MobileIronDevice>(), wipe.sends_texts(["reason"])],
            Self::Intune => [look_up.reads::<IntuneDevice>(), wipe],
        }
    }

    pub(crate) fn start_look_up(self, run: &Run, id: Option<&str>) -> Option<Lookup> {
        Lookup::start(run, self.connector(), GET_SYSTEM_INFO, self.id_parameter(), id)
    }

    pub(crate) fn finish_look_up(self, lookup: Lookup) -> Result<Device, Gap> {
        match self {
            Self::MobileIron => lookup.wait::<MobileIronDevice>().map(Device::from),
            Self::Intune => lookup.wait::<IntuneDevice>().map(Device::from),
        }
    }

    /// The wipe of a device. With a user, a device that belongs to somebody else is not wiped, and the host's policy sees
    /// whom it is about.
    pub(crate) fn wipe(self, id: &str, user: Option<&str>, reason: &str) -> Action {
        let mut action = Action::new(self.connector(), WIPE_DEVICE).parameter(self.id_parameter(), id);
        if let Some(user) = user {
            action = action.parameter("user", user);
        }
        match self {
            Self::MobileIron => action.parameter("reason", reason),
            // Intune keeps no reason.
            Self::Intune => action,
        }
    }

    /// Whether a device that it does not know any more, after it has taken on its wipe, has obeyed.
    pub(crate) fn forgets_what_is_wiped(self) -> bool {
        self == Self::Intune
    }
}

impl Device {
    /// What a person calls it, and whose it is.
    pub(crate) fn title(&self) -> String {
        match &self.user {
            Some(user) => format!("{} of {}", line(&self.model), line(user)),
            None => format!("{} of nobody", line(&self.model)),
        }
    }
}

/// The answer of `mobileiron: get system info`.
#[derive(Deserialize, JsonSchema)]
struct MobileIronDevice {
    uuid: String,
    status: String,
    principal: Option<String>,
    email_address: Option<String>,
    platform: Option<String>,
    model: Option<String>,
    last_connected_at: Option<String>,
}

impl From<MobileIronDevice> for Device {
    fn from(device: MobileIronDevice) -> Self {
        Self {
            wiped: match device.status.to_ascii_uppercase().as_str() {
                "WIPED" => Wiped::Yes,
                "WIPE_PENDING" | "WIPE_SENT" => Wiped::Asked,
                _ => Wiped::No,
            },
            model: device.model.unwrap_or_else(|| "device".to_owned()),
            id: device.uuid,
            user: device.principal.filter(|user| !user.is_empty()),
            mail: device.email_address,
            system: device.platform,
            seen: device.last_connected_at,
        }
    }
}

/// The answer of `intune: get system info`.
#[derive(Deserialize, JsonSchema)]
struct IntuneDevice {
    id: String,
    device_name: Option<String>,
    user_principal_name: Option<String>,
    email_address: Option<String>,
    operating_system: Option<String>,
    model: Option<String>,
    last_sync_date_time: Option<String>,
    #[serde(default)]
    action_results: Vec<ActionResult>,
}

#[derive(Deserialize, JsonSchema)]
struct ActionResult {
    action_name: Option<String>,
    action_state: Option<String>,
    start_date_time: Option<String>,
}

impl From<IntuneDevice> for Device {
    fn from(device: IntuneDevice) -> Self {
        let is_wipe = |name: &str| INTUNE_WIPES.iter().any(|wipe| wipe.eq_ignore_ascii_case(name));
        let wipes = device.action_results.iter().filter(|it| it.action_name.as_deref().is_some_and(is_wipe));
        let latest = wipes.max_by_key(|it| it.start_date_time.as_deref());
        Self {
            // One that is done and still there was enrolled again.
            wiped: match latest.and_then(|it| it.action_state.as_deref()) {
                Some("pending" | "active") => Wiped::Asked,
                _ => Wiped::No,
            },
            model: device.model.or(device.device_name).unwrap_or_else(|| "device".to_owned()),
            id: device.id,
            user: device.user_principal_name.filter(|user| !user.is_empty()),
            mail: device.email_address,
            system: device.operating_system,
            seen: device.last_sync_date_time,
        }
    }
}
