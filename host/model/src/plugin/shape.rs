//! What two JSON Schemas say of one value: the one what is given, the other what is taken.
//!
//! Looked at is the part of JSON Schema 2020-12 in which a program writes down its types: `type`, `enum`, `const`,
//! `properties`, `required`, `additionalProperties`, `patternProperties`, `items`, `allOf`, `anyOf` and `oneOf`. The rest is
//! left out of account, as is what would take too long. So a misfit that is found is certain, and that none is found proves
//! nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde_json::Value;

use crate::limits::SCHEMA_DEPTH;

/// Alternatives of one value that are looked at. A schema with more says that anything may come.
const FORMS: usize = 32;

/// Schemas that one comparison looks at, each as often as it meets it. Types of programs have some hundreds.
const LOOKS: usize = 50_000;

/// Values of an enumeration that a sentence names.
const WORDS: usize = 5;

/// Something that is given cannot be what is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The field must be there, and is never given.
    Missing(String),
    /// The field is given, and must not be there.
    Unwanted(String),
    /// The field is of one kind, and must be of another.
    Kind {
        /// The field; empty for the whole.
        field: String,
        /// What is given.
        given: String,
        /// What is taken.
        taken: String,
    },
}

/// Which fields that are given must be known to whoever takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// All of them: each is given on some path of the program.
    Sometimes,
    /// Those that are always given.
    Always,
}

/// In what a value of the one schema can never be one of the other.
pub(super) fn misfits(given: &Value, taken: &Value, fields: Given) -> Vec<Misfit> {
    let mut comparison = Comparison { fields, looks: Looks(LOOKS) };
    comparison.values(given, taken, "", SCHEMA_DEPTH)
}

/// What a schema lets its values be, in words.
pub(super) fn kind_of(schema: &Value) -> String {
    Looks(LOOKS).forms(schema).map_or_else(|| Kinds::ALL.to_string(), |forms| words(&forms))
}

struct Comparison {
    fields: Given,
    looks: Looks,
}

impl Comparison {
    fn values(&mut self, given: &Value, taken: &Value, field: &str, depth: usize) -> Vec<Misfit> {
        let (Some(givens), Some(takens)) = (self.looks.forms(given), self.looks.forms(taken)) else {
            return Vec::new();
        };
        if depth == 0
            || (is_absent(&givens) && may_be_absent(&takens))
            || (is_absent(&takens) && may_be_absent(&givens))
        {
            return Vec::new();
        }
        let mut closest: Option<Vec<Misfit>> = None;
        for given in &givens {
            for taken in &takens {
                let Some(found) = self.pair(given, taken, field, depth) else { continue };
                if found.is_empty() {
                    return found;
                }
                if closest.as_ref().is_none_or(|closest| found.len() < closest.len()) {
                    closest = Some(found);
                }
            }
        }
        closest.unwrap_or_else(|| {
            vec![Misfit::Kind { field: field.to_owned(), given: words(&givens), taken: words(&takens) }]
        })
    }

    /// Nothing if they are of different kinds.
    fn pair(&mut self, given: &Form<'_>, taken: &Form<'_>, field: &str, depth: usize) -> Option<Vec<Misfit>> {
        let both = given.kinds.without_null().and(taken.kinds.without_null());
        if both.is_none() {
            return None;
        }
        if let (Some(given), Some(taken)) = (&given.values, &taken.values)
            && !given.iter().any(|value| taken.contains(value))
        {
            return None;
        }
        Some(match both {
            Kinds::OBJECT => self.objects(given, taken, field, depth),
            Kinds::ARRAY => match (given.items, taken.items) {
                (Some(given), Some(taken)) => self.values(given, taken, &format!("{field}[]"), depth - 1),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        })
    }

    fn objects(&mut self, given: &Form<'_>, taken: &Form<'_>, field: &str, depth: usize) -> Vec<Misfit> {
        let within = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
        let never_given = |name: &&&str| given.lists_all && !given.properties.contains_key(**name);
        let missing = taken.required.iter().filter(never_given);
        let mut misfits: Vec<_> = missing.map(|name| Misfit::Missing(within(name))).collect();
        for (name, schema) in &given.properties {
            let is_told = self.fields == Given::Sometimes || given.required.contains(name);
            match (taken.properties.get(name), taken.others) {
                (Some(taken), _) => misfits.extend(self.values(schema, taken, &within(name), depth - 1)),
                (None, Others::None) if is_told => misfits.push(Misfit::Unwanted(within(name))),
                (None, Others::Of(taken)) => {
                    misfits.extend(self.values(schema, taken, &within(name), depth - 1));
                }
                (None, _) => {}
            }
        }
        misfits
    }
}

/// One of the alternatives that a schema lets a value be.
#[derive(Clone)]
struct Form<'a> {
    kinds: Kinds,
    /// The only values that it may have.
    values: Option<Vec<&'a Value>>,
    properties: BTreeMap<&'a str, &'a Value>,
    required: BTreeSet<&'a str>,
    /// Fields that are not listed.
    others: Others<'a>,
    /// Whoever gives it lists all that is given.
    lists_all: bool,
    items: Option<&'a Value>,
}

