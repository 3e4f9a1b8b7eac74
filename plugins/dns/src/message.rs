//! Questions and answers (RFC 1035, section 4).

use palisade_sdk::Failure;
use simple_dns::{
    CLASS, Name as WireName, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE,
    rdata::RData,
};

use crate::{
    name::Name,
    record::{Record, RecordType, text},
};

/// What a resolver knows of a name that exists.
pub(crate) struct Found {
    /// The name at the end of its aliases, if it has any.
    pub(crate) canonical_name: Option<String>,
    pub(crate) records: Vec<Record>,
}

/// The question for the records of one type, with recursion.
pub(crate) fn question(id: u16, name: &Name, record_type: RecordType) -> Result<Vec<u8>, Failure> {
    let unusable = |error| Failure::invalid(format!("`{name}` cannot be asked for: {error}"));
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    packet.questions.push(asked(name, record_type).map_err(unusable)?);
    packet.build_bytes_vec().map_err(unusable)
}

/// What the answer to this question says; nothing if there is no such name.
pub(crate) fn read(
    answer: &[u8],
    id: u16,
    name: &Name,
    record_type: RecordType,
) -> Result<Option<Found>, Failure> {
    let answer = Packet::parse(answer)
        .map_err(|error| Failure::upstream(format!("the answer is no DNS message: {error}")))?;
    let question = asked(name, record_type)
        .map_err(|error| Failure::invalid(format!("`{name}` cannot be asked for: {error}")))?;
    let same = |it: &Question<'_>| {
        it.qname == question.qname && it.qtype == question.qtype && it.qclass == question.qclass
    };
    if answer.id() != id
        || !answer.has_flags(PacketFlag::RESPONSE)
        || !matches!(&answer.questions[..], [it] if same(it))
    {
        return Err(Failure::upstream("the answer is to another question"));
    }
    if answer.has_flags(PacketFlag::TRUNCATION) {
        return Err(Failure::upstream("the answer is cut short"));
    }
    match answer.rcode() {
        RCODE::NoError => Ok(Some(follow(&answer.answers, &question.qname, record_type))),
        RCODE::NameError => Ok(None),
        RCODE::Refused => Err(Failure::Authentication(format!("the resolver refuses to look up {name}"))),
        other => Err(Failure::upstream(format!("the resolver could not look up {name}: {other:?}"))),
    }
}

fn asked(name: &Name, record_type: RecordType) -> simple_dns::Result<Question<'_>> {
    let record_type = QTYPE::TYPE(record_type.into());
    Ok(Question::new(WireName::new(name.as_str())?, record_type, QCLASS::CLASS(CLASS::IN), false))
}

/// From alias to alias up to the records; records of other names are none of the answer (RFC 1034, section 4.3.2).
fn follow<'a>(answers: &[ResourceRecord<'a>], asked: &WireName<'a>, record_type: RecordType) -> Found {
    let mut name = asked.clone();
    // Every alias is a record, so there are no more aliases than records, even if they lead in a circle.
    for _ in answers {
        let of_name = || answers.iter().filter(|record| record.class == CLASS::IN && record.name == name);
        if of_name().any(|record| record.rdata.type_code() == TYPE::from(record_type)) {
            break;
        }
        let Some(target) = of_name().find_map(|record| match &record.rdata {
            RData::CNAME(target) => Some(target.0.clone()),
            _ => None,
        }) else {
            break;
        };
        name = target;
    }
    let records = answers.iter().filter(|record| {
        record.class == CLASS::IN
            && record.name == name
            && record.rdata.type_code() == TYPE::from(record_type)
    });
    Found {
        records: records.filter_map(Record::read).collect(),
        canonical_name: (name != *asked).then(|| text(&name)),
    }
}
