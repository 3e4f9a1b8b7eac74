use palisade_sdk::Failure;
use serde_json::{Map, Value};

use super::{
    damaged,
    pages::{Pages, Source},
};

/// Levels of maps and lists within each other. The deepest of MaxMind's records have three.
const DEPTH: u32 = 32;
/// Values of one record, keys included. A pointer lets a small file claim very many; the largest of MaxMind's records have
/// some two hundred.
const VALUES: u32 = 4_096;
/// Bytes of all texts and bytes of one record.
const TEXT_BYTES: usize = 256 * 1024;

/// A part of the file that has values; pointers count from its start.
pub(super) struct Section<'a, S> {
    pub(super) pages: &'a Pages<S>,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl<S: Source> Section<'_, S> {
    /// The value at this place of the section, as JSON: bytes as hexadecimal digits, and an integer above 64 bits as the
    /// text of its decimal digits.
    pub(super) fn value(&self, offset: u64) -> Result<Value, Failure> {
        let mut decoder = Decoder { section: self, at: self.start, values: VALUES, text_bytes: TEXT_BYTES };
        decoder.go(offset)?;
        decoder.value(DEPTH)
    }
}

struct Decoder<'a, S> {
    section: &'a Section<'a, S>,
    /// The next byte's place in the file.
    at: u64,
    /// How many more values there may be.
    values: u32,
    /// How many more bytes of texts.
    text_bytes: usize,
}

/// What a control byte announces.
enum Field {
    /// The value is elsewhere in the section.
    Pointer(u64),
    /// A value of this type, with its size.
    Value(u8, usize),
}

impl<S: Source> Decoder<'_, S> {
    fn value(&mut self, depth: u32) -> Result<Value, Failure> {
        match self.field()? {
            Field::Value(kind, size) => self.of_type(kind, size, depth),
            Field::Pointer(offset) => {
                let behind = self.at;
                self.go(offset)?;
                let Field::Value(kind, size) = self.field()? else {
                    return Err(damaged("a pointer leads to a pointer"));
                };
                let value = self.of_type(kind, size, depth)?;
                self.at = behind;
                Ok(value)
            }
        }
    }

    /// Goes to this place of the section.
    fn go(&mut self, offset: u64) -> Result<(), Failure> {
        let at = self.section.start.checked_add(offset).filter(|at| *at < self.section.end);
        self.at = at.ok_or_else(|| damaged("it points behind its end"))?;
        Ok(())
    }

    fn field(&mut self) -> Result<Field, Failure> {
        self.values = self.values.checked_sub(1).ok_or_else(|| damaged("a record has too many values"))?;
        let [control] = self.take()?;
        let kind = match control >> 5 {
            1 => return self.pointer(control).map(Field::Pointer),
            // The extended types begin at 8.
            0 => match self.take()? {
                [extended @ 1..=8] => extended + 7,
                [_] => return Err(damaged("it has a value of no known type")),
            },
            kind => kind,
        };
        Ok(Field::Value(kind, self.size(control & 0x1f)?))
    }

    fn pointer(&mut self, control: u8) -> Result<u64, Failure> {
        let high = u64::from(control & 0x07);
        Ok(match control >> 3 & 0x03 {
            0 => high << 8 | self.number(1)?,
            1 => (high << 16 | self.number(2)?) + 2_048,
            2 => (high << 24 | self.number(3)?) + 526_336,
            _ => self.number(4)?,
        })
    }

    fn size(&mut self, size: u8) -> Result<usize, Failure> {
        Ok(match size {
            29 => 29 + self.number(1)? as usize,
            30 => 285 + self.number(2)? as usize,
            31 => 65_821 + self.number(3)? as usize,
            size => size.into(),
        })
    }

    fn of_type(&mut self, kind: u8, size: usize, depth: u32) -> Result<Value, Failure> {
        let deeper = || depth.checked_sub(1).ok_or_else(|| damaged("a record is nested too deeply"));
        Ok(match (kind, size) {
            (2, _) => self.text(size)?.into(),
            (3, 8) => f64::from_be_bytes(self.take()?).into(),
            (4, _) => self.bytes(size)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into(),
            (5, 0..=2) | (6, 0..=4) | (9, 0..=8) => (self.integer(size)? as u64).into(),
            (7, _) => self.map(size, deeper()?)?.into(),
            // A negative one has all its four bytes.
            (8, 0..=4) => (self.integer(size)? as u32 as i32).into(),
            (10, 0..=16) => {
                let number = self.integer(size)?;
                u64::try_from(number).map_or_else(|_| number.to_string().into(), Value::from)
            }
            (11, _) => self.list(size, deeper()?)?.into(),
            (14, 0 | 1) => (size == 1).into(),
            (15, 4) => f32::from_be_bytes(self.take()?).into(),
            _ => return Err(damaged(&format!("it has a value of type {kind} with the size {size}"))),
        })
    }

    /// Nothing is set aside for what the size claims: each value must be there first.
    fn map(&mut self, size: usize, depth: u32) -> Result<Map<String, Value>, Failure> {
        let mut map = Map::new();
        for _ in 0..size {
            let Value::String(key) = self.value(depth)? else {
                return Err(damaged("a key is not a text"));
            };
            map.insert(key, self.value(depth)?);
        }
        Ok(map)
    }

    fn list(&mut self, size: usize, depth: u32) -> Result<Vec<Value>, Failure> {
        (0..size).map(|_| self.value(depth)).collect()
    }

    fn text(&mut self, size: usize) -> Result<String, Failure> {
        String::from_utf8(self.bytes(size)?).map_err(|_| damaged("a text is not UTF-8"))
    }

    fn bytes(&mut self, size: usize) -> Result<Vec<u8>, Failure> {
        let left = self.text_bytes.checked_sub(size);
        self.text_bytes = left.ok_or_else(|| damaged("a record has too long texts"))?;
        let mut bytes = vec![0; size];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// An unsigned integer of so many bytes.
    fn integer(&mut self, size: usize) -> Result<u128, Failure> {
        let mut bytes = [0; 16];
        self.fill(&mut bytes[16 - size..])?;
        Ok(u128::from_be_bytes(bytes))
    }

    /// An unsigned integer of at most eight bytes.
    fn number(&mut self, size: usize) -> Result<u64, Failure> {
        Ok(self.integer(size)? as u64)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Failure> {
        let end = self.at + buffer.len() as u64;
        if end > self.section.end {
            return Err(damaged("a value is longer than the file"));
        }
        self.section.pages.fill(self.at, buffer)?;
        self.at = end;
        Ok(())
    }
}
