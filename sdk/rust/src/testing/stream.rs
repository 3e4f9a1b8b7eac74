use std::{
    collections::VecDeque,
    fmt,
    io::{self, Read, Write},
    net::TcpStream,
    rc::Rc,
};

use super::exchange::Turn;
use crate::bindings::connector::palisade::plugin::tcp::Error;

/// The other end of a TCP stream that a connector opened: a script, or a system that really runs.
pub trait Stream {
    /// Takes all of these bytes.
    ///
    /// # Errors
    ///
    /// What the connector is to be told.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error>;

    /// Gives at least one byte and at most `max`, or none at the end of the stream.
    ///
    /// # Errors
    ///
    /// What the connector is to be told.
    fn read(&mut self, max: u32) -> Result<Vec<u8>, Error>;

    /// Turns the stream into TLS.
    ///
    /// # Errors
    ///
    /// What the connector is to be told.
    fn start_tls(&mut self) -> Result<(), Error>;
}

/// A plain stream to a system that really runs; it has no TLS.
impl Stream for TcpStream {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.write_all(bytes).map_err(broken)
    }

    fn read(&mut self, max: u32) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; max as usize];
        let count = Read::read(self, &mut bytes).map_err(broken)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn start_tls(&mut self) -> Result<(), Error> {
        Err(Error::Tls("this stream has no TLS".into()))
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn broken(error: io::Error) -> Error {
    Error::Unreachable(error.to_string())
}

/// Opens streams to systems that really run.
#[derive(Clone)]
pub(super) struct Dial(Rc<DialFn>);

type DialFn = dyn Fn(&str, u16) -> Result<Box<dyn Stream>, Error>;

impl Dial {
    pub(super) fn new(dial: impl Fn(&str, u16) -> Result<Box<dyn Stream>, Error> + 'static) -> Self {
        Self(Rc::new(dial))
    }

    pub(super) fn open(&self, host: &str, port: u16) -> Result<Box<dyn Stream>, Error> {
        self.0(host, port)
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Dial")
    }
}

/// The turns of a [`Conversation`](super::Conversation) that are left.
pub(super) struct Script(pub(super) VecDeque<Turn>);

impl Script {
    /// A turn ends when everything of it was sent and read, and something else begins.
    fn end_turn(&mut self) {
        self.0.pop_front_if(
            |turn| matches!(turn, Turn::Talk { sends, answer } if sends.is_empty() && answer.is_empty()),
        );
    }
}

impl Stream for Script {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.end_turn();
        match self.0.front_mut() {
            Some(Turn::Talk { sends, .. }) if sends.starts_with(bytes) => sends.drain(..bytes.len()),
            turn => panic!("the wrong bytes: {:?}, at {turn:?}", String::from_utf8_lossy(bytes)),
        };
        Ok(())
    }

    fn read(&mut self, max: u32) -> Result<Vec<u8>, Error> {
        let last = self.0.len() == 1;
        match self.0.front_mut() {
            Some(Turn::Talk { sends, answer }) if sends.is_empty() && (last || !answer.is_empty()) => {
                let count = answer.len().min(max as usize);
                Ok(answer.drain(..count).collect())
            }
            turn => panic!("a read when it was not the server's turn, at {turn:?}"),
        }
    }

    fn start_tls(&mut self) -> Result<(), Error> {
        self.end_turn();
        match self.0.pop_front() {
            Some(Turn::Tls) => Ok(()),
            turn => panic!("TLS that is not in the script, at {turn:?}"),
        }
    }
}
