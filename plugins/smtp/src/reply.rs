use palisade_sdk::{Failure, UpstreamError};

/// How many lines a reply may have; a server with every extension has about twenty.
pub(crate) const LINES_MAX: usize = 100;

/// How long a line may be, in bytes. RFC 5321 section 4.5.3.1.5 has 512; some servers write more.
pub(crate) const LINE_BYTES_MAX: usize = 2048;

/// How much of a server's words a failure keeps, in characters.
const WORDS_CHARS_MAX: usize = 300;

/// A server's reply (RFC 5321 section 4.2).
#[derive(Debug)]
pub(crate) struct Reply {
    /// From 200 to 599.
    pub(crate) code: u16,
    /// The text of each line.
    pub(crate) lines: Vec<String>,
}

/// One line of a reply: its code, whether it is the last one, and its text.
pub(crate) fn line(bytes: &[u8]) -> Option<(u16, bool, String)> {
    let text = String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(bytes)).into_owned();
    let code = text.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    let last = match text.as_bytes().get(3) {
        None | Some(b' ') => true,
        Some(b'-') => false,
        Some(_) => return None,
    };
    (200..600).contains(&code).then(|| (code, last, text.get(4..).unwrap_or_default().to_owned()))
}

impl Reply {
    pub(crate) fn is_positive(&self) -> bool {
        self.code < 400
    }

    /// The code and the words, in one line of bounded length.
    pub(crate) fn words(&self) -> String {
        let words = self.lines.join(" ");
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{} {}", self.code, words.chars().take(WORDS_CHARS_MAX).collect::<String>())
    }

    /// The failure that a refusal of `what` is. RFC 5321 section 4.2.1: codes that begin with 4 may be tried again
    /// later, and codes that begin with 5 not.
    pub(crate) fn failure(&self, what: &str) -> Failure {
        let message = format!("the server refuses {what}: {}", self.words());
        match self.code {
            // RFC 4954 section 6.
            530 | 534 | 535 | 538 => Failure::Authentication(message),
            400..500 => Failure::Unavailable(message),
            _ => Failure::Upstream(UpstreamError { http_status: None, message }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_nonsense_is_not() {
        assert_eq!(line(b"250-SIZE 1000\r"), Some((250, false, "SIZE 1000".into())));
        assert_eq!(line(b"250\r"), Some((250, true, String::new())));
        assert_eq!(line(b"250 \xff"), Some((250, true, "\u{fffd}".into())));
        for nonsense in [
            &b""[..],
            b"25",
            b"+25 x",
            b"2500 x",
            b"HTTP/1.1 400",
            b"100 x",
            b"600 x",
            "2\u{fc} x".as_bytes(),
        ] {
            assert_eq!(line(nonsense), None, "{nonsense:?}");
        }
    }
}