/// What fields may be that are not listed.
#[derive(Clone, Copy)]
enum Others<'a> {
    Any,
    None,
    Of(&'a Value),
}

/// How many more schemas are looked at.
struct Looks(usize);

impl Looks {
    /// The forms of a schema; nothing if there are too many to look at.
    fn forms<'a>(&mut self, schema: &'a Value) -> Option<Vec<Form<'a>>> {
        self.expand(schema, SCHEMA_DEPTH)
    }

    fn expand<'a>(&mut self, schema: &'a Value, depth: usize) -> Option<Vec<Form<'a>>> {
        self.0 = self.0.checked_sub(1)?;
        let depth = depth.checked_sub(1)?;
        let mut forms = vec![Form::of(schema)];
        let several = |word: &str| schema.get(word).and_then(Value::as_array).map(Vec::as_slice);
        for part in several("allOf").unwrap_or_default() {
            forms = product(&forms, &self.expand(part, depth)?)?;
        }
        for alternatives in [several("anyOf"), several("oneOf")].into_iter().flatten() {
            let mut all = Vec::new();
            for alternative in alternatives {
                all.extend(self.expand(alternative, depth)?);
                if all.len() > FORMS {
                    return None;
                }
            }
            forms = product(&forms, &all)?;
        }
        Some(forms)
    }
}

/// Whether it is null and nothing else.
fn is_absent(forms: &[Form<'_>]) -> bool {
    forms.iter().all(|form| form.kinds == Kinds::NULL)
}

fn may_be_absent(forms: &[Form<'_>]) -> bool {
    forms.iter().any(|form| form.kinds.has(Kinds::NULL))
}

fn product<'a>(one: &[Form<'a>], other: &[Form<'a>]) -> Option<Vec<Form<'a>>> {
    if one.len() * other.len() > FORMS {
        return None;
    }
    Some(one.iter().flat_map(|one| other.iter().map(move |other| one.clone().and(other))).collect())
}

impl<'a> Form<'a> {
    fn of(schema: &'a Value) -> Self {
        let properties = schema.get("properties").and_then(Value::as_object);
        let patterns = schema.get("patternProperties").is_some();
        let others = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) if !patterns => Others::None,
            Some(others @ Value::Object(_)) if !patterns => Others::Of(others),
            _ => Others::Any,
        };
        let says_others = patterns
            || matches!(schema.get("additionalProperties"), Some(Value::Bool(true) | Value::Object(_)));
        let required = schema.get("required").and_then(Value::as_array);
        let values = match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
            (Some(value), _) => Some(vec![value]),
            (None, Some(values)) => Some(values.iter().collect()),
            (None, None) => None,
        };
        let mut kinds = match schema {
            Value::Bool(false) => Kinds::NONE,
            schema => schema.get("type").map_or(Kinds::ALL, Kinds::named),
        };
        if let Some(values) = &values {
            kinds = kinds.and(values.iter().fold(Kinds::NONE, |kinds, value| kinds.or(Kinds::of(value))));
        }
        Self {
            kinds,
            values: values.map(|values| present_values(values)),
            properties: properties
                .into_iter()
                .flatten()
                .map(|(name, schema)| (name.as_str(), schema))
                .collect(),
            required: required.into_iter().flatten().filter_map(Value::as_str).collect(),
            lists_all: !says_others && (properties.is_some() || matches!(others, Others::None)),
            others,
            items: schema.get("items"),
        }
    }

    /// What satisfies both.
    fn and(mut self, other: &Self) -> Self {
        self.kinds = self.kinds.and(other.kinds);
        self.values = match (self.values, &other.values) {
            (Some(one), Some(other)) => Some(one.into_iter().filter(|value| other.contains(value)).collect()),
            (one, other) => one.or_else(|| other.clone()),
        };
        for (name, schema) in &other.properties {
            self.properties.entry(name).or_insert(schema);
        }
        self.required.extend(&other.required);
        self.lists_all |= other.lists_all;
        self.items = self.items.or(other.items);
        // A field that only the other part of it lists is not one of the others.
        self.others = match (self.others, other.others) {
            (Others::Any, others) | (others, Others::Any) => others,
            (others, _) => others,
        };
        self
    }
}

