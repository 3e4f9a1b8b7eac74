//! Encoded queries, as in `sysparm_query`: `active=true^priorityIN1,2^ORDERBYDESCopened_at`.
//!
//! Source: ServiceNow, "Encoded query strings" and "Operators available for filters and queries".

use super::dictionary::Schema;
use super::table::Record;

/// A query.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// All must hold; each is a choice of conditions joined by `^OR`.
    all: Vec<Vec<Condition>>,
    /// Field and whether it is descending; the first decides.
    order: Vec<(String, bool)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Condition {
    field: String,
    operator: Operator,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    Contains,
    StartsWith,
    EndsWith,
    OneOf,
    Empty,
    NotEmpty,
    AtMost,
    AtLeast,
    Less,
    More,
}

/// Longer spellings first, for some begin like others.
const OPERATORS: [(&str, Operator); 13] = [
    ("ISNOTEMPTY", Operator::NotEmpty),
    ("ISEMPTY", Operator::Empty),
    ("STARTSWITH", Operator::StartsWith),
    ("ENDSWITH", Operator::EndsWith),
    ("LIKE", Operator::Contains),
    ("IN", Operator::OneOf),
    ("!=", Operator::IsNot),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("=", Operator::Is),
    ("<", Operator::Less),
    (">", Operator::More),
    ("CONTAINS", Operator::Contains),
];

/// A part of a query that the lab cannot evaluate.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotPlayed(pub(crate) String);

impl Query {
    /// Reads an encoded query. As on the real instance, a condition on a field that the table does not have is
    /// dropped, and the rest of the query decides.
    pub(crate) fn parse(text: &str, schema: &Schema) -> Result<Query, NotPlayed> {
        let mut query = Query::default();
        for part in text.split('^').filter(|part| !part.is_empty()) {
            if let Some(field) = part.strip_prefix("ORDERBYDESC") {
                query.order.push((field.to_owned(), true));
            } else if let Some(field) = part.strip_prefix("ORDERBY") {
                query.order.push((field.to_owned(), false));
            } else if let Some(alternative) = part.strip_prefix("OR") {
                let condition = condition(alternative)?;
                match query.all.last_mut() {
                    Some(choice) if schema.field(&condition.field).is_some() => choice.push(condition),
                    _ => {}
                }
            } else if part == "EQ" {
                // Ends the query, as the instance's own lists write it.
            } else {
                let condition = condition(part)?;
                if schema.field(&condition.field).is_some() {
                    query.all.push(vec![condition]);
                }
            }
        }
        Ok(query)
    }

    /// The records whose field has this value.
    pub(crate) fn for_value(field: &str, value: &str) -> Query {
        let condition =
            Condition { field: field.to_owned(), operator: Operator::Is, value: value.to_owned() };
        Query { all: vec![vec![condition]], order: Vec::new() }
    }

    pub(crate) fn matches(&self, record: &Record) -> bool {
        self.all.iter().all(|choice| choice.iter().any(|condition| condition.holds(record)))
    }

    /// The value that this field must have, where the query says so; an index can use it.
    pub(crate) fn required(&self, field: &str) -> Option<&str> {
        self.all.iter().find_map(|choice| match choice.as_slice() {
            [only] if only.operator == Operator::Is && only.field == field => Some(only.value.as_str()),
            _ => None,
        })
    }

    pub(crate) fn sort(&self, records: &mut [&Record]) {
        if self.order.is_empty() {
            return;
        }
        records.sort_by(|left, right| {
            self.order
                .iter()
                .map(|(field, descending)| {
                    let order = left.text(field).cmp(right.text(field));
                    if *descending { order.reverse() } else { order }
                })
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
    }
}

impl Condition {
    fn holds(&self, record: &Record) -> bool {
        let held = record.text(&self.field);
        let wanted = self.value.as_str();
        let contains = |text: &str| text.to_lowercase().contains(&wanted.to_lowercase());
        match self.operator {
            Operator::Is => held.eq_ignore_ascii_case(wanted),
            Operator::IsNot => !held.eq_ignore_ascii_case(wanted),
            Operator::Contains => contains(held),
            Operator::StartsWith => held.to_lowercase().starts_with(&wanted.to_lowercase()),
            Operator::EndsWith => held.to_lowercase().ends_with(&wanted.to_lowercase()),
            Operator::OneOf => wanted.split(',').any(|one| held.eq_ignore_ascii_case(one)),
            Operator::Empty => held.is_empty(),
            Operator::NotEmpty => !held.is_empty(),
            Operator::AtMost => held <= wanted,
            Operator::AtLeast => held >= wanted,
            Operator::Less => held < wanted,
            Operator::More => held > wanted,
        }
    }
}

fn condition(part: &str) -> Result<Condition, NotPlayed> {
    // Fields are in lower case, so that the first character which is not belongs to the operator.
    let end = part
        .find(|letter: char| !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'))
        .unwrap_or(part.len());
    let (field, rest) = part.split_at(end);
    let operator = OPERATORS.iter().find_map(|(name, operator)| Some((rest.strip_prefix(name)?, *operator)));
    match operator {
        Some((value, operator)) if !field.is_empty() && !value.starts_with("javascript:") => {
            Ok(Condition { field: field.to_owned(), operator, value: value.to_owned() })
        }
        _ => Err(NotPlayed(format!("the condition {part:?} of a ServiceNow query"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(fields: &[(&'static str, &str)]) -> Record {
        let mut record = Record::default();
        for (field, value) in fields {
            record.set(field, value);
        }
        record
    }

    #[test]
    fn conditions_are_joined_as_written() {
        let schema = Schema::named("incident").unwrap();
        let query = Query::parse("active=true^priorityIN1,2^ORpriority=4^no_such_field=1", schema).unwrap();
        assert!(query.matches(&incident(&[("active", "true"), ("priority", "2")])));
        assert!(query.matches(&incident(&[("active", "true"), ("priority", "4")])));
        assert!(!query.matches(&incident(&[("active", "true"), ("priority", "3")])));
        assert!(!query.matches(&incident(&[("active", "false"), ("priority", "1")])));
        assert_eq!(query.required("active"), Some("true"));
        assert_eq!(query.required("priority"), None);
    }

    #[test]
    fn what_the_lab_cannot_evaluate_is_not_guessed() {
        let schema = Schema::named("incident").unwrap();
        assert!(Query::parse("caller_id.name=x", schema).is_err());
        assert!(Query::parse("opened_atRELATIVEGT@hour@ago@1", schema).is_err());
    }
}
