//! Acme's mail server: submission with STARTTLS on port 587, and with TLS from the beginning on port 465.
//!
//! Source: RFC 5321, RFC 3207 (STARTTLS), RFC 4954 (AUTH), RFC 8314. It takes messages from one authenticated user, for
//! the people of Acme, and is strict where servers on the internet are lenient.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::faults::FaultKind;
use crate::limits::{MAILS, PATIENCE, REQUEST_BODY_BYTES, SMTP_LINE_BYTES, SMTP_RECIPIENTS};
use crate::world::World;
use crate::{Entry, System, story};

/// A message that the server took.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// Who sends it, by its envelope.
    pub from: String,
    /// Whom it goes to, by its envelope.
    pub recipients: Vec<String>,
    /// Header and body, lines ended by CR LF.
    pub text: String,
}

/// What the server took, oldest first.
#[derive(Default)]
pub(crate) struct Smtp {
    mails: Mutex<Vec<Mail>>,
}

impl Smtp {
    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, mail: Mail) -> &'static str {
        let mut mails = self.lock();
        if mails.len() >= MAILS {
            return "452 4.3.1 Insufficient system storage";
        }
        mails.push(mail);
        "250 2.0.0 Ok: queued as 4fLab1"
    }
}

/// When a connection becomes private.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    StartTls,
    Tls,
}

/// Serves one connection.
pub(crate) async fn serve(stream: TcpStream, port: Port, acceptor: TlsAcceptor, world: Arc<World>) {
    // A client that breaks off has nothing to complain about.
    let _ = serve_or_break(stream, port, &acceptor, &world).await;
}

async fn serve_or_break(
    stream: TcpStream,
    port: Port,
    acceptor: &TlsAcceptor,
    world: &World,
) -> Result<(), Broken> {
    let stream = match port {
        Port::Tls => stream,
        Port::StartTls => {
            let mut plain = Dialogue::new(stream);
            plain.say(GREETING).await?;
            if !plain.until_tls().await? {
                return Ok(());
            }
            // What came along with STARTTLS is dropped with the buffer, as RFC 3207 section 4.2 has it.
            plain.stream.into_inner()
        }
    };
    let handshake = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await;
    let mut dialogue = Dialogue::new(handshake.map_err(|_| Broken)?.map_err(|_| Broken)?);
    if port == Port::Tls {
        dialogue.say(GREETING).await?;
    }
    let reset = dialogue.until_quit(world).await?;
    if reset {
        // Closing with linger zero is how TCP sends a reset.
        let _ = dialogue.stream.get_ref().get_ref().0.set_zero_linger();
    }
    Ok(())
}

/// The connection ended, or the client said what nobody understands.
struct Broken;

impl From<std::io::Error> for Broken {
    fn from(_: std::io::Error) -> Self {
        Self
    }
}

const GREETING: &str = "220 mail.acme.example ESMTP";

struct Dialogue<S> {
    stream: BufReader<S>,
    greeted: bool,
    authenticated: bool,
    from: Option<String>,
    recipients: Vec<String>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<S> {
    fn new(stream: S) -> Self {
        let stream = BufReader::new(stream);
        Self { stream, greeted: false, authenticated: false, from: None, recipients: Vec::new() }
    }

    async fn say(&mut self, line: &str) -> Result<(), Broken> {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
        Ok(self.stream.flush().await?)
    }

    /// One line, which RFC 5321 section 2.3.8 has end with CR LF and nothing else.
    async fn line(&mut self, bytes_max: u64) -> Result<String, Broken> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(bytes_max);
        tokio::time::timeout(PATIENCE, limited.read_until(b'\n', &mut line)).await.map_err(|_| Broken)??;
        let line = line.strip_suffix(b"\r\n").ok_or(Broken)?;
        String::from_utf8(line.to_vec()).map_err(|_| Broken)
    }

    async fn command(&mut self) -> Result<(String, String), Broken> {
        let line = self.line(SMTP_LINE_BYTES).await?;
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        Ok((verb.to_ascii_uppercase(), rest.to_owned()))
    }

