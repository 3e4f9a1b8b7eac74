use base64::{Engine, prelude::BASE64_STANDARD};
use palisade_sdk::{Failure, connector::Call, tcp::TcpStream};

use crate::{
    Configuration,
    address::Address,
    configuration::Security,
    reply::{self, LINE_BYTES_MAX, LINES_MAX, Reply},
};

/// How much one read asks for, in bytes.
const READ_BYTES: u32 = 4096;

/// A dialogue with a mail server, which has begun: private if it is to be, and authenticated if there is a user.
pub(crate) struct Session {
    stream: TcpStream,
    /// What the server has sent and nobody has read.
    rest: Vec<u8>,
    /// What the server says it can, a keyword and its parameters each.
    extensions: Vec<String>,
}

impl Session {
    pub(crate) fn open(call: &Call<Configuration>) -> Result<Self, Failure> {
        let configuration = &call.configuration;
        let (host, port) = configuration.server()?;
        let (credentials, name) = (configuration.credentials()?, configuration.client_name()?);

        let stream = call.tcp().connect(host, port)?;
        let mut session = Self { stream, rest: Vec::new(), extensions: Vec::new() };
        if configuration.security == Security::Tls {
            session.stream.start_tls()?;
        }
        let greeting = session.read()?;
        if !greeting.is_positive() {
            return Err(greeting.failure("the connection"));
        }
        session.hello(&name)?;
        if configuration.security == Security::StartTls {
            session.start_tls()?;
            session.hello(&name)?;
        }
        if let Some((user, password)) = credentials {
            session.authenticate(user, password)?;
        }
        Ok(session)
    }

    /// Hands a message over: to all recipients, or to none.
    pub(crate) fn deliver(
        &mut self,
        sender: &Address,
        recipients: &[Address],
        message: &str,
    ) -> Result<Reply, Failure> {
        let size = message.len();
        let mut from = format!("MAIL FROM:<{sender}>");
        if let Some(most) = self.extension("SIZE") {
            // No number, or zero, is no limit (RFC 1870 section 4).
            if most.parse().is_ok_and(|most: usize| most > 0 && most < size) {
                return Err(Failure::invalid(format!(
                    "the email has {size} bytes, and the server takes at most {most}"
                )));
            }
            from.push_str(&format!(" SIZE={size}"));
        }
        self.ask(&from, &format!("the sender {sender}"))?;
        for recipient in recipients {
            // Leaving now, before any text, the server delivers to nobody.
            self.ask(&format!("RCPT TO:<{recipient}>"), &format!("the recipient {recipient}"))?;
        }
        let ready = self.command("DATA")?;
        if ready.code != 354 {
            return Err(ready.failure("to take the email"));
        }
        let reply = self.command(&format!("{}.", stuffed(message)))?;
        if reply.is_positive() { Ok(reply) } else { Err(reply.failure("the email")) }
    }

    /// Ends the dialogue. Nobody waits for the answer: what was to be done is done.
    ///
    /// After a failure the stream is just closed, because a command without an answer would make the host doubt whether
    /// anything was sent.
    pub(crate) fn quit(self) {
        // The server ends the session all the same.
        let _ = self.stream.write(b"QUIT\r\n");
    }

    fn hello(&mut self, name: &str) -> Result<(), Failure> {
        let reply = self.ask(&format!("EHLO {name}"), "to speak with the connector")?;
        // The first line is a greeting.
        self.extensions = reply.lines.into_iter().skip(1).collect();
        Ok(())
    }

    fn start_tls(&mut self) -> Result<(), Failure> {
        if self.extension("STARTTLS").is_none() {
            return Err(Failure::Unavailable(
                "the server offers no STARTTLS, and nothing is sent without TLS".to_owned(),
            ));
        }
        self.ask("STARTTLS", "TLS")?;
        // What came along with the reply was sent in the clear, by anyone: it must not pass for the server's.
        if !self.rest.is_empty() {
            return Err(Failure::Unavailable("the server sent more before TLS began".to_owned()));
        }
        self.stream.start_tls()
    }

    /// By `PLAIN` (RFC 4616), or by `LOGIN` where there is nothing else (draft-murchison-sasl-login).
    fn authenticate(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        let offered = self.extension("AUTH").unwrap_or_default().to_owned();
        let offers = |name: &str| offered.split_whitespace().any(|word| word.eq_ignore_ascii_case(name));
        let reply = if offers("PLAIN") {
            let token = BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
            self.command(&format!("AUTH PLAIN {token}"))?
        } else if offers("LOGIN") {
            let mut reply = self.command("AUTH LOGIN")?;
            for word in [user, password] {
                if reply.code != 334 {
                    break;
                }
                reply = self.command(&BASE64_STANDARD.encode(word))?;
            }
            reply
        } else {
            return Err(Failure::Authentication(format!(
                "the server offers neither PLAIN nor LOGIN, but {}",
                if offered.is_empty() { "no authentication" } else { &offered }
            )));
        };
        if reply.code == 235 { Ok(()) } else { Err(reply.failure("the user and password")) }
    }

    /// The parameters of an extension, if the server has it.
    fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find_map(|line| {
            let (keyword, parameters) = line.split_once(' ').unwrap_or((line, ""));
            keyword.eq_ignore_ascii_case(name).then_some(parameters)
        })
    }

    /// Sends a command that has to succeed.
    fn ask(&mut self, command: &str, what: &str) -> Result<Reply, Failure> {
        let reply = self.command(command)?;
        // 3 asks for more, which none of these commands has.
        if (200..300).contains(&reply.code) { Ok(reply) } else { Err(reply.failure(what)) }
    }

    fn command(&mut self, command: &str) -> Result<Reply, Failure> {
        self.stream.write(format!("{command}\r\n").as_bytes())?;
        self.read()
    }

    fn read(&mut self) -> Result<Reply, Failure> {
        let mut lines = Vec::new();
        loop {
            let bytes = self.read_line()?;
            let (code, last, text) = reply::line(&bytes)
                .ok_or_else(|| Failure::upstream("the server answers with something that is no SMTP"))?;
            lines.push(text);
            if last {
                return Ok(Reply { code, lines });
            }
            if lines.len() == LINES_MAX {
                return Err(Failure::upstream(format!("the server's reply has more than {LINES_MAX} lines")));
            }
        }
    }

    fn read_line(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.rest.drain(..=end).collect();
                line.pop();
                return Ok(line);
            }
            if self.rest.len() > LINE_BYTES_MAX {
                return Err(Failure::upstream(format!(
                    "a line of the server has more than {LINE_BYTES_MAX} bytes"
                )));
            }
            let bytes = self.stream.read(READ_BYTES)?;
            if bytes.is_empty() {
                return Err(Failure::Unavailable("the server ended the connection".to_owned()));
            }
            self.rest.extend(bytes);
        }
    }
}

/// A line that begins with a dot gets another, because a dot alone ends the message (RFC 5321 section 4.5.2).
fn stuffed(message: &str) -> String {
    let inside = message.replace("\r\n.", "\r\n..");
    if inside.starts_with('.') { format!(".{inside}") } else { inside }
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn no_line_ends_the_message_early() {
        assert_eq!(stuffed(".\r\n.\r\n..a\r\n"), "..\r\n..\r\n...a\r\n");
    }
}
