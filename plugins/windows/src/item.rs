use std::collections::BTreeMap;

use roxmltree::Node;

/// One CIM instance: its properties by name. A property without a value is absent, a list has several values.
#[derive(Debug)]
pub(crate) struct Item {
    properties: BTreeMap<String, Vec<Value>>,
}

#[derive(Debug)]
enum Value {
    Text(String),
    /// Another instance, by its keys.
    Reference(BTreeMap<String, String>),
}

impl Item {
    /// The instance is either an element of its class, or, for some of its properties, an `XmlFragment`.
    pub(crate) fn read(instance: Node<'_, '_>) -> Self {
        let mut properties = BTreeMap::<_, Vec<_>>::new();
        for property in instance.children().filter(Node::is_element) {
            if let Some(value) = value(property) {
                properties.entry(property.tag_name().name().to_owned()).or_default().push(value);
            }
        }
        Self { properties }
    }

    /// The property's only or first value.
    pub(crate) fn text(&self, property: &str) -> Option<String> {
        self.texts(property).into_iter().next()
    }

    /// All values of the property.
    pub(crate) fn texts(&self, property: &str) -> Vec<String> {
        let values = self.properties.get(property).into_iter().flatten();
        values
            .filter_map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                Value::Reference(_) => None,
            })
            .collect()
    }

    /// The property as a number.
    pub(crate) fn number(&self, property: &str) -> Option<u64> {
        self.text(property)?.parse().ok()
    }

    /// A key of the instance that the property refers to.
    pub(crate) fn key(&self, property: &str, key: &str) -> Option<&str> {
        self.properties.get(property)?.iter().find_map(|value| match value {
            Value::Reference(keys) => keys.get(key).map(String::as_str),
            Value::Text(_) => None,
        })
    }
}

fn value(property: Node<'_, '_>) -> Option<Value> {
    const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
    if property.attribute((INSTANCE, "nil")) == Some("true") {
        return None;
    }
    let keys: BTreeMap<_, _> = property
        .descendants()
        .filter(|node| node.tag_name().name() == "Selector")
        .filter_map(|node| Some((node.attribute("Name")?.to_owned(), text(node))))
        .collect();
    if !keys.is_empty() {
        return Some(Value::Reference(keys));
    }
    // A time stands one element deeper.
    Some(text(property)).filter(|text| !text.is_empty()).map(Value::Text)
}

fn text(node: Node<'_, '_>) -> String {
    let text: String = node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
    text.trim().to_owned()
}
