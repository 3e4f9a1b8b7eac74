//! Look-ups in a database file.

use std::net::IpAddr;

use palisade_sdk::{Failure, clock, connector::File};
use serde_json::{Map, Value};

use crate::{
    mmdb::{Database, Source},
    place::Answer,
};

/// The databases ASN, ISP, Domain and Anonymous IP have at the top of a record what the web service groups.
const GROUPS: [(&str, &[&str]); 2] = [
    (
        "traits",
        &["autonomous_system_number", "autonomous_system_organization", "domain", "isp", "organization"],
    ),
    ("anonymizer", &["is_anonymous"]),
];

impl Source for File {
    fn size(&self) -> Result<u64, Failure> {
        File::size(*self)
    }

    fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        File::read(*self, offset, length)
    }
}

/// What the database says of an address, as the web service would say it.
pub(crate) fn look_up<S: Source>(file: S, ip: IpAddr) -> Result<Answer, Failure> {
    let found = Database::open(file)?.look_up(ip)?;
    let Some(found) = found else {
        return Err(Failure::not_found(format!("{ip} is not in the database")));
    };
    let Value::Object(mut record) = found.record else {
        return Err(Failure::upstream("the database is none of places: its record is not a map"));
    };
    for (group, fields) in GROUPS {
        let values: Map<_, _> = fields.iter().filter_map(|field| record.remove_entry(*field)).collect();
        if let Value::Object(group) = record.entry(group).or_insert_with(|| Map::new().into()) {
            values.into_iter().for_each(|(field, value)| {
                group.entry(field).or_insert(value);
            });
        }
    }
    if let Some(Value::Object(traits)) = record.get_mut("traits") {
        traits.insert("network".into(), found.network.into());
    }
    serde_json::from_value(record.into()).map_err(|error| {
        Failure::upstream(format!("the record of {ip} in the database makes no sense: {error}"))
    })
}

/// One sentence on which database it is, and how old.
pub(crate) fn describe<S: Source>(file: S) -> Result<String, Failure> {
    let database = Database::open(file)?;
    let metadata = database.metadata();
    let days = (clock::now_ms() / 1_000).saturating_sub(metadata.build_epoch) / (24 * 60 * 60);
    let age = match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    };
    Ok(format!("The file is a database {}, made {age}.", metadata.database_type))
}