/// Those that stand for a value: null stands for none.
fn present_values(values: Vec<&Value>) -> Vec<&Value> {
    if values.iter().all(|value| value.is_null()) {
        return values;
    }
    values.into_iter().filter(|value| !value.is_null()).collect()
}

/// Kinds of JSON values, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const NONE: Self = Self(0);
    const NULL: Self = Self(1);
    const BOOLEAN: Self = Self(2);
    const WHOLE: Self = Self(4);
    const BROKEN: Self = Self(8);
    const TEXT: Self = Self(16);
    const ARRAY: Self = Self(32);
    const OBJECT: Self = Self(64);
    const ALL: Self = Self(127);

    /// The kinds that `type` names.
    fn named(word: &Value) -> Self {
        match word {
            Value::Array(several) => several.iter().map(Self::named).fold(Self::NONE, Self::or),
            Value::String(word) => match word.as_str() {
                "null" => Self::NULL,
                "boolean" => Self::BOOLEAN,
                "integer" => Self::WHOLE,
                "number" => Self::WHOLE.or(Self::BROKEN),
                "string" => Self::TEXT,
                "array" => Self::ARRAY,
                "object" => Self::OBJECT,
                _ => Self::ALL,
            },
            _ => Self::ALL,
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::NULL,
            Value::Bool(_) => Self::BOOLEAN,
            // A whole number may be written as `1.0`.
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {
                Self::WHOLE
            }
            Value::Number(_) => Self::BROKEN,
            Value::String(_) => Self::TEXT,
            Value::Array(_) => Self::ARRAY,
            Value::Object(_) => Self::OBJECT,
        }
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn has(self, other: Self) -> bool {
        self.and(other) == other
    }

    fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// That a value may be absent is no alternative to what it is.
    fn without_null(self) -> Self {
        Self(self.0 & !Self::NULL.0)
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let present = if *self == Self::NULL { *self } else { self.without_null() };
        if present.has(Self::ALL.without_null()) {
            return f.write_str("anything");
        }
        let number = if present.has(Self::BROKEN) { "a number" } else { "a whole number" };
        let all = [
            (Self::TEXT, "text"),
            (Self::WHOLE, number),
            (Self::BOOLEAN, "true or false"),
            (Self::ARRAY, "a list"),
            (Self::OBJECT, "an object"),
            (Self::NULL, "null"),
        ];
        let names: Vec<_> =
            all.iter().filter(|(kind, _)| present.has(*kind)).map(|(_, name)| *name).collect();
        if names.is_empty() { f.write_str("nothing") } else { f.write_str(&names.join(" or ")) }
    }
}

/// What a value of one of these forms is.
fn words(forms: &[Form<'_>]) -> String {
    let present: Vec<_> = forms.iter().filter(|form| form.kinds != Kinds::NULL).collect();
    let values: Option<Vec<_>> = present.iter().map(|form| form.values.clone()).collect();
    if let Some(values) = values.map(|values| values.concat()).filter(|values| !values.is_empty()) {
        let named: Vec<_> = values.iter().take(WORDS).map(|value| format!("`{}`", plain(value))).collect();
        let more = if values.len() > WORDS { " or another" } else { "" };
        return format!("{}{more}", named.join(" or "));
    }
    let kinds = forms.iter().fold(Kinds::NONE, |kinds, form| kinds.or(form.kinds));
    if let (Kinds::ARRAY, [Form { items: Some(items), .. }]) = (kinds.without_null(), present.as_slice()) {
        return match kind_of_items(items) {
            Some(items) => format!("a list of {items}"),
            None => kinds.to_string(),
        };
    }
    kinds.to_string()
}

/// Kinds in the plural.
fn kind_of_items(items: &Value) -> Option<&'static str> {
    let kinds = Looks(LOOKS).forms(items)?.iter().fold(Kinds::NONE, |kinds, form| kinds.or(form.kinds));
    Some(match kinds.without_null() {
        Kinds::TEXT => "texts",
        Kinds::WHOLE => "whole numbers",
        Kinds::ARRAY => "lists",
        Kinds::OBJECT => "objects",
        kinds if kinds == Kinds::WHOLE.or(Kinds::BROKEN) => "numbers",
        _ => return None,
    })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
