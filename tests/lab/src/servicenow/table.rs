//! One table with its records.

use std::collections::{BTreeMap, HashMap};

use super::query::Query;
use crate::limits::TABLE_RECORDS;

/// Fields with an index, as on the real instance: a benchmark finds its ticket among many by these.
const INDEXED: [&str; 4] = ["correlation_id", "element_id", "number", "sys_id"];

/// One record; a field that is not there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record(BTreeMap<&'static str, String>);

impl Record {
    /// The value, empty if there is none.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }

    pub(crate) fn set(&mut self, field: &'static str, value: &str) {
        if value.is_empty() {
            self.0.remove(field);
        } else {
            self.0.insert(field, value.to_owned());
        }
    }
}

/// The table is full.
#[derive(Debug)]
pub(crate) struct Full;

/// All records of one table, in the order they were made.
#[derive(Default)]
pub(crate) struct Table {
    records: Vec<Record>,
    index: HashMap<(&'static str, String), Vec<usize>>,
}

impl Table {
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(crate) fn insert(&mut self, record: Record) -> Result<(), Full> {
        if self.records.len() >= TABLE_RECORDS {
            return Err(Full);
        }
        self.enter(&record, self.records.len());
        self.records.push(record);
        Ok(())
    }

    pub(crate) fn get(&self, sys_id: &str) -> Option<&Record> {
        self.place(sys_id).map(|place| &self.records[place])
    }

    /// Puts a changed record into the place of the old one; `sys_id` must be the same.
    pub(crate) fn replace(&mut self, record: Record) {
        let Some(place) = self.place(record.text("sys_id")) else { return };
        for field in INDEXED {
            let key = (field, self.records[place].text(field).to_lowercase());
            if let Some(places) = self.index.get_mut(&key) {
                places.retain(|other| *other != place);
            }
        }
        self.enter(&record, place);
        self.records[place] = record;
    }

    /// The records that satisfy the query, in its order.
    pub(crate) fn find(&self, query: &Query) -> Vec<&Record> {
        let indexed = INDEXED.iter().find_map(|field| Some((*field, query.required(field)?.to_lowercase())));
        let mut found: Vec<&Record> = match indexed {
            Some((_, wanted)) if wanted.is_empty() => self.scan(query),
            Some(key) => {
                let places = self.index.get(&key).map(Vec::as_slice).unwrap_or_default();
                places
                    .iter()
                    .map(|place| &self.records[*place])
                    .filter(|record| query.matches(record))
                    .collect()
            }
            None => self.scan(query),
        };
        query.sort(&mut found);
        found
    }

    fn scan(&self, query: &Query) -> Vec<&Record> {
        self.records.iter().filter(|record| query.matches(record)).collect()
    }

    fn place(&self, sys_id: &str) -> Option<usize> {
        self.index.get(&("sys_id", sys_id.to_lowercase()))?.first().copied()
    }

    fn enter(&mut self, record: &Record, place: usize) {
        for field in INDEXED {
            let value = record.text(field).to_lowercase();
            if !value.is_empty() {
                self.index.entry((field, value)).or_default().push(place);
            }
        }
    }
}
