//! Sending alerts: the same few lines for the host and the floor, so that both are measured by the same stick.

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::Failed;

/// Where alerts are sent.
#[derive(Clone)]
pub(crate) struct Ingest {
    pub(crate) address: String,
    pub(crate) path: String,
}

/// One connection that alerts are sent over.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) async fn post(&mut self, ingest: &Ingest, body: &str) -> Result<(), Failed> {
        let length = body.len();
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}",
            ingest.path, ingest.address,
        );
        self.request(&request).await.map(drop)
    }

    pub(crate) async fn request(&mut self, request: &str) -> Result<Vec<u8>, Failed> {
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
            Err(format!("{}: {}", status.trim(), String::from_utf8_lossy(&body)).into())
        }
    }
}
