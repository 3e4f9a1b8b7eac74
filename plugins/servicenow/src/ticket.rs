use palisade_sdk::{Failure, connector::Done};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A record of a table.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ticket {
    /// Table it is in.
    pub(crate) table: String,
    /// Its number, for example `INC0010001`; tables that are no tasks may have none.
    pub(crate) number: Option<String>,
    /// Its id within the instance.
    pub(crate) sys_id: String,
    /// Where a person reads it.
    pub(crate) link: String,
    /// All its fields, as the instance stores them.
    pub(crate) fields: Map<String, Value>,
}

impl Ticket {
    pub(crate) fn new(url: &str, table: &str, fields: Map<String, Value>) -> Result<Self, Failure> {
        let text = |name: &str| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let sys_id = text("sys_id").ok_or_else(|| Failure::upstream("the record has no sys_id"))?.to_owned();
        if !is_sys_id(&sys_id) {
            return Err(Failure::upstream("the record's sys_id is none"));
        }
        Ok(Self {
            table: table.to_owned(),
            number: text("number").map(str::to_owned),
            link: format!("{}/nav_to.do?uri=%2F{table}.do%3Fsys_id%3D{sys_id}", url.trim_end_matches('/')),
            sys_id,
            fields,
        })
    }

    /// What a person calls it.
    pub(crate) fn title(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.sys_id)
    }

    /// The report on this ticket.
    pub(crate) fn done(self, message: impl Into<String>) -> Done<Self> {
        let (number, sys_id, link) = (self.number.clone(), self.sys_id.clone(), self.link.clone());
        Done::success(message, self).fact("number", number).fact("sys_id", sys_id).fact("link", link)
    }
}

/// A sys_id is a GUID without hyphens: 32 hexadecimal digits.
pub(crate) fn is_sys_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}
