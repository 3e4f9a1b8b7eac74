//! CIM classes and instances, and their form in WS-Management.
//!
//! Source: DSP0230 (WS-CIM mapping) and what Windows sends: `CIM_DATETIME` as `cim:Datetime`, null as `xsi:nil`,
//! arrays as repeated elements, references as endpoint references.

use std::fmt::Write;

use super::xml::escape;
use super::{ADDRESSING, ANONYMOUS, CIM_COMMON, INSTANCE, MICROSOFT, WMI, WSMAN};

/// One class of one namespace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// As in a resource URI, for example `root/cimv2`.
    pub(crate) namespace: &'static str,
    /// Properties that tell instances apart. None for a class with one instance only.
    pub(crate) keys: &'static [&'static str],
    /// All properties, in the order in which Windows sends them.
    pub(crate) properties: &'static [&'static str],
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Text(String),
    Number(u64),
    Truth(bool),
    /// An `xs:dateTime`.
    Time(&'static str),
    List(Vec<&'static str>),
    Reference {
        class: &'static str,
        selectors: Vec<(&'static str, String)>,
    },
}

/// One instance: a value for some of its class's properties; the others are null.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) class: &'static Class,
    values: Vec<(&'static str, Value)>,
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Truth(truth)
    }
}

impl Class {
    pub(crate) fn uri(&self) -> String {
        format!("{WMI}/{}/{}", self.namespace, self.name)
    }
}

impl Instance {
    pub(crate) fn new(class: &'static Class) -> Instance {
        Instance { class, values: Vec::new() }
    }

    /// Sets a property of the class.
    pub(crate) fn with(mut self, property: &'static str, value: impl Into<Value>) -> Instance {
        debug_assert!(self.class.properties.contains(&property), "{} has no {property}", self.class.name);
        self.values.push((property, value.into()));
        self
    }

    /// The value of this property, whatever the case of its name; null if it has none.
    pub(crate) fn value(&self, property: &str) -> &Value {
        let found = self.values.iter().find(|(name, _)| name.eq_ignore_ascii_case(property));
        found.map_or(&Value::Null, |(_, value)| value)
    }

    /// The whole instance as an element.
    pub(crate) fn element(&self) -> String {
        let class = self.class.name;
        let mut xml = format!(
            "<p:{class} xmlns:xsi=\"{INSTANCE}\" xmlns:p=\"{}\" xmlns:cim=\"{CIM_COMMON}\" xsi:type=\"p:{class}_Type\">",
            self.class.uri()
        );
        for property in self.class.properties {
            self.value(property).write(&mut xml, "p:", property, "cim:");
        }
        // A `String` takes every write.
        let _ = write!(xml, "</p:{class}>");
        xml
    }

    /// Some properties only, as Windows answers a query that names them.
    pub(crate) fn fragment(&self, columns: &[&'static str]) -> String {
        let mut xml =
            format!("<w:XmlFragment xmlns:xsi=\"{INSTANCE}\" xmlns:w=\"{WSMAN}\" xmlns:m=\"{MICROSOFT}\">");
        for property in columns {
            self.value(property).write(&mut xml, "", property, "");
        }
        xml.push_str("</w:XmlFragment>");
        xml
    }
}

impl Value {
    fn write(&self, xml: &mut String, prefix: &str, name: &str, common: &str) {
        let plain = |text: &str| format!("<{prefix}{name}>{}</{prefix}{name}>", escape(text));
        let element = match self {
            Value::Null => format!("<{prefix}{name} xsi:nil=\"true\"/>"),
            Value::Text(text) => plain(text),
            Value::Number(number) => plain(&number.to_string()),
            Value::Truth(truth) => plain(&truth.to_string()),
            Value::Time(time) => {
                format!("<{prefix}{name}><{common}Datetime>{time}</{common}Datetime></{prefix}{name}>")
            }
            Value::List(items) => items.iter().map(|item| plain(item)).collect(),
            Value::Reference { class, selectors } => {
                let selectors: String = selectors
                    .iter()
                    .map(|(name, value)| {
                        format!("<w:Selector Name=\"{name}\">{}</w:Selector>", escape(value))
                    })
                    .collect();
                format!(
                    "<{prefix}{name} xmlns:a=\"{ADDRESSING}\" xmlns:w=\"{WSMAN}\"><a:Address>{ANONYMOUS}</a:Address>\
                     <a:ReferenceParameters><w:ResourceURI>{WMI}/root/cimv2/{class}</w:ResourceURI>\
                     <w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters></{prefix}{name}>"
                )
            }
        };
        xml.push_str(&element);
    }

    /// The value as a query or a selector compares it; nothing for null and for what is not comparable.
    pub(crate) fn comparable(&self) -> Option<String> {
        match self {
            Value::Null | Value::List(_) | Value::Reference { .. } => None,
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Truth(truth) => Some(truth.to_string()),
            Value::Time(time) => Some((*time).to_owned()),
        }
    }
}