    /// Up to STARTTLS, or to the end; says whether TLS is next.
    async fn until_tls(&mut self) -> Result<bool, Broken> {
        loop {
            let (verb, rest) = self.command().await?;
            match verb.as_str() {
                "EHLO" if !rest.is_empty() => {
                    self.greeted = true;
                    self.say("250-mail.acme.example\r\n250-8BITMIME\r\n250 STARTTLS").await?;
                }
                "STARTTLS" if self.greeted && rest.is_empty() => {
                    self.say("220 2.0.0 Ready to start TLS").await?;
                    return Ok(true);
                }
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    return Ok(false);
                }
                "NOOP" | "RSET" => self.say("250 2.0.0 Ok").await?,
                "AUTH" | "MAIL" | "RCPT" | "DATA" => {
                    self.say("530 5.7.0 Must issue a STARTTLS command first").await?;
                }
                _ => self.say("500 5.5.2 Error: command not recognized").await?,
            }
        }
    }

    /// Up to the end; says whether a fault wants the connection reset.
    async fn until_quit(&mut self, world: &World) -> Result<bool, Broken> {
        loop {
            let (verb, rest) = self.command().await?;
            match verb.as_str() {
                "EHLO" if !rest.is_empty() => {
                    self.greeted = true;
                    let size = REQUEST_BODY_BYTES;
                    let extensions = format!("250-8BITMIME\r\n250-SIZE {size}\r\n250 AUTH PLAIN LOGIN");
                    self.say(&format!("250-mail.acme.example\r\n{extensions}")).await?;
                }
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    return Ok(false);
                }
                "NOOP" => self.say("250 2.0.0 Ok").await?,
                "RSET" => {
                    (self.from, self.recipients) = (None, Vec::new());
                    self.say("250 2.0.0 Ok").await?;
                }
                _ if !self.greeted => self.say("503 5.5.1 Error: send EHLO first").await?,
                "AUTH" if !self.authenticated => self.authenticate(&rest).await?,
                "MAIL" | "RCPT" | "DATA" if !self.authenticated => {
                    self.say("530 5.7.0 Authentication required").await?;
                }
                "MAIL" => {
                    let reply = self.mail(&rest);
                    self.say(reply).await?;
                }
                "RCPT" => {
                    let reply = self.recipient(&rest);
                    self.say(reply).await?;
                }
                "DATA" if self.recipients.is_empty() => {
                    self.say("503 5.5.1 Error: need RCPT command").await?;
                }
                "DATA" => {
                    if self.data(world).await? {
                        return Ok(true);
                    }
                }
                _ => self.say("500 5.5.2 Error: command not recognized").await?,
            }
        }
    }

    async fn authenticate(&mut self, rest: &str) -> Result<(), Broken> {
        let decoded = |text: &str| {
            let bytes = BASE64_STANDARD.decode(text).ok()?;
            String::from_utf8(bytes).ok()
        };
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let pair = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let token = if initial.is_empty() {
                    self.say("334 ").await?;
                    self.line(SMTP_LINE_BYTES).await?
                } else {
                    initial.to_owned()
                };
                let parts = decoded(&token);
                parts.and_then(|parts| {
                    let mut parts = parts.splitn(3, '\0').skip(1).map(str::to_owned);
                    Some((parts.next()?, parts.next()?))
                })
            }
            "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = decoded(&self.line(SMTP_LINE_BYTES).await?);
                self.say("334 UGFzc3dvcmQ6").await?;
                let password = decoded(&self.line(SMTP_LINE_BYTES).await?);
                user.zip(password)
            }
            _ => return self.say("504 5.5.4 Unrecognized authentication type").await,
        };
        let right = (story::MAIL_USER.to_owned(), story::MAIL_PASSWORD.to_owned());
        match pair {
            None => self.say("501 5.5.2 Cannot decode the response").await,
            Some(pair) if pair == right => {
                self.authenticated = true;
                self.say("235 2.7.0 Authentication successful").await
            }
            Some(_) => self.say("535 5.7.8 Error: authentication failed").await,
        }
    }

    fn mail(&mut self, rest: &str) -> &'static str {
        let Some((address, parameters)) = path(rest, "FROM:") else {
            return "501 5.5.4 Syntax: MAIL FROM:<address>";
        };
        for parameter in parameters.split_whitespace() {
            match parameter.split_once('=') {
                Some(("SIZE", size)) => match size.parse::<usize>() {
                    Ok(size) if size > REQUEST_BODY_BYTES => {
                        return "552 5.3.4 Message size exceeds fixed limit";
                    }
                    Ok(_) => {}
                    Err(_) => return "501 5.5.4 Bad SIZE",
                },
                Some(("BODY", "7BIT" | "8BITMIME")) => {}
                _ => return "555 5.5.4 Unsupported option",
            }
        }
        if self.from.is_some() {
            return "503 5.5.1 Error: nested MAIL command";
        }
        if address != story::MAIL_USER {
            return "553 5.7.1 Sender address rejected: not owned by user";
        }
        self.from = Some(address.to_owned());
        "250 2.1.0 Ok"
    }

    fn recipient(&mut self, rest: &str) -> &'static str {
        let Some((address, "")) = path(rest, "TO:") else {
            return "501 5.5.4 Syntax: RCPT TO:<address>";
        };
        let Some((local, domain)) = address.rsplit_once('@') else {
            return "501 5.1.3 Bad recipient address syntax";
        };
        match (self.from.is_some(), local, domain) {
            (false, ..) => "503 5.5.1 Error: need MAIL command",
            _ if self.recipients.len() >= SMTP_RECIPIENTS => "452 4.5.3 Error: too many recipients",
            (_, "nobody", _) => "550 5.1.1 User unknown in local recipient table",
            (_, "full", _) => "452 4.2.2 Mailbox full",
            (_, _, "acme.example") => {
                self.recipients.push(address.to_owned());
                "250 2.1.5 Ok"
            }
            _ => "554 5.7.1 Relay access denied",
        }
    }

    /// Takes the message; says whether a fault wants the connection reset.
    async fn data(&mut self, world: &World) -> Result<bool, Broken> {
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let mut text = String::new();
        loop {
            // RFC 5321 section 4.5.3.1.6: 1000 with its end, and a dot for transparency.
            let line = self.line(1001).await?;
            if line == "." {
                break;
            }
            if text.len() + line.len() > REQUEST_BODY_BYTES {
                return Err(Broken);
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        let from = self.from.take().unwrap_or_default();
        let mail = Mail { from, recipients: std::mem::take(&mut self.recipients), text };
        tokio::time::sleep(world.latency(System::Smtp)).await;

        let mut entry = Entry::of_mail(&mail);
        let fault = world.faults.strike(System::Smtp, &entry.path);
        entry.fault = fault.is_some();
        let takes = matches!(
            fault,
            None | Some(FaultKind::Slow { .. } | FaultKind::ResetAfterEffect | FaultKind::HangAfterEffect)
        );
        let reply = match takes {
            true if !is_message(&mail.text) => "554 5.6.0 Message is not RFC 5322 compliant",
            true => world.smtp.keep(mail),
            false => "",
        };
        let tells = matches!(fault, None | Some(FaultKind::Slow { .. }));
        entry.status = if tells { reply.get(..3).and_then(|code| code.parse().ok()) } else { None };
        world.ledger.record(entry);
        match fault {
            Some(FaultKind::ResetBeforeResponse | FaultKind::ResetAfterEffect) => return Ok(true),
            Some(FaultKind::Hang | FaultKind::HangAfterEffect) => std::future::pending().await,
            Some(FaultKind::Garbage) => self.say("\u{fffd}\u{9f}<html>").await?,
            Some(FaultKind::Huge { bytes }) => {
                let mut spaces = tokio::io::repeat(b' ').take(bytes);
                tokio::io::copy(&mut spaces, &mut self.stream).await?;
            }
            Some(FaultKind::Slow { ms }) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                self.say(reply).await?;
            }
            // Arming the fault has refused the others for SMTP.
            _ => self.say(reply).await?,
        }
        Ok(false)
    }
}

/// The address in `FROM:<address>` or `TO:<address>`, and what follows it.
fn path<'a>(text: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let named = text.get(..keyword.len())?.eq_ignore_ascii_case(keyword);
    let (address, rest) = text.get(keyword.len()..)?.strip_prefix('<')?.split_once('>')?;
    let plain = !address.is_empty() && !address.contains(['<', ' ', '\r', '\n']);
    (named && plain).then_some((address, rest.trim_start()))
}

/// Whether its header has every field that RFC 5322 section 3.6 wants, and none of them twice.
fn is_message(text: &str) -> bool {
    let Some((header, _)) = text.split_once("\r\n\r\n") else { return false };
    let count = |name: &str| {
        let fields = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        fields.filter(|line| line.split(':').next().is_some_and(|it| it.eq_ignore_ascii_case(name))).count()
    };
    ["date", "from", "message-id"].iter().all(|name| count(name) == 1)
        && ["to", "cc", "subject"].iter().all(|name| count(name) <= 1)
}
