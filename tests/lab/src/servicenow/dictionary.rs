//! The tables that are played and their fields, as the instance's dictionary has them.

/// One table.
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    /// Prefix of its record numbers; nothing where records have none.
    pub(crate) number_prefix: Option<&'static str>,
    pub(crate) fields: &'static [Field],
}

/// One field.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// What a field holds. Whatever it is, a record shows it as text.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Text, numbers, dates, truth values.
    Plain,
    /// Stored value and its label.
    Choice(&'static [(&'static str, &'static str)]),
    /// The `sys_id` of a record of this table, and the field that is its display value.
    Reference(&'static str, &'static str),
    /// Write-only: each value becomes a row of `sys_journal_field`.
    Journal,
    /// Set by the instance; what a client says is ignored.
    System,
}

impl Schema {
    /// The table of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Schema> {
        TABLES.iter().find(|table| table.name == name)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

use Kind::{Choice, Journal, Plain, Reference, System};

const fn field(name: &'static str, kind: Kind) -> Field {
    Field { name, kind }
}

const LEVELS: Kind = Choice(&[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")]);
const PRIORITIES: Kind = Choice(&[
    ("1", "1 - Critical"),
    ("2", "2 - High"),
    ("3", "3 - Moderate"),
    ("4", "4 - Low"),
    ("5", "5 - Planning"),
]);
const STATES: Kind = Choice(&[
    ("1", "New"),
    ("2", "In Progress"),
    ("3", "On Hold"),
    ("6", "Resolved"),
    ("7", "Closed"),
    ("8", "Canceled"),
]);
const USER: Kind = Reference("sys_user", "name");
const GROUP: Kind = Reference("sys_user_group", "name");
const ITEM: Kind = Reference("cmdb_ci", "name");

/// All tables, each a well-used part of the real one's fields.
pub(crate) static TABLES: [Schema; 5] = [
    Schema {
        name: "incident",
        number_prefix: Some("INC"),
        fields: &[
            field("active", Plain),
            field("assigned_to", USER),
            field("assignment_group", GROUP),
            field("business_impact", Plain),
            field("caller_id", USER),
            field("category", Plain),
            field("close_code", Plain),
            field("close_notes", Plain),
            field("closed_at", Plain),
            field("cmdb_ci", ITEM),
            field("comments", Journal),
            field("comments_and_work_notes", System),
            field("contact_type", Plain),
            field("correlation_display", Plain),
            field("correlation_id", Plain),
            field("description", Plain),
            field("due_date", Plain),
            field("escalation", Plain),
            field("hold_reason", Plain),
            field("impact", LEVELS),
            field("incident_state", STATES),
            field("number", System),
            field("opened_at", Plain),
            field("opened_by", USER),
            field("priority", PRIORITIES),
            field("resolved_at", Plain),
            field("resolved_by", USER),
            field("severity", LEVELS),
            field("short_description", Plain),
            field("state", STATES),
            field("subcategory", Plain),
            field("sys_class_name", System),
            field("sys_created_by", System),
            field("sys_created_on", System),
            field("sys_id", System),
            field("sys_mod_count", System),
            field("sys_tags", System),
            field("sys_updated_by", System),
            field("sys_updated_on", System),
            field("task_effective_number", System),
            field("urgency", LEVELS),
            field("watch_list", Plain),
            field("work_notes", Journal),
            field("work_notes_list", Plain),
        ],
    },
    Schema {
        name: "sys_user",
        number_prefix: None,
        fields: &[
            field("active", Plain),
            field("department", Plain),
            field("email", Plain),
            field("first_name", Plain),
            field("last_name", Plain),
            field("name", Plain),
            field("phone", Plain),
            field("sys_created_by", System),
            field("sys_created_on", System),
            field("sys_id", System),
            field("sys_mod_count", System),
            field("sys_updated_by", System),
            field("sys_updated_on", System),
            field("title", Plain),
            field("user_name", Plain),
        ],
    },
    Schema {
        name: "sys_user_group",
        number_prefix: None,
        fields: &[
            field("active", Plain),
            field("description", Plain),
            field("name", Plain),
            field("sys_created_by", System),
            field("sys_created_on", System),
            field("sys_id", System),
            field("sys_mod_count", System),
            field("sys_updated_by", System),
            field("sys_updated_on", System),
        ],
    },
    Schema {
        name: "cmdb_ci",
        number_prefix: None,
        fields: &[
            field("ip_address", Plain),
            field("name", Plain),
            field("short_description", Plain),
            field("sys_class_name", System),
            field("sys_created_by", System),
            field("sys_created_on", System),
            field("sys_id", System),
            field("sys_mod_count", System),
            field("sys_updated_by", System),
            field("sys_updated_on", System),
        ],
    },
    Schema {
        name: "sys_journal_field",
        number_prefix: None,
        fields: &[
            field("element", Plain),
            field("element_id", Plain),
            field("name", Plain),
            field("sys_created_by", System),
            field("sys_created_on", System),
            field("sys_id", System),
            field("sys_tags", System),
            field("value", Plain),
        ],
    },
];
