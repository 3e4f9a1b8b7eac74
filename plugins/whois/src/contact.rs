use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// Someone in a registry, as far as it is published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Contact {
    /// Name of the person or the role.
    pub(crate) name: Option<String>,
    /// Organisation.
    pub(crate) organization: Option<String>,
    /// Mail address.
    pub(crate) email: Option<String>,
    /// Telephone number.
    pub(crate) phone: Option<String>,
    /// Country, as a code or a name.
    pub(crate) country: Option<String>,
}

impl Contact {
    /// The organisation, or else the name.
    pub(crate) fn title(&self) -> Option<&str> {
        self.organization.as_deref().or(self.name.as_deref())
    }

    /// Reads a jCard (RFC 7095): `["vcard", [[name, parameters, type, value], ...]]`.
    pub(crate) fn from_jcard(card: &Value) -> Self {
        let properties = card.get(1).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let find = |name: &str| properties.iter().find(|property| property[0] == name);
        let text = |name: &str| find(name).and_then(|property| first_text(&property[3]));
        let address = find("adr");
        Self {
            name: text("fn"),
            organization: text("org"),
            email: text("email"),
            phone: text("tel").map(|number| number.trim_start_matches("tel:").to_owned()),
            // The code, if it is there (RFC 8605), else the last part of the address.
            country: address.and_then(|adr| first_text(&adr[1]["cc"]).or_else(|| first_text(&adr[3][6]))),
        }
    }

    /// Nothing, if nothing is published.
    pub(crate) fn published(self) -> Option<Self> {
        Some(self).filter(|contact| *contact != Self::default())
    }
}

/// The text, or the first of several; blank is nothing.
fn first_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Array(values) => values.first()?.as_str()?,
        value => value.as_str()?,
    };
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
