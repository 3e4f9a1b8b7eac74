//! Requests to a server: the same few lines for the host and the floor, so that both are measured by the same stick.

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::Failed;

/// Where requests are sent.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) address: String,
    pub(crate) path: String,
    /// What the sender shows; empty if nothing is asked for.
    pub(crate) token: String,
}

/// One connection that requests are sent over, one after the other.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) async fn get(&mut self, endpoint: &Endpoint) -> Result<Vec<u8>, Failed> {
        self.exchange("GET", endpoint, "").await
    }

    pub(crate) async fn post(&mut self, endpoint: &Endpoint, body: &str) -> Result<Vec<u8>, Failed> {
        self.exchange("POST", endpoint, body).await
    }

    /// Sends a request with a JSON body and returns that of the answer, which must tell of a success.
    pub(crate) async fn exchange(
        &mut self,
        method: &str,
        endpoint: &Endpoint,
        body: &str,
    ) -> Result<Vec<u8>, Failed> {
        let Endpoint { address, path, token } = endpoint;
        let token =
            if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{token}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}",
        );
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let mut status = String::new();
        self.0.read_line(&mut status).await?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        if status.starts_with("HTTP/1.1 2") {
            Ok(body)
        } else {
            Err(format!("{method} {path}: {}: {}", status.trim(), String::from_utf8_lossy(&body)).into())
        }
    }
}
