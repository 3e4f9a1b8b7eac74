//! The WHOIS protocol (RFC 3912): one line to port 43, text back. Nobody has agreed on the form of the text.

use palisade_sdk::{Failure, connector::Call};

use crate::Configuration;

/// Where WHOIS servers listen.
pub(crate) const PORT: u16 = 43;

/// How much text a server may answer with, in bytes; the longest are under 10 KB.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// How registries say that they have nothing.
const NOTHING: [&str; 9] = [
    "no match",
    "not found",
    "no entries found",
    "no data found",
    "no object found",
    "nothing found",
    "status: free",
    "status: available",
    "is available for",
];

/// An answer, as lines of `key: value`.
pub(crate) struct Text {
    /// Server that gave it.
    pub(crate) server: String,
    pub(crate) raw: String,
    /// Keys in lower case; within a section they begin with its title.
    fields: Vec<(String, String)>,
}

/// The server that is responsible for a top-level domain or an address, by the word of the first server.
pub(crate) fn referral(call: &Call<Configuration>, object: &str) -> Result<String, Failure> {
    let answer = ask(call, &call.configuration.whois_server, object)?;
    answer.first(&["refer", "whois"]).ok_or_else(|| {
        Failure::not_found(format!("{} knows no registry for `{object}`", call.configuration.whois_server))
    })
}

/// Asks one server, given as `host` or `host:port`.
pub(crate) fn ask(call: &Call<Configuration>, server: &str, object: &str) -> Result<Text, Failure> {
    let (host, port) = match server.rsplit_once(':') {
        Some((host, port)) => {
            let port =
                port.parse().map_err(|_| Failure::invalid(format!("`{server}` is no WHOIS server")))?;
            (host, port)
        }
        None => (server, PORT),
    };
    let stream = call.tcp().connect(host, port)?;
    stream.write(format!("{object}\r\n").as_bytes())?;
    let raw = stream.read_to_end(ANSWER_BYTES_MAX)?;
    Ok(Text::parse(server, &String::from_utf8_lossy(&raw)))
}

impl Text {
    fn parse(server: &str, raw: &str) -> Self {
        Self { server: server.to_owned(), raw: raw.to_owned(), fields: fields(raw) }
    }

    /// The first value of the first of these keys that has one.
    pub(crate) fn first(&self, keys: &[&str]) -> Option<String> {
        self.all(keys).into_iter().next()
    }

    /// All values of these keys, in the order of the keys.
    pub(crate) fn all(&self, keys: &[&str]) -> Vec<String> {
        let of =
            |key| self.fields.iter().filter(move |(field, _)| field == key).map(|(_, value)| value.clone());
        keys.iter().flat_map(|key| of(*key)).collect()
    }

    /// Whether the server says that it has nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        let raw = self.raw.to_ascii_lowercase();
        let raw = raw.split_whitespace().collect::<Vec<_>>().join(" ");
        NOTHING.iter().any(|words| raw.contains(words))
            && self.first(&["registrar", "nserver", "inetnum"]).is_none()
    }
}

/// Most registries write `key: value`. Some write sections: a title, and below it, indented, keys or bare values.
fn fields(raw: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut section: Option<String> = None;
    let mut section_has_keys = false;
    for line in raw.lines().filter(|line| !line.starts_with(['%', '#'])) {
        let indented = line.starts_with([' ', '\t']);
        let text = line.trim();
        if text.is_empty() {
            section = None;
            continue;
        }
        match (text.split_once(':'), &section) {
            (Some((key, value)), section) => {
                let key = key.trim().to_ascii_lowercase();
                let key = match section {
                    Some(title) if indented => format!("{title} {key}"),
                    _ => key,
                };
                section_has_keys = true;
                fields.push((key, value.trim().to_owned()));
            }
            // The rest of a value, such as an address, is not told from a bare value but by what stands before.
            (None, Some(title)) if indented && !section_has_keys => {
                fields.push((title.clone(), text.to_owned()));
            }
            (None, _) if !indented => {
                section = Some(text.to_ascii_lowercase());
                section_has_keys = false;
            }
            (None, _) => {}
        }
    }
    fields.retain(|(key, value)| !key.is_empty() && !value.is_empty());
    fields
}
