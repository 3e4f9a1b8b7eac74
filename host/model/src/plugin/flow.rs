//! What passes between a playbook and the actions it needs: whether what it sends is what they take, and what they give
//! is what it reads.

use serde::{Deserialize, Serialize};

use super::{
    ActionSpec, Need,
    shape::{Given, Misfit, misfits},
};

/// Reasons that are told of one need; more say no more.
const REASONS: usize = 10;

/// How one need of a playbook stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The connector.
    pub connector: String,
    /// The action.
    pub action: String,
    /// How it stands.
    pub stands: Stands,
    /// Why it cannot be met, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// How a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stands {
    /// The action is there, and what passes fits as far as both say.
    Ready,
    /// Likewise, and there is no asset that it could act on.
    NoAsset,
    /// The connector is not installed.
    NoConnector,
    /// The connector is disabled.
    Disabled,
    /// The connector has no such action.
    NoAction,
    /// What the playbook sends is not what the action takes, or what it reads is not what the action gives.
    Unfit,
}

impl Stands {
    /// Whether the playbook can start the action.
    pub fn is_met(self) -> bool {
        matches!(self, Self::Ready | Self::NoAsset)
    }

    /// Whether nothing can make it fit but another version of one of the two.
    pub fn is_unfit(self) -> bool {
        matches!(self, Self::NoAction | Self::Unfit)
    }
}

impl Need {
    /// How it stands with this action of its connector; none if the connector has no such action. Whether there is an
    /// asset is not for the two to say.
    pub fn standing(&self, action: Option<&ActionSpec>) -> Standing {
        let (stands, reasons) = match action {
            None => (Stands::NoAction, vec![format!("`{}` has no action `{}`", self.connector, self.action)]),
            Some(action) => match self.misfits(action) {
                reasons if reasons.is_empty() => (Stands::Ready, reasons),
                reasons => (Stands::Unfit, reasons),
            },
        };
        Standing { connector: self.connector.clone(), action: self.action.clone(), stands, reasons }
    }

    /// The same without an action to look at.
    pub fn stands(&self, stands: Stands) -> Standing {
        Standing {
            connector: self.connector.clone(),
            action: self.action.clone(),
            stands,
            reasons: Vec::new(),
        }
    }

    /// What cannot pass between the playbook and this action, a sentence each. Of what the playbook does not declare nothing
    /// is said.
    fn misfits(&self, action: &ActionSpec) -> Vec<String> {
        let name = &self.action;
        let sent =
            self.parameters.iter().flat_map(|sent| misfits(sent, &action.parameters, Given::Sometimes));
        let sent = sent.map(|misfit| match misfit {
            Misfit::Missing(field) => {
                format!("`{name}` requires `{field}`, which the playbook does not send")
            }
            Misfit::Unwanted(field) => format!("`{name}` takes no `{field}`, which the playbook sends"),
            Misfit::Kind { field, given, taken } if field.is_empty() => {
                format!("the playbook sends {given}, `{name}` takes {taken}")
            }
            Misfit::Kind { field, given, taken } => {
                format!("the playbook sends `{field}` as {given}, `{name}` takes {taken}")
            }
        });
        let read = self.data.iter().flat_map(|read| misfits(&action.output, read, Given::Always));
        let read = read.map(|misfit| match misfit {
            Misfit::Missing(field) => {
                format!("the playbook reads `data.{field}`, which `{name}` does not give")
            }
            Misfit::Unwanted(field) => format!("the playbook takes no `data.{field}`, which `{name}` gives"),
            Misfit::Kind { field, given, taken } if field.is_empty() => {
                format!("the playbook reads `data` as {taken}, `{name}` gives {given}")
            }
            Misfit::Kind { field, given, taken } => {
                format!("the playbook reads `data.{field}` as {taken}, `{name}` gives {given}")
            }
        });
        sent.chain(read).take(REASONS).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::action::{Effect, Retry};

    fn query_ip() -> ActionSpec {
        ActionSpec {
            name: "query ip".to_owned(),
            description: "Asks.".to_owned(),
            parameters: json!({
                "type": "object", "additionalProperties": false, "required": ["ip"],
                "properties": { "ip": { "type": "string" }, "history": { "type": "boolean" } },
            }),
            output: json!({
                "type": "object", "required": ["ip", "ports"],
                "properties": {
                    "ip": { "type": "string" },
                    "ports": { "type": "string" },
                    "organization": { "type": ["string", "null"] },
                },
            }),
            effect: Effect::Investigate,
            retry: Retry::Safe,
            verifies: false,
            undo: None,
            time_limit_ms: 1_000,
            reads: Vec::new(),
        }
    }

    fn need(parameters: Option<Value>, data: Option<Value>) -> Need {
        Need { connector: "shodan".to_owned(), action: "query ip".to_owned(), parameters, data }
    }

    #[test]
    fn a_need_is_met_or_says_why_not() {
        let sends = |properties: Value| Some(json!({ "type": "object", "properties": properties }));
        let reads = |properties: Value, required: &[&str]| {
            Some(json!({ "type": "object", "properties": properties, "required": required }))
        };
        for (need, reasons) in [
            (need(None, None), vec![]),
            (need(sends(json!({ "ip": { "type": "string" } })), None), vec![]),
            (
                need(sends(json!({})), None),
                vec!["`query ip` requires `ip`, which the playbook does not send"],
            ),
            (
                need(sends(json!({ "ip": { "type": "integer" }, "port": {} })), None),
                vec![
                    "the playbook sends `ip` as a whole number, `query ip` takes text",
                    "`query ip` takes no `port`, which the playbook sends",
                ],
            ),
            (need(None, reads(json!({ "organization": { "type": "string" } }), &["organization"])), vec![]),
            (
                need(None, reads(json!({ "ports": { "type": "array" } }), &[])),
                vec!["the playbook reads `data.ports` as a list, `query ip` gives text"],
            ),
            (
                need(None, reads(json!({ "hostnames": { "type": "array" } }), &["hostnames"])),
                vec!["the playbook reads `data.hostnames`, which `query ip` does not give"],
            ),
            (need(None, reads(json!({ "hostnames": { "type": "array" } }), &[])), vec![]),
            (
                need(None, Some(json!({ "type": "array" }))),
                vec!["the playbook reads `data` as a list, `query ip` gives an object"],
            ),
        ] {
            let standing = need.standing(Some(&query_ip()));
            assert_eq!(standing.reasons, reasons, "{need:?}");
            let stands = if reasons.is_empty() { Stands::Ready } else { Stands::Unfit };
            assert_eq!(standing.stands, stands);
        }
        let none = need(None, None).standing(None);
        assert_eq!(
            (none.stands, none.reasons),
            (Stands::NoAction, vec!["`shodan` has no action `query ip`".to_owned()])
        );
    }
}
