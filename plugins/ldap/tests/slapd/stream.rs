use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream},
    sync::Arc,
    time::Duration,
};

use palisade_sdk::testing::{Stream, TcpError};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, StreamOwned};

/// What the host gives a read or a write as well.
const TIME: Duration = Duration::from_secs(30);

/// A stream to the server, in TLS from when the connector asks for it.
pub(crate) struct Socket {
    /// `None` after TLS could not begin.
    wire: Option<Wire>,
    host: String,
    tls: Arc<ClientConfig>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Socket {
    pub(crate) fn open(host: &str, port: u16, tls: Arc<ClientConfig>) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(TIME)).unwrap();
        stream.set_write_timeout(Some(TIME)).unwrap();
        Self { wire: Some(Wire::Plain(stream)), host: host.to_owned(), tls }
    }
}

impl Stream for Socket {
    fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        let written = match &mut self.wire {
            Some(Wire::Plain(stream)) => stream.write_all(bytes),
            Some(Wire::Tls(stream)) => stream.write_all(bytes).and_then(|()| stream.flush()),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        written.map_err(|error| TcpError::Unreachable(error.to_string()))
    }

    fn read(&mut self, max: u32) -> Result<Vec<u8>, TcpError> {
        let mut bytes = vec![0; max as usize];
        let count = match &mut self.wire {
            Some(Wire::Plain(stream)) => Read::read(stream, &mut bytes),
            Some(Wire::Tls(stream)) => stream.read(&mut bytes),
            None => Err(io::ErrorKind::NotConnected.into()),
        };
        bytes.truncate(count.map_err(|error| TcpError::Unreachable(error.to_string()))?);
        Ok(bytes)
    }

    fn start_tls(&mut self) -> Result<(), TcpError> {
        let Some(Wire::Plain(mut stream)) = self.wire.take() else {
            return Err(TcpError::Tls("the stream is not plain".into()));
        };
        let failed = |error: &dyn ToString| TcpError::Tls(error.to_string());
        let name = self.host.clone().try_into().map_err(|_| TcpError::Tls("no host name".into()))?;
        let mut connection =
            ClientConnection::new(Arc::clone(&self.tls), name).map_err(|error| failed(&error))?;
        connection.complete_io(&mut stream).map_err(|error| failed(&error))?;
        self.wire = Some(Wire::Tls(Box::new(StreamOwned::new(connection, stream))));
        Ok(())
    }
}
