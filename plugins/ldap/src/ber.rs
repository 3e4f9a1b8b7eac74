//! The Basic Encoding Rules (X.690) as far as LDAP allows them (RFC 4511, section 5.1): definite lengths only. All of
//! its tags fit into one byte.
//!
//! A reader goes one level down where it is told to, so no answer can make it recurse.

use palisade_sdk::Failure;

/// Universal tags (X.690, section 8).
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The bits of the first byte that announce a tag of more bytes.
const LONG_TAG: u8 = 0x1f;

/// Bytes of a length that is not in the first byte; four are enough for 4 GiB.
const LENGTH_BYTES_MAX: usize = 4;

/// What came is not encoded as LDAP wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Self {
        Self::upstream("the server's answer is no LDAP message")
    }
}

/// One element: tag, length and content.
pub(crate) fn element(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let content = content.as_ref();
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length @ 0..0x80) => bytes.push(length),
        _ => {
            let length = content.len().to_be_bytes();
            let length: Vec<_> = length.into_iter().skip_while(|byte| *byte == 0).collect();
            bytes.push(0x80 | length.len() as u8);
            bytes.extend(length);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// One element made of others.
pub(crate) fn group(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, parts.concat())
}

pub(crate) fn octets(content: impl AsRef<[u8]>) -> Vec<u8> {
    element(OCTETS, content)
}

pub(crate) fn integer(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    // A first bit would make it negative.
    let sign = if bytes[first] >= 0x80 { &[0][..] } else { &[] };
    element(INTEGER, [sign, &bytes[first..]].concat())
}

pub(crate) fn enumerated(value: u8) -> Vec<u8> {
    element(ENUMERATED, [value])
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    element(BOOLEAN, [if value { 0xff } else { 0 }])
}

/// Length of the first element, its head included; nothing as long as not all of its head is here.
pub(crate) fn first_length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let [tag, length, rest @ ..] = bytes else { return Ok(None) };
    if tag & LONG_TAG == LONG_TAG {
        return Err(Malformed);
    }
    let count = usize::from(length & 0x7f);
    match length {
        0..0x80 => Ok(Some(2 + count)),
        // 0x80 announces a length that is only known at the end.
        0x80 => Err(Malformed),
        _ if count > LENGTH_BYTES_MAX => Err(Malformed),
        _ => {
            let Some(length) = rest.get(..count) else { return Ok(None) };
            let length = length.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
            let head = 2 + count;
            usize::try_from(length)
                .ok()
                .and_then(|length| length.checked_add(head))
                .map(Some)
                .ok_or(Malformed)
        }
    }
}

/// Reads elements one after the other.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Tag and content of the next element.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let length = first_length(self.rest)?.filter(|length| *length <= self.rest.len()).ok_or(Malformed)?;
        let (element, rest) = self.rest.split_at(length);
        self.rest = rest;
        let head = match element[1] {
            0..0x80 => 2,
            long => 2 + usize::from(long & 0x7f),
        };
        Ok((element[0], &element[head..]))
    }

    /// Content of the next element, which must have this tag.
    pub(crate) fn content(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        self.optional(tag)?.ok_or(Malformed)
    }

    /// Content of the next element, if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.rest.first() != Some(&tag) {
            return Ok(None);
        }
        self.any().map(|(_, content)| Some(content))
    }

    /// What stands in the next element, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Result<Self, Malformed> {
        self.content(tag).map(Self::new)
    }

    pub(crate) fn text(&mut self, tag: u8) -> Result<String, Malformed> {
        self.content(tag).map(|content| String::from_utf8_lossy(content).into_owned())
    }

    /// A number that is not negative, which holds for all that LDAP has.
    pub(crate) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let content = self.content(tag)?;
        match content.first() {
            None | Some(0x80..) => Err(Malformed),
            _ => content.iter().try_fold(0_u32, |number, byte| {
                number
                    .checked_mul(0x100)
                    .and_then(|number| number.checked_add(u32::from(*byte)))
                    .ok_or(Malformed)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (number, bytes) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (u32::MAX, &[2, 5, 0, 255, 255, 255, 255]),
        ] {
            assert_eq!(integer(number), bytes);
            assert_eq!(Reader::new(bytes).number(INTEGER), Ok(number));
        }
        for length in [0, 127, 128, 255, 256, 70_000] {
            let bytes = octets(vec![7; length]);
            assert_eq!(first_length(&bytes), Ok(Some(bytes.len())));
            assert_eq!(Reader::new(&bytes).content(OCTETS).map(<[u8]>::len), Ok(length));
        }
        // Active Directory writes every length of a message in four bytes.
        assert_eq!(Reader::new(&[4, 0x84, 0, 0, 0, 1, 9]).content(OCTETS), Ok(&[9][..]));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        let read = |bytes: &[u8]| Reader::new(bytes).any().map(|_| ());
        for bytes in [
            &[][..],
            &[4],
            &[4, 1],
            &[4, 0x81],
            &[0x30, 0x80, 0, 0],
            &[0x1f, 1, 1],
            &[4, 0x85, 0, 0, 0, 0, 1, 9],
            &[4, 0x84, 255, 255, 255, 255],
        ] {
            assert_eq!(read(bytes), Err(Malformed), "{bytes:?}");
        }
        for bytes in [&[2, 0][..], &[2, 1, 0x80], &[2, 5, 1, 0, 0, 0, 0], &[4, 1, 1]] {
            assert_eq!(Reader::new(bytes).number(INTEGER), Err(Malformed), "{bytes:?}");
        }
    }
}
